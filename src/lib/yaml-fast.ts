// Reads the YAML that people write for machines like this one, many times faster than the full parser: block maps and
// lists, texts on one line, block texts, flow collections on one line. At anything else, above all at every mistake,
// it gives up, and yaml.ts reads the file with the full parser. What it accepts it reads exactly as that one does.
import { Bail, flowValue, type Scanner } from './yaml-fast-flow.ts';
import { blockText } from './yaml-fast-block.ts';
import type { Diagnostic, Position } from './diagnostic.ts';
import type { YamlEntry, YamlMap, YamlNode } from './yaml-node.ts';

export interface FastYaml {
  readonly root: YamlNode;
  readonly diagnostics: readonly Diagnostic[];
}

/** Tabs, carriage returns and what cannot be printed are left to the full parser. */
// eslint-disable-next-line no-control-regex -- that is what it looks for
const unusual = /[\t\r\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff]/;

/** Null where the full parser is needed. */
export function parseFastYaml(text: string, file: string): FastYaml | null {
  if (unusual.test(text)) return null;
  try {
    return new FastParser(text, file).run();
  } catch (error) {
    // Deep nesting overflows here first; the full parser has its own way to say so.
    if (error instanceof Bail || error instanceof RangeError) return null;
    throw error;
  }
}

const dash = 45;
const space = 32;
const hash = 35;

class FastParser implements Scanner {
  readonly text: string;
  readonly file: string;
  readonly diagnostics: Diagnostic[] = [];
  /** Number of the line at hand, from 1, and where it begins and ends. */
  line = 0;
  lineStart = 0;
  lineEnd = -1;
  /** Column (from 0) of its first character; -1 at the end of the text. */
  indent = -1;

  constructor(text: string, file: string) {
    this.text = text;
    this.file = file;
  }

  run(): FastYaml {
    this.#next();
    if (this.indent === 0 && this.#rest(0) === '---') this.#next();
    if (this.indent === -1) throw new Bail();
    const root = this.#block();
    if (this.indent !== -1) throw new Bail();
    return { root, diagnostics: this.diagnostics };
  }

  at(offset: number): Position {
    return { file: this.file, line: this.line, column: offset - this.lineStart + 1 };
  }

  /** Goes to the next line that holds something. */
  #next(): void {
    const { text } = this;
    for (;;) {
      const start = this.lineEnd + 1;
      if (start >= text.length) {
        this.indent = -1;
        return;
      }
      const end = text.indexOf('\n', start);
      this.line += 1;
      this.lineStart = start;
      this.lineEnd = end === -1 ? text.length : end;
      let at = start;
      while (text.charCodeAt(at) === space) at += 1;
      if (at >= this.lineEnd || text.charCodeAt(at) === hash) continue;
      this.indent = at - start;
      if (this.indent === 0 && this.line > 1 && /[-.%]/.test(text.charAt(at))) this.#refuseMarkers(at);
      return;
    }
  }

  /** `---` and `...` begin and end documents, `%` a directive. */
  #refuseMarkers(at: number): void {
    const mark = this.text.slice(at, at + 3);
    const first = this.text.slice(0, at).search(/^[^#\n]/m) === -1;
    if (mark.startsWith('%') || mark === '...' || (mark === '---' && !first)) throw new Bail();
  }

  #rest(from: number): string {
    return this.text.slice(this.lineStart + from, this.lineEnd).trimEnd();
  }

