// Text of one or several configuration files -> one tree of values that knows where each of them was written.
// YAML, or JSON, which YAML's parser reads when it is some. What the values mean is judged later (read.ts).
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type YAMLParseError,
} from 'yaml';
import type { Diagnostic, Position } from '../../../lib/diagnostic.ts';
import { jsonProblem } from '../../../lib/json-problem.ts';
import { isRecord, Places, putEntry } from './places.ts';
import { type Environment, interpolate } from './variables.ts';

/** One file. */
export interface Source {
  readonly file: string;
  readonly text: string;
}

export interface ConfigTree {
  readonly root: Record<string, unknown>;
  readonly places: Places;
  readonly diagnostics: Diagnostic[];
  /** Texts by the name that positions have, for showing lines. */
  readonly texts: Map<string, string>;
  /** No part of it could be read. */
  readonly broken: boolean;
}

export function readTree(sources: readonly Source[], environment: Environment): ConfigTree {
  const places = new Places({ file: sources[0]?.file ?? '', line: 1, column: 1 });
  const diagnostics: Diagnostic[] = [];
  const root: Record<string, unknown> = {};
  let broken = false;
  for (const source of sources) {
    const reader = new FileReader(source, places, environment, diagnostics);
    const value = reader.read();
    if (value === undefined) broken = true;
    else merge(root, value, places, diagnostics);
  }
  return { root, places, diagnostics, texts: new Map(sources.map(({ file, text }) => [file, text])), broken };
}

/** A tree of values that no file holds (any more); all of it is at `name`. */
export function treeOf(root: Record<string, unknown>, name: string): ConfigTree {
  const places = new Places({ file: name, line: 1, column: 1 });
  return { root, places, diagnostics: [], texts: new Map(), broken: false };
}

/** Lists are joined, mappings filled up; the same value in two files would leave open which one holds. */
function merge(
  into: Record<string, unknown>,
  from: Record<string, unknown>,
  places: Places,
  diagnostics: Diagnostic[],
): void {
  for (const [key, value] of Object.entries(from)) {
    const known = into[key];
    const place = places.get(from, key);
    const first = places.get(into, key);
    if (known === undefined) {
      putEntry(into, key, value);
      places.copy(from, key, into, key);
    } else if (Array.isArray(known) && Array.isArray(value)) {
      value.forEach((item: unknown, index) => {
        places.copy(value, index, known, known.length);
        known.push(item);
      });
    } else if (isRecord(known) && isRecord(value)) {
      merge(known, value, places, diagnostics);
    } else if (place) {
      diagnostics.push({
        severity: 'error',
        code: 'duplicate-key',
        message: `\`${key}\` is set in another file too`,
        where: place.key,
        length: key.length,
        ...(first && { hint: `The other one is at ${showPosition(first.key)}; keep one of them.` }),
      });
    }
  }
}

export function showPosition({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`;
}

/** Reads one file. */
class FileReader {
  readonly #source: Source;
  readonly #places: Places;
  readonly #environment: Environment;
  readonly #diagnostics: Diagnostic[];
  readonly #lines = new LineCounter();
  readonly #document: Document;

  constructor(source: Source, places: Places, environment: Environment, diagnostics: Diagnostic[]) {
    this.#source = source;
    this.#places = places;
    this.#environment = environment;
    this.#diagnostics = diagnostics;
    this.#document = parseDocument(source.text, { lineCounter: this.#lines, uniqueKeys: true, prettyErrors: false });
  }

  /** Undefined if it is no mapping. */
  read(): Record<string, unknown> | undefined {
    const document = this.#document;
    const broken = this.#source.file.endsWith('.json') ? jsonProblem(this.#source.text) : undefined;
    if (broken) {
      this.#report('bad-json', broken.message, broken.offset, jsonHint);
      return undefined;
    }
    for (const error of document.errors) this.#reportYaml(error);
    if (document.errors.length > 0 || !this.#isBounded()) return undefined;
    const value = document.contents === null ? {} : this.#valueOf(document.contents);
    if (isRecord(value)) return value;
    this.#report('bad-type', 'the file must be a mapping: `frontends:`, `backends:`, ...', 0);
    return undefined;
  }

  #reportYaml({ code, message, pos: [offset] }: Pick<YAMLParseError, 'code' | 'message' | 'pos'>): void {
    if (code !== 'DUPLICATE_KEY') {
      this.#report('bad-yaml', message, offset, yamlHint);
      return;
    }
    const [, key = ''] = /^["']?([^"':\s]*)/.exec(this.#source.text.slice(offset)) ?? [];
    this.#report('duplicate-key', `\`${key}\` is set twice here`, offset, 'Keep one of them.', key.length);
  }

  /** Aliases of aliases can stand for more than any memory holds. */
  #isBounded(): boolean {
    try {
      this.#document.toJS({ maxAliasCount: 100 });
      return true;
    } catch (error) {
      this.#report('bad-yaml', error instanceof Error ? error.message : 'the aliases cannot be resolved', 0);
      return false;
    }
  }

  #valueOf(node: unknown): unknown {
    if (isAlias(node)) return this.#valueOf(node.resolve(this.#document));
    if (isScalar(node))
      return typeof node.value === 'string' ? this.#text(node.value, node.range?.[0] ?? 0) : node.value;
    if (isSeq(node)) {
      const list: unknown[] = [];
      node.items.forEach((item, index) => {
        list.push(this.#valueOf(item));
        this.#place(list, index, item, item);
      });
      return list;
    }
    if (!isMap(node)) return null;
    const record: Record<string, unknown> = {};
    for (const pair of node.items) {
      if (!isPair(pair)) continue;
      const key = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
      putEntry(record, key, this.#valueOf(pair.value));
      this.#place(record, key, pair.key, pair.value ?? pair.key);
    }
    return record;
  }

  #text(text: string, offset: number): string {
    const { text: filled, missing } = interpolate(text, this.#environment);
    for (const { name, written, hint } of missing) {
      const at = this.#source.text.indexOf(written, offset);
      const message = `the variable \`${name}\` is not set`;
      this.#report('unset-variable', message, at < 0 ? offset : at, hint, written.length);
    }
    return filled;
  }

  #place(container: object, key: string | number, keyNode: unknown, valueNode: unknown): void {
    const target = isAlias(valueNode) ? valueNode.resolve(this.#document) : valueNode;
    const isText = isScalar(target) && typeof target.value === 'string' && target.value.includes('${');
    const place = { key: this.#at(startOf(keyNode)), value: this.#at(startOf(valueNode)) };
    this.#places.set(container, key, isText ? { ...place, fromText: true } : place);
  }

  #at(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#source.file, line: Math.max(1, line), column: Math.max(1, col) };
  }

  #report(code: string, message: string, offset: number, hint?: string, length = 1): void {
    const where = this.#at(offset);
    this.#diagnostics.push({ severity: 'error', code, message, where, length, ...(hint !== undefined && { hint }) });
  }
}

const jsonHint = 'A file whose name ends with .yml may have comments, and needs fewer quotes.';
const yamlHint = 'Mind the indentation, and quote values that contain ": " or begin with a special character.';

function startOf(node: unknown): number {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)
    ? Number(node.range[0])
    : 0;
}
