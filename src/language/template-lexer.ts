// Cuts a Jinja template into text, output and statements, with white space control as Jinja has it.
import { type LexOptions, type Token, tokenize } from './lexer.ts';
import { SyntaxProblem } from './source.ts';
import { defaultOptions, type TemplateOptions } from './template-options.ts';

export type Segment =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output' | 'statement'; readonly tokens: readonly Token[]; readonly start: number };

/** Whether a text holds anything that a template evaluates. */
export function isTemplate(text: string): boolean {
  return /\{\{|\{%|\{#/.test(text);
}

/** Throws SyntaxProblem. `start` is where the template begins in the source. */
export function segments(
  source: string,
  backslashes: LexOptions['backslashes'],
  options: TemplateOptions = defaultOptions,
  start = 0,
): readonly Segment[] {
  return new TemplateLexer(source, backslashes, options, start).run();
}

class TemplateLexer {
  readonly #source: string;
  readonly #backslashes: LexOptions['backslashes'];
  readonly #options: TemplateOptions;
  readonly #marks: RegExp;
  readonly #rawBegin: RegExp;
  readonly #rawEnd: RegExp;
  readonly #segments: Segment[] = [];
  #offset: number;
  /** The text that follows loses its leading white space. */
  #stripsNext = false;

  constructor(source: string, backslashes: LexOptions['backslashes'], options: TemplateOptions, start: number) {
    this.#source = options.keep_trailing_newline ? source : source.replace(/(?:\r\n|\r|\n)$/, '');
    this.#backslashes = backslashes;
    this.#options = options;
    this.#offset = Math.min(start, this.#source.length);
    const { variable_start_string: variable, block_start_string: block, comment_start_string: comment } = options;
    // The longest first: one mark may begin with another.
    const marks = [variable, block, comment].sort((left, right) => right.length - left.length).map(escapeRegex);
    this.#marks = new RegExp(marks.join('|'), 'g');
    const [open, close] = [escapeRegex(block), escapeRegex(options.block_end_string)];
    this.#rawBegin = new RegExp(`${open}([-+]?)\\s*raw\\s*([-+]?)${close}`, 'y');
    this.#rawEnd = new RegExp(`${open}([-+]?)\\s*endraw\\s*([-+]?)${close}`, 'g');
  }

  run(): readonly Segment[] {
    for (;;) {
      this.#marks.lastIndex = this.#offset;
      const match = this.#marks.exec(this.#source);
      const start = match?.index ?? this.#source.length;
      const mark = match?.[0] ?? '';
      const sign = match ? (this.#source[start + mark.length] ?? '') : '';
      this.#text(start, sign, match !== null && mark !== this.#options.variable_start_string);
      if (!match) return this.#segments;
      this.#offset = start;
      if (mark === this.#options.comment_start_string) this.#comment();
      else if (mark === this.#options.variable_start_string) this.#output();
      else this.#statement();
    }
  }

  /** The text up to `end`, where something with this sign begins: `-` takes the white space before it. */
  #text(end: number, sign: string, isBlock: boolean): void {
    let text = this.#source.slice(this.#offset, end);
    if (isBlock && sign !== '-' && sign !== '+' && this.#options.lstrip_blocks) text = this.#withoutIndent(text);
    if (this.#stripsNext) text = text.trimStart();
    this.#stripsNext = false;
    if (sign === '-') text = text.trimEnd();
    if (text === '') return;
    const { newline_sequence: newline } = this.#options;
    this.#segments.push({ kind: 'text', text: text.replaceAll(/\r\n|\r|\n/g, newline) });
  }

  #withoutIndent(text: string): string {
    const lineStart = text.lastIndexOf('\n') + 1;
    const before = this.#source[this.#offset - 1];
    const beginsLine = lineStart > 0 || this.#offset === 0 || before === '\n';
    return beginsLine && text.slice(lineStart).trim() === '' ? text.slice(0, lineStart) : text;
  }

  #comment(): void {
    const { comment_start_string: open, comment_end_string: close } = this.#options;
    const behind = this.#offset + open.length;
    const end = this.#source.indexOf(close, behind);
    if (end === -1) throw new SyntaxProblem(`the comment is never closed with '${close}'`, this.#offset, behind);
    const sign = end > behind ? (this.#source[end - 1] ?? '') : '';
    this.#offset = end + close.length;
    this.#after(sign, true);
  }

  #output(): void {
    const start = this.#offset;
    const { variable_start_string: open, variable_end_string: close } = this.#options;
    const { tokens, end, closeSign } = this.#tokens(open, close, this.#backslashes);
    if (tokens.length === 1) throw new SyntaxProblem('there is nothing to print', start, end);
    this.#segments.push({ kind: 'output', tokens, start });
    this.#offset = end;
    this.#after(closeSign, false);
  }

  #statement(): void {
    const start = this.#offset;
    this.#rawBegin.lastIndex = start;
    const raw = this.#rawBegin.exec(this.#source);
    if (raw) {
      this.#raw(start, raw[0].length, raw[2] ?? '');
      return;
    }
    const { block_start_string: open, block_end_string: close } = this.#options;
    const { tokens, end, closeSign } = this.#tokens(open, close, 'python');
    this.#segments.push({ kind: 'statement', tokens, start });
    this.#offset = end;
    this.#after(closeSign, true);
  }

  #raw(start: number, length: number, sign: string): void {
    this.#rawEnd.lastIndex = start + length;
    const close = this.#rawEnd.exec(this.#source);
    if (!close) throw new SyntaxProblem("'raw' is never closed with '{% endraw %}'", start, start + length);
    this.#offset = start + length;
    this.#after(sign, true);
    this.#text(close.index, close[1] ?? '', true);
    this.#offset = close.index + close[0].length;
    this.#after(close[2] ?? '', true);
  }

  #tokens(open: string, close: string, backslashes: LexOptions['backslashes']): ReturnType<typeof tokenize> {
    const behind = this.#offset + open.length;
    const sign = this.#source[behind];
    const start = sign === '-' || sign === '+' ? behind + 1 : behind;
    return tokenize(this.#source, { start, close, backslashes });
  }

  /** What a closing mark does to the text behind it. */
  #after(sign: string, isBlock: boolean): void {
    if (sign === '-') this.#stripsNext = true;
    else if (isBlock && sign !== '+' && this.#options.trim_blocks) {
      if (this.#source.startsWith('\n', this.#offset)) this.#offset += 1;
      else if (this.#source.startsWith('\r\n', this.#offset)) this.#offset += 2;
    }
  }
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
