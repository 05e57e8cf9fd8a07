// What the tests of the language share.
import type { Controller, ControllerPath, LookupRequest } from '../../src/language/controller.ts';
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

/** A controller that answers lookups with `answer`, at a fixed time, and has the files of `paths`. */
export function fakeController(
  answer: (plugin: string, request: LookupRequest) => readonly Value[] | null = () => null,
  paths: Readonly<Record<string, Partial<ControllerPath>>> = {},
): Controller {
  const file: ControllerPath = { kind: 'file', isLink: false, isMount: false, realPath: '' };
  return {
    lookup: answer,
    lookups: ['env', 'file'],
    now: () => Date.UTC(2024, 1, 29, 13, 5, 7),
    zoneOffset: () => 120,
    random: () => 0.5,
    path: (path) => (Object.hasOwn(paths, path) ? { ...file, realPath: path, ...paths[path] } : null),
    realPath: (path) => `/real${path}`,
    expandUser: (path) => path.replace(/^~/, '/home/ann'),
    expandVariables: (text) => text.replace('$HOME', '/home/ann'),
    glob: (pattern) => [pattern.replace('*', 'a'), pattern.replace('*', 'b')],
  };
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