  #isItem(offset: number): boolean {
    if (this.text.charCodeAt(offset) !== dash) return false;
    const after = this.text.charCodeAt(offset + 1);
    return after === space || offset + 1 >= this.lineEnd;
  }

  /** What begins at the first character of the line at hand. */
  #block(): YamlNode {
    const offset = this.lineStart + this.indent;
    return this.#isItem(offset) ? this.#list(this.indent) : this.#map(this.indent, offset);
  }

  #list(indent: number): YamlNode {
    const first = this.lineStart + indent;
    const where = this.at(first);
    const length = this.#lengthOfLine(first);
    const items: YamlNode[] = [];
    while (this.indent === indent && this.#isItem(this.lineStart + indent)) {
      const offset = this.#skipSpaces(this.lineStart + indent + 1);
      if (this.#isEmpty(offset)) {
        items.push(this.#below(indent, offset, false));
      } else if (this.#isItem(offset)) {
        throw new Bail();
      } else if (!/[[{]/.test(this.text.charAt(offset)) && this.#keyEnd(offset) !== -1) {
        items.push(this.#map(offset - this.lineStart, offset));
      } else {
        items.push(this.#inline(offset, indent, undefined));
      }
    }
    if (this.indent > indent) throw new Bail();
    return { kind: 'list', where, length, items };
  }

  /** A map whose keys begin in column `indent`, the first of them at `offset`. */
  #map(indent: number, offset: number): YamlMap {
    const where = this.at(offset);
    const length = this.#lengthOfLine(offset);
    const entries = new Map<string, YamlEntry>();
    let start = offset;
    for (;;) {
      const colon = this.#keyEnd(start);
      if (colon === -1) throw new Bail();
      const key = this.#key(start, colon);
      // Merges, and keys that are given twice, are told by the full parser.
      if (key === '<<' || entries.has(key)) throw new Bail();
      const keyWhere = this.at(start);
      const value = this.#skipSpaces(colon + 1);
      const node = this.#isEmpty(value) ? this.#below(indent, value, true) : this.#inline(value, indent, key);
      entries.set(key, { key, where: keyWhere, value: node });
      if (this.indent !== indent) break;
      start = this.lineStart + indent;
      if (this.#isItem(start)) break;
    }
    if (this.indent > indent) throw new Bail();
    return { kind: 'map', where, length, entries };
  }

  /** The value that stands below its key or dash, or nothing; `offset` is behind that on its line. */
  #below(indent: number, offset: number, isMap: boolean): YamlNode {
    const where = this.at(offset);
    this.#next();
    if (this.indent > indent) return this.#block();
    if (isMap && this.indent === indent && this.#isItem(this.lineStart + indent)) return this.#list(indent);
    return { kind: 'scalar', value: null, where, length: 1, textWhere: where };
  }

  /** A value that begins on the line of its key or dash; leaves the next line at hand. */
  #inline(offset: number, indent: number, key: string | undefined): YamlNode {
    const character = this.text.charAt(offset);
    if (character === '|' || character === '>') return this.#blockText(offset, indent);
    const { node, end } = flowValue(this, offset, key, null);
    if (!this.#isEmpty(this.#skipSpaces(end)) || this.text.charCodeAt(end) === hash) throw new Bail();
    this.#next();
    if (this.indent > indent) throw new Bail();
    return node;
  }

  #blockText(offset: number, indent: number): YamlNode {
    const where = this.at(offset);
    const block = blockText(this.text, offset, this.lineEnd, indent);
    const lines = block.blankLines + 1;
    const textWhere = { file: this.file, line: this.line + lines, column: block.indent + 1 };
    this.line += block.lines;
    this.lineEnd = block.end;
    this.#next();
    if (this.indent > indent) throw new Bail();
    return { kind: 'scalar', value: block.value, where, length: 1, textWhere };
  }

  #skipSpaces(offset: number): number {
    let at = offset;
    while (this.text.charCodeAt(at) === space) at += 1;
    return at;
  }

  /** Nothing but a comment follows. */
  #isEmpty(offset: number): boolean {
    return offset >= this.lineEnd || this.text.charCodeAt(offset) === hash;
  }

  #lengthOfLine(offset: number): number {
    return this.text.slice(offset, this.lineEnd).trimEnd().length;
  }

  /** Offset of the colon behind the key that begins at `start`; -1 where there is none. */
  #keyEnd(start: number): number {
    const quote = this.text.charAt(start);
    if (quote === '"' || quote === "'") {
      const end = this.text.indexOf(quote, start + 1);
      if (end === -1 || end >= this.lineEnd) return -1;
      const after = this.text.charCodeAt(end + 2);
      return this.text[end + 1] === ':' && (after === space || end + 2 >= this.lineEnd) ? end + 1 : -1;
    }
    for (let at = this.text.indexOf(':', start); at !== -1 && at < this.lineEnd; at = this.text.indexOf(':', at + 1)) {
      if (at + 1 >= this.lineEnd || this.text.charCodeAt(at + 1) === space) return at;
    }
    return -1;
  }

  #key(start: number, colon: number): string {
    const text = this.text.slice(start, colon);
    if (/^["']/.test(text)) {
      const inner = text.slice(1, -1);
      if (inner.includes('\\') || inner.includes(text.charAt(0))) throw new Bail();
      return inner;
    }
    // Indicators, comments, and white space before the colon.
    if (!/^[^\s\-?:,[\]{}#&*!|>'"%@`](?:[^#]*[^\s#])?$|^-[^\s#]+$/.test(text)) throw new Bail();
    if (/^(?:~|[Nn]ull|NULL)$/.test(text)) throw new Bail();
    return text;
  }
}
