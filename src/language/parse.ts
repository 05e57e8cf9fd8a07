// The syntax tree of an expression, for checks that look at its shape and evaluate nothing.
import { tokenize } from './lexer.ts';
import { Parser } from './parser.ts';
import { SyntaxProblem } from './source.ts';
import type { Node } from './syntax.ts';

/** The tree of an expression without braces around it; null where it is none. */
export function parseExpression(source: string): Node | null {
  try {
    const parser = new Parser(tokenize(source, { start: 0, close: null, backslashes: 'python' }).tokens);
    const node = parser.expressionList();
    parser.expectEnd();
    return node;
  } catch (error) {
    if (error instanceof SyntaxProblem || error instanceof RangeError) return null;
    throw error;
  }
}
