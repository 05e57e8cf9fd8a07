// Expressions as users write them in `when`, `until`, `that` and inside `{{ }}`: compiled once, evaluated for each host.
import type { Diagnostic, Position } from '../lib/diagnostic.ts';
import { limits } from '../lib/limits.ts';
import { located } from './budget.ts';
import { type Compiling, compileNode, newCompiling, newFrame, type Run } from './compile.ts';
import { type LexOptions, tokenize } from './lexer.ts';
import { asData } from './live.ts';
import { Parser } from './parser.ts';
import { diagnosticOf, Source, SyntaxProblem } from './source.ts';
import type { Expression, Scope, Value } from './value.ts';
import { used } from './values.ts';

export interface CompiledExpression {
  /** Null if there are errors. */
  readonly expression: Expression | null;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Compiles an expression without braces around it; `where` is the place of its first character.
 * All unknown filters and the like are reported; of syntax errors the first.
 */
export function compileExpression(
  source: string,
  where: Position,
  backslashes: LexOptions['backslashes'] = 'python',
): CompiledExpression {
  const into = newCompiling(new Source(source, where));
  try {
    const run = compileSource(source, into, backslashes);
    const expression = into.diagnostics.length === 0 ? expressionOf(source, where, into, run) : null;
    return { expression, diagnostics: into.diagnostics };
  } catch (error) {
    return { expression: null, diagnostics: [diagnosticOf(error, into.source, 'expression-syntax')] };
  }
}

/** Makes an expression of something compiled. */
function expressionOf(source: string, where: Position, into: Compiling, run: Run): Expression {
  return { source, where, names: [...into.names], evaluate: evaluator(run, into, where) };
}

/** Runs something compiled, with a budget of its own each time. */
export function evaluator(run: Run, { found }: Compiling, where: Position): (scope: Scope) => Value {
  const { mutates } = found;
  return (scope) => {
    try {
      return asData(used(run(newFrame(scope, mutates))));
    } catch (error) {
      throw located(error, where);
    }
  };
}

function compileSource(source: string, into: Compiling, backslashes: LexOptions['backslashes']): Run {
  if (source.length > limits.expressionLength) {
    throw new SyntaxProblem(`the expression is longer than ${limits.expressionLength} characters`, 0, 1);
  }
  const start = source.length - source.trimStart().length;
  if (source.startsWith('{{', start)) {
    const hint = 'conditions are expressions already: leave the braces out';
    throw new SyntaxProblem("an expression does not begin with '{{'", start, start + 2, hint);
  }
  if (start === source.length) throw new SyntaxProblem('the expression is empty', 0, 1);
  const { tokens } = tokenize(source, { start: 0, close: null, backslashes });
  const parser = new Parser(tokens);
  const node = parser.expressionList();
  parser.expectEnd();
  return compileNode(node, into);
}
