// Reads YAML into data with the place of every part. All mistakes of a file at once, none thrown.
// Values are those of YAML 1.2, except where Ansible's YAML 1.1 differs and users rely on it (`yes`); traps are named.
import { LineCounter, isAlias, isMap, isPair, isScalar, isSeq, parseAllDocuments } from 'yaml';
import type { Alias, Node, Scalar, YAMLMap } from 'yaml';
import type { Diagnostic, Position } from './diagnostic.ts';
import { VezaError } from './errors.ts';
import { limits } from './limits.ts';
import { isEncrypted } from './vault/envelope.ts';
import { scalarValue } from './yaml-scalar.ts';
import { parseFastYaml } from './yaml-fast.ts';
import { syntaxDiagnostics } from './yaml-errors.ts';
import type { YamlEntry, YamlMap, YamlNode, YamlScalar } from './yaml-node.ts';

export interface YamlResult {
  /** `null` where the file is not YAML; an empty file is a scalar `null`. */
  readonly root: YamlNode | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** Decrypts a value that is written with the tag `!vault`. Throws VezaError. */
export type Reveal = (encrypted: string, where: Position) => string;

/** Reads the text of one file. Without `reveal`, encrypted values can be read but not used. */
export function parseYaml(text: string, file: string, reveal?: Reveal): YamlResult {
  return parseFastYaml(text, file) ?? parseFullYaml(text, file, reveal);
}

/** As parseYaml, always with the full parser. */
export function parseFullYaml(text: string, file: string, reveal?: Reveal): YamlResult {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const documents = 'empty' in parsed ? [] : parsed;
  const reader = new Reader(text, file, lines, reveal);
  const errors = documents.flatMap((document) => document.errors);
  if (errors.length > 0) {
    return { root: null, diagnostics: syntaxDiagnostics(errors, text, (offset) => reader.at(offset)) };
  }
  const [first, second] = documents;
  if (second) {
    const where = reader.at(second.contents?.range[0] ?? second.range[0]);
    const hint = 'Put it into a file of its own, or remove the `---` line.';
    reader.report({
      severity: 'error',
      code: 'yaml-documents',
      message: 'a second document in one file',
      where,
      hint,
    });
  }
  const root = first?.contents ? reader.node(first.contents) : reader.empty(0);
  const failed = reader.diagnostics.some((diagnostic) => diagnostic.severity === 'error');
  return { root: failed && reader.broken ? null : root, diagnostics: reader.diagnostics };
}

const vaultTags: ReadonlySet<string> = new Set(['!vault', '!vault-encrypted']);

/** Turns the parser's nodes into ours; lives for one file. */
class Reader {
  readonly diagnostics: Diagnostic[] = [];
  /** The data cannot be trusted: something was left out. */
  broken = false;
  readonly #text: string;
  readonly #file: string;
  readonly #lines: LineCounter;
  readonly #anchors = new Map<string, YamlNode>();
  readonly #reveal: Reveal | undefined;
  #nodes = 0;

  constructor(text: string, file: string, lines: LineCounter, reveal: Reveal | undefined) {
    this.#reveal = reveal;
    this.#text = text;
    this.#file = file;
    this.#lines = lines;
  }

  at(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#file, line: Math.max(1, line), column: Math.max(1, col) };
  }

  report(diagnostic: Diagnostic): void {
    this.diagnostics.push(diagnostic);
  }

  empty(offset: number): YamlScalar {
    const where = this.at(offset);
    return { kind: 'scalar', value: null, where, length: 1, textWhere: where };
  }

  node(node: Node, key?: string): YamlNode {
    this.#nodes += 1;
    this.#checkTag(node);
    const made = this.#make(node, key);
    if ('anchor' in node && node.anchor) this.#anchors.set(node.anchor, made);
    return made;
  }

