// Cuts a Jinja template into text, output and statements, with white space control as Ansible sets it:
// trim_blocks on (the line feed behind a statement goes), lstrip_blocks off.
import { type LexOptions, type Token, tokenize } from './lexer.ts';
import { SyntaxProblem } from './source.ts';

export type Segment =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output' | 'statement'; readonly tokens: readonly Token[]; readonly start: number };

const markPattern = /\{\{|\{%|\{#/g;
const rawPattern = /\{%[-+]?\s*raw\s*([-+]?)%\}/y;
const endRawPattern = /\{%([-+]?)\s*endraw\s*([-+]?)%\}/g;

/** Whether a text holds anything that a template evaluates. */
export function isTemplate(text: string): boolean {
  return /\{\{|\{%|\{#/.test(text);
}

/** Throws SyntaxProblem. */
export function segments(source: string, backslashes: LexOptions['backslashes']): readonly Segment[] {
  return new TemplateLexer(source, backslashes).run();
}

class TemplateLexer {
  readonly #source: string;
  readonly #backslashes: LexOptions['backslashes'];
  readonly #segments: Segment[] = [];
  #offset = 0;
  /** The text that follows loses its leading white space. */
  #stripsNext = false;

  constructor(source: string, backslashes: LexOptions['backslashes']) {
    this.#source = source;
    this.#backslashes = backslashes;
  }

  run(): readonly Segment[] {
    for (;;) {
      markPattern.lastIndex = this.#offset;
      const match = markPattern.exec(this.#source);
      const start = match?.index ?? this.#source.length;
      this.#text(this.#source.slice(this.#offset, start), this.#source[start + 2] === '-' && match !== null);
      if (!match) return this.#segments;
      this.#offset = start;
      if (match[0] === '{#') this.#comment();
      else if (match[0] === '{{') this.#output();
      else this.#statement();
    }
  }

  #text(written: string, stripsEnd: boolean): void {
    let text = this.#stripsNext ? written.trimStart() : written;
    this.#stripsNext = false;
    if (stripsEnd) text = text.trimEnd();
    if (text !== '') this.#segments.push({ kind: 'text', text });
  }

  #comment(): void {
    const end = this.#source.indexOf('#}', this.#offset + 2);
    if (end === -1) throw new SyntaxProblem("the comment is never closed with '#}'", this.#offset, this.#offset + 2);
    const sign = this.#source[end - 1];
    this.#offset = end + 2;
    this.#after(end - 1 > this.#offset - 2 ? '' : sign === '-' || sign === '+' ? sign : '', true);
  }

  #output(): void {
    const start = this.#offset;
    const { tokens, end, closeSign } = this.#tokens('}}');
    if (tokens.length === 1) throw new SyntaxProblem('there is nothing to print', start, end);
    this.#segments.push({ kind: 'output', tokens, start });
    this.#offset = end;
    this.#after(closeSign, false);
  }

  #statement(): void {
    const start = this.#offset;
    rawPattern.lastIndex = start;
    const raw = rawPattern.exec(this.#source);
    if (raw) {
      this.#raw(start, raw[0].length, raw[1] ?? '');
      return;
    }
    const { tokens, end, closeSign } = this.#tokens('%}');
    this.#segments.push({ kind: 'statement', tokens, start });
    this.#offset = end;
    this.#after(closeSign, true);
  }

  #raw(start: number, length: number, sign: string): void {
    endRawPattern.lastIndex = start + length;
    const close = endRawPattern.exec(this.#source);
    if (!close) throw new SyntaxProblem("'raw' is never closed with '{% endraw %}'", start, start + length);
    this.#offset = start + length;
    this.#after(sign, true);
    this.#text(this.#source.slice(this.#offset, close.index), close[1] === '-');
    this.#offset = close.index + close[0].length;
    this.#after(close[2] ?? '', true);
  }

  #tokens(close: '}}' | '%}'): ReturnType<typeof tokenize> {
    const sign = this.#source[this.#offset + 2];
    const start = this.#offset + (sign === '-' || sign === '+' ? 3 : 2);
    return tokenize(this.#source, { start, close, backslashes: close === '}}' ? this.#backslashes : 'python' });
  }

  /** What a closing mark does to the text behind it. */
  #after(sign: string, isBlock: boolean): void {
    if (sign === '-') this.#stripsNext = true;
    else if (isBlock && sign !== '+') {
      if (this.#source.startsWith('\n', this.#offset)) this.#offset += 1;
      else if (this.#source.startsWith('\r\n', this.#offset)) this.#offset += 2;
    }
  }
}
