// Walks over tokens: what every part of the grammar needs.
import type { Token } from './lexer.ts';
import { SyntaxProblem } from './source.ts';

export class TokenReader {
  readonly #tokens: readonly Token[];
  #index = 0;

  /** The last token must be of kind `end`. */
  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** The next token. */
  get token(): Token {
    return this.#tokens[this.#index] as Token;
  }

  advance(): Token {
    const token = this.token;
    if (token.kind !== 'end') this.#index += 1;
    return token;
  }

  isOperator(text: string): boolean {
    return this.token.kind === 'operator' && this.token.text === text;
  }

  isName(text: string): boolean {
    return this.token.kind === 'name' && this.token.text === text;
  }

  takeOperator(text: string): boolean {
    if (!this.isOperator(text)) return false;
    this.advance();
    return true;
  }

  takeName(text: string): boolean {
    if (!this.isName(text)) return false;
    this.advance();
    return true;
  }

  expectOperator(text: string): Token {
    if (!this.isOperator(text)) this.unexpected(`expected '${text}'`);
    return this.advance();
  }

  expectName(): Token {
    if (this.token.kind !== 'name') this.unexpected('expected a name');
    return this.advance();
  }

  /** Throws unless everything has been read. */
  expectEnd(): void {
    if (this.token.kind === 'end') return;
    const assignment = this.isOperator('=') ? "compare with '=='" : undefined;
    this.unexpected('expected the end of the expression', assignment);
  }

  unexpected(expected: string, hint?: string): never {
    const { kind, text, start, end } = this.token;
    const found = kind === 'end' ? 'the expression ends here' : `unexpected ${kind === 'text' ? 'text' : `'${text}'`}`;
    throw new SyntaxProblem(`${found}, ${expected}`, start, Math.max(end, start + 1), hint);
  }

  /** The token `distance` after the next one. */
  peek(distance: number): Token | undefined {
    return this.#tokens[this.#index + distance];
  }

  /** Where the last token read ended. */
  protected lastEnd(): number {
    return this.#tokens[this.#index - 1]?.end ?? 0;
  }
}
