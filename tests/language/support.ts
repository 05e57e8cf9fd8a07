// What the tests of the language share.
import type { ScopeLayer } from '../../src/language/scope.ts';
import { createScope } from '../../src/language/scope.ts';
import { compileExpression } from '../../src/language/expression.ts';
import { compileTemplated } from '../../src/language/templated.ts';
import type { Scope, Templated, Value } from '../../src/language/value.ts';
import { VezaError } from '../../src/lib/errors.ts';

export const where = { file: 'play.yml', line: 3, column: 11 };

export function values(variables: Readonly<Record<string, Value>>): ScopeLayer {
  return { kind: 'values', values: variables };
}

export function templatedLayer(variables: Readonly<Record<string, unknown>>): ScopeLayer {
  const entries = Object.entries(variables).map(([name, raw]) => [name, templated(raw)] as const);
  return { kind: 'templated', variables: new Map(entries) };
}

export function templated(raw: unknown): Templated {
  return compileTemplated(raw, where).templated;
}

export function evaluate(source: string, scope: Scope | Readonly<Record<string, Value>> = {}): Value {
  const { expression, diagnostics } = compileExpression(source, where);
  if (!expression) throw new Error(diagnostics.map((each) => each.message).join('; '));
  return expression.evaluate(isScope(scope) ? scope : createScope([values(scope)]));
}

/** The VezaError that `run` throws. */
export function errorOf(run: () => unknown): VezaError {
  try {
    run();
  } catch (error) {
    if (error instanceof VezaError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function isScope(scope: object): scope is Scope {
  return 'get' in scope && typeof scope.get === 'function';
}
