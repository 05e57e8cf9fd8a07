// Tokens of Jinja expressions, up to the end of the text or to the closing `}}` or `%}` of a template.
import { SyntaxProblem } from './source.ts';

export interface Token {
  readonly kind: 'name' | 'text' | 'number' | 'operator' | 'end';
  /** As written; of a text, what it says. */
  readonly text: string;
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

export interface LexOptions {
  readonly start: number;
  /** What ends the expression; null: the end of the text. */
  readonly close: string | null;
  /**
   * `python`: `\n` in a literal is a line feed, as in templates and conditions.
   * `literal`: a backslash is a backslash, as Ansible has it inside `{{ }}` of YAML files.
   */
  readonly backslashes: 'python' | 'literal';
}

export interface Lexed {
  readonly tokens: readonly Token[];
  /** Offset behind the closing mark. */
  readonly end: number;
  /** The sign before the closing mark. */
  readonly closeSign: '-' | '+' | '';
}

const spacePattern = /\s+/y;
const namePattern = /[\p{L}_][\p{L}\p{N}_]*/uy;
const floatPattern = /\d[\d_]*(?:\.\d[\d_]*(?:e[+-]?\d[\d_]*)?|e[+-]?\d[\d_]*)/iy;
const integerPattern = /0x[\da-f_]+|0o[0-7_]+|0b[01_]+|\d[\d_]*/iy;
const textPattern = /'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"/y;
const operatorPattern = /==|!=|<=|>=|\*\*|\/\/|[-+*/%~<>=.,:|()[\]{};]/y;
const pairs: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Splits a text into tokens; the last one is of kind `end`. Throws SyntaxProblem. */
export function tokenize(source: string, options: LexOptions): Lexed {
  const tokens: Token[] = [];
  const open: Token[] = [];
  let offset = options.start;
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = offset;
    return pattern.exec(source)?.[0] ?? null;
  };
  for (;;) {
    offset += match(spacePattern)?.length ?? 0;
    if (open.length === 0 && options.close !== null) {
      const sign = source[offset] === '-' || source[offset] === '+' ? (source[offset] as '-' | '+') : '';
      if (source.startsWith(options.close, offset + sign.length)) {
        tokens.push({ kind: 'end', text: options.close, number: 0, start: offset, end: offset + options.close.length });
        return { tokens, end: offset + sign.length + options.close.length, closeSign: sign };
      }
    }
    if (offset >= source.length) {
      const unclosed = open.at(-1);
      if (unclosed) throw new SyntaxProblem(`'${unclosed.text}' is never closed`, unclosed.start, unclosed.end);
      if (options.close !== null) {
        throw new SyntaxProblem(`'${options.close}' is missing`, options.start, options.start + 1);
      }
      tokens.push({ kind: 'end', text: '', number: 0, start: offset, end: offset });
      return { tokens, end: offset, closeSign: '' };
    }
    const token = next(source, offset, match, tokens.at(-1), options.backslashes);
    balance(token, open);
    tokens.push(token);
    offset = token.end;
  }
}

function next(
  source: string,
  start: number,
  match: (pattern: RegExp) => string | null,
  previous: Token | undefined,
  backslashes: LexOptions['backslashes'],
): Token {
  const token = (kind: Token['kind'], written: string, text = written, number = 0): Token => {
    return { kind, text, number, start, end: start + written.length };
  };
  const name = match(namePattern);
  if (name !== null) return token('name', name);
  // After a dot, digits are an index: `list.0.name`.
  const float = previous?.text === '.' ? null : match(floatPattern);
  if (float !== null) return token('number', float, float, Number(float.replaceAll('_', '')));
  const integer = match(integerPattern);
  if (integer !== null) return token('number', integer, integer, integerOf(integer, start));
  const text = match(textPattern);
  if (text !== null) {
    const body = text.slice(1, -1);
    return token('text', text, backslashes === 'python' ? unescapePython(body) : unescapeQuotes(body));
  }
  const operator = match(operatorPattern);
  if (operator !== null) return token('operator', operator);
  const character = String.fromCodePoint(source.codePointAt(start) ?? 0);
  if (character === '"' || character === "'") throw new SyntaxProblem('the text is never closed', start, start + 1);
  const hint = { '&': "write 'and'", '!': "write 'not'", $: 'names have no $' }[character];
  throw new SyntaxProblem(`unexpected character '${character}'`, start, start + character.length, hint);
}

function integerOf(written: string, start: number): number {
  if (/^0[\d_]*[1-9]/.test(written)) {
    throw new SyntaxProblem(
      `a number cannot begin with 0: ${written}`,
      start,
      start + written.length,
      `a file mode is a text: '${written}'; octal is 0o${written.replace(/^0+/, '')}`,
    );
  }
  return Number(written.replaceAll('_', ''));
}

function balance(token: Token, open: Token[]): void {
  if (token.kind !== 'operator') return;
  if (token.text in pairs) open.push(token);
  else if (')]}'.includes(token.text)) {
    const opened = open.pop();
    if (!opened || pairs[opened.text] !== token.text) {
      const expected = opened ? `, expected '${pairs[opened.text] ?? ''}'` : '';
      throw new SyntaxProblem(`unexpected '${token.text}'${expected}`, token.start, token.end);
    }
  }
}

function unescapeQuotes(body: string): string {
  return body.replace(/\\(['"])/g, '$1');
}

const simpleEscapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
};

function unescapePython(body: string): string {
  if (!body.includes('\\')) return body;
  return body.replace(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g,
    (whole, x?: string, u?: string, long?: string, octal?: string, other?: string) => {
      const hex = x ?? u ?? long;
      if (hex !== undefined) {
        const code = Number.parseInt(hex, 16);
        return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
      }
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
      return simpleEscapes[other ?? ''] ?? whole;
    },
  );
}
