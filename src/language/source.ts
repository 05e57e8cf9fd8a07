// A text of a user's file with the place where it begins, and problems found in it.
import type { Diagnostic, Position } from '../lib/diagnostic.ts';

/** Turns offsets into positions. Lines after the first begin in the column of the first, as those of a YAML block do. */
export class Source {
  readonly text: string;
  readonly where: Position;
  readonly #lineStarts: readonly number[];

  constructor(text: string, where: Position) {
    this.text = text;
    this.where = where;
    const starts = [0];
    for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1)) starts.push(index + 1);
    this.#lineStarts = starts;
  }

  at(offset: number): Position {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const { file, line, column } = this.where;
    return { file, line: line + low, column: column + offset - (this.#lineStarts[low] ?? 0) };
  }
}

/** Thrown by the lexer and the parser, caught where the compiling starts: a syntax error ends the parse of its expression. */
export class SyntaxProblem extends Error {
  readonly start: number;
  readonly end: number;
  readonly hint: string | undefined;

  constructor(message: string, start: number, end: number, hint?: string) {
    super(message);
    this.start = start;
    this.end = end;
    this.hint = hint;
  }
}

/** A syntax problem (or a stack overflow by nesting) as a diagnostic. Other errors are thrown again. */
export function diagnosticOf(error: unknown, source: Source, code: string): Diagnostic {
  if (error instanceof SyntaxProblem) {
    return {
      severity: 'error',
      code,
      message: error.message,
      where: source.at(error.start),
      length: Math.max(1, error.end - error.start),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    };
  }
  if (error instanceof RangeError) {
    return { severity: 'error', code, message: 'the expression is nested too deeply', where: source.where };
  }
  throw error;
}