  #make(node: Node, key: string | undefined): YamlNode {
    if (isAlias(node)) return this.#alias(node);
    if (isScalar(node)) return this.#scalar(node, key);
    const [start = 0, end = start] = node.range ?? [];
    const where = this.at(start);
    const length = this.#lengthOfLine(start, end, node.flow === true);
    if (isSeq(node)) {
      const items = node.items.map((item) => (isNode(item) ? this.node(item) : this.empty(start)));
      return { kind: 'list', where, length, items };
    }
    if (isMap(node)) return { kind: 'map', where, length, entries: this.#entries(node) };
    return this.empty(start);
  }

  /** Of a collection, what is on its first line. */
  #lengthOfLine(start: number, end: number, isFlow: boolean): number {
    const lineEnd = this.#text.indexOf('\n', start);
    const stop = lineEnd === -1 ? this.#text.length : lineEnd;
    return Math.max(1, this.#text.slice(start, isFlow ? Math.min(end, stop) : stop).trimEnd().length);
  }

  #entries(map: YAMLMap): Map<string, YamlEntry> {
    const entries = new Map<string, YamlEntry>();
    const merges: YamlMap[] = [];
    for (const pair of map.items) {
      const name = this.#key(pair.key, map);
      if (!name) continue;
      const value = isNode(pair.value) ? this.node(pair.value, name.key) : this.empty(name.end);
      if (name.merges) {
        merges.push(...this.#merged(value));
        continue;
      }
      const earlier = entries.get(name.key);
      if (earlier) {
        this.#fail(name.where, 'duplicate-key', `"${name.key}" is given twice in one map`, name.key.length, {
          hint: `Remove one; the other is on line ${earlier.where.line}.`,
        });
        continue;
      }
      entries.set(name.key, { key: name.key, where: name.where, value });
    }
    // The first map that has a key gives it; the map's own keys win over all.
    for (const merged of merges) {
      for (const [key, entry] of merged.entries) if (!entries.has(key)) entries.set(key, entry);
    }
    return entries;
  }

  #key(key: unknown, map: YAMLMap): { key: string; where: Position; end: number; merges: boolean } | null {
    const start = (isNode(key) ? key.range?.[0] : undefined) ?? map.range?.[0] ?? 0;
    const where = this.at(start);
    const resolved = isAlias(key) ? this.#alias(key) : null;
    if (resolved?.kind === 'scalar' && typeof resolved.value === 'string') {
      return { key: resolved.value, where, end: start, merges: false };
    }
    if (isScalar(key) && key.value !== null) {
      const text = typeof key.value === 'string' ? key.value : (key.source ?? JSON.stringify(key.value));
      return { key: text, where, end: key.range?.[1] ?? start, merges: text === '<<' && key.type === 'PLAIN' };
    }
    const templated = this.#text.startsWith('{', start) && this.#text.slice(Math.max(0, start - 1), start + 1) === '{{';
    if (templated) {
      this.#fail(
        { ...where, column: where.column - 1 },
        'unquoted-template',
        'a value that begins with "{{" is not quoted',
        2,
        {
          hint: 'Put quotes around the whole value: "{{ ... }}".',
        },
      );
    } else {
      this.#fail(where, 'yaml-key', isScalar(key) ? 'a key is missing before ":"' : 'a key must be text', 1, {});
    }
    return null;
  }

  #merged(value: YamlNode): YamlMap[] {
    if (value.kind === 'map') return [value];
    if (value.kind === 'list' && value.items.every((item) => item.kind === 'map')) return [...value.items];
    this.#fail(value.where, 'yaml-merge', '"<<" merges maps only', value.length, {
      hint: 'Write <<: *name, where &name marks a map.',
    });
    return [];
  }

  #alias(node: Alias): YamlNode {
    const start = node.range?.[0] ?? 0;
    const target = this.#anchors.get(node.source);
    if (!target) {
      const message = `nothing before this place is marked &${node.source}`;
      this.#fail(this.at(start), 'yaml-alias', message, node.source.length + 1, {
        hint: 'Quote a text that begins with "*".',
      });
      return this.empty(start);
    }
    // Copies are shared, but whoever walks the data walks each: bound what a few lines can stand for.
    this.#nodes += this.#nodes > limits.yamlNodes ? 0 : countNodes(target, limits.yamlNodes);
    if (this.#nodes > limits.yamlNodes) {
      const told = this.diagnostics.some(({ code }) => code === 'yaml-too-large');
      if (!told)
        this.#fail(
          this.at(start),
          'yaml-too-large',
          `aliases make this file more than ${limits.yamlNodes} values`,
          1,
          {},
        );
      return this.empty(start);
    }
    return target;
  }

  #scalar(node: Scalar, key: string | undefined): YamlScalar {
    const [start = 0, end = start] = node.range ?? [];
    const where = this.at(start);
    const length = node.type?.startsWith('BLOCK') ? 1 : Math.max(1, end - start);
    const textWhere = this.#textWhere(node, start, where);
    if (node.tag?.startsWith('!')) return this.#tagged(node, { where, length, textWhere });
    const { value, diagnostic } = scalarValue(node, key);
    if (diagnostic) this.report({ ...diagnostic, where, length });
    return { kind: 'scalar', value, where, length, textWhere };
  }

  /** `!vault` and `!unsafe` are texts whatever they look like. */
  #tagged(node: Scalar, place: Pick<YamlScalar, 'where' | 'length' | 'textWhere'>): YamlScalar {
    const value = typeof node.value === 'string' ? node.value : (node.source ?? '');
    if (!vaultTags.has(node.tag ?? '')) return { kind: 'scalar', value, verbatim: true, ...place };
    const { where } = place;
    if (!isEncrypted(value.trimStart())) {
      const hint = 'Below `!vault |` comes what `veza-run vault encrypt-string` prints.';
      this.#fail(where, 'vault-damaged', 'the value of !vault is not encrypted', place.length, { hint });
    }
    const reveal = this.#reveal;
    return {
      kind: 'scalar',
      value,
      ...place,
      reveal: () => {
        if (reveal) return reveal(value, where);
        throw new VezaError('vault-no-password', 'encrypted values cannot be used here', { where });
      },
    };
  }

  #textWhere(node: Scalar, start: number, where: Position): Position {
    if (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE') return { ...where, column: where.column + 1 };
    if (!node.type?.startsWith('BLOCK')) return where;
    const rest = /[^\n]*\n(?:[ \t]*\r?\n)*( *)/y;
    rest.lastIndex = start;
    const match = rest.exec(this.#text);
    return match ? this.at(start + match[0].length) : where;
  }

  #checkTag(node: Node): void {
    const tag = isAlias(node) ? undefined : node.tag;
    if (tag === undefined || !/^!|^tag:yaml\.org,2002:(?!(?:str|int|float|bool|null|map|seq)$)/.test(tag)) return;
    const special = tag === '!unsafe' || vaultTags.has(tag);
    if (special && isScalar(node)) return;
    const hint = special ? 'Only text can have it.' : 'Remove it.';
    const shown = tag.replace('tag:yaml.org,2002:', '!!');
    this.#fail(this.at(node.range?.[0] ?? 0), 'unsupported-tag', `the tag ${shown} is not supported`, 1, { hint });
  }

  #fail(where: Position, code: string, message: string, length: number, more: { readonly hint?: string }): void {
    if (code !== 'duplicate-key') this.broken = true;
    this.report({ severity: 'error', code, message, where, length, ...more });
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !isPair(value);
}

function countNodes(node: YamlNode, limit: number): number {
  let count = 0;
  const open: YamlNode[] = [node];
  for (let next = open.pop(); next && count <= limit; next = open.pop()) {
    count += 1;
    if (next.kind === 'list') open.push(...next.items);
    else if (next.kind === 'map') for (const entry of next.entries.values()) open.push(entry.value);
  }
  return count;
}
