// Values of YAML files whose strings may be templates. What is constant is known to be; the rest is compiled once.
import type { Diagnostic, Position } from '../lib/diagnostic.ts';
import { VezaError } from '../lib/errors.ts';
import { evaluator } from './expression.ts';
import { compileNode, newCompiling } from './compile.ts';
import { compileTemplateText } from './jinja.ts';
import { Parser } from './parser.ts';
import { diagnosticOf, Source } from './source.ts';
import { isTemplate, segments } from './template-lexer.ts';
import type { Scope, Templated, Value, ValueMap } from './value.ts';
import { isMap, isOmit } from './values.ts';

export interface CompiledTemplated {
  /** Always there, so that reading goes on; with errors its evaluation throws the first of them. */
  readonly templated: Templated;
  readonly diagnostics: readonly Diagnostic[];
}

type Path = readonly (string | number)[];
type PositionOf = (path: Path) => Position;

const nowhere: Position = { file: '', line: 1, column: 1 };

/**
 * Compiles plain YAML data. `where` is the place of the first character, `positionOf` that of parts.
 * A string that is one `{{ expression }}` (white space around it aside) keeps the expression's type.
 */
export function compileTemplated(raw: unknown, where: Position, positionOf?: PositionOf): CompiledTemplated {
  const diagnostics: Diagnostic[] = [];
  const at: PositionOf = positionOf ?? (() => where);
  const templated = compilePart(raw, [], { where, at, diagnostics });
  return { templated, diagnostics };
}

/** A value that evaluates to itself. */
export function constantValue(value: Value, where: Position = nowhere): Templated {
  return { where, constant: true, names: [], raw: value, evaluate: () => value };
}

interface Compilation {
  readonly where: Position;
  readonly at: PositionOf;
  readonly diagnostics: Diagnostic[];
}

function compilePart(raw: unknown, path: Path, into: Compilation): Templated {
  const where = path.length === 0 ? into.where : into.at(path);
  if (raw === null || raw === undefined) return { ...constantValue(null, where), raw };
  if (typeof raw === 'boolean' || typeof raw === 'number') return constantValue(raw, where);
  if (typeof raw === 'string') {
    return isTemplate(raw) ? compileText(raw, where, into.diagnostics) : constantValue(raw, where);
  }
  if (Array.isArray(raw)) {
    return compileList(
      raw,
      raw.map((part, index) => compilePart(part, [...path, index], into)),
      where,
    );
  }
  if (isPlainObject(raw)) {
    const parts = Object.entries(raw).map(([key, part]) => compileEntry(key, part, path, into));
    return compileMap(raw, parts, where);
  }
  const message = `a value of this kind cannot be used here: ${Object.prototype.toString.call(raw).slice(8, -1)}`;
  const hint = 'put it in quotes';
  into.diagnostics.push({ severity: 'error', code: 'unsupported-value', message, where, hint });
  return constantValue(null, where);
}

interface Entry {
  readonly key: Templated;
  readonly value: Templated;
}

function compileEntry(key: string, part: unknown, path: Path, into: Compilation): Entry {
  const value = compilePart(part, [...path, key], into);
  const where = value.where;
  return { key: isTemplate(key) ? compileText(key, where, into.diagnostics) : constantValue(key, where), value };
}

function compileList(raw: unknown, parts: readonly Templated[], where: Position): Templated {
  const names = namesOf(parts);
  if (parts.every((part) => part.constant)) return constantOf(raw, parts.map(valueOf), where);
  const run = (scope: Scope): Value => parts.map((part) => part.evaluate(scope)).filter((value) => !isOmit(value));
  return { where, constant: false, names, raw, evaluate: run };
}

function compileMap(raw: unknown, entries: readonly Entry[], where: Position): Templated {
  const parts = entries.flatMap(({ key, value }) => [key, value]);
  if (parts.every((part) => part.constant)) {
    const pairs = entries.map(({ key, value }) => [valueOf(key) as string, valueOf(value)] as const);
    return constantOf(raw, Object.fromEntries(pairs), where);
  }
  const run = (scope: Scope): Value => {
    const pairs: (readonly [string, Value])[] = [];
    for (const { key, value } of entries) {
      const name = key.evaluate(scope);
      const found = value.evaluate(scope);
      if (isOmit(found)) continue;
      if (typeof name !== 'string' && typeof name !== 'number') {
        throw new VezaError('evaluation-failed', 'the key of a map must be a text that is known', { where: key.where });
      }
      pairs.push([String(name), found]);
    }
    return Object.fromEntries(pairs);
  };
  return { where, constant: false, names: namesOf(parts), raw, evaluate: run };
}

function compileText(text: string, where: Position, diagnostics: Diagnostic[]): Templated {
  const source = new Source(text, where);
  const into = newCompiling(source);
  try {
    const [only, ...others] = segments(text, 'literal').filter((part) => part.kind !== 'text' || /\S/.test(part.text));
    if (only?.kind === 'output' && others.length === 0) {
      const parser = new Parser(only.tokens);
      const node = parser.expressionList();
      parser.expectEnd();
      const run = compileNode(node, into);
      diagnostics.push(...into.diagnostics);
      if (into.diagnostics.length > 0) return broken(text, where, into.diagnostics);
      const names = [...into.names];
      return { where, constant: false, names, raw: text, evaluate: evaluator(run, into, where) };
    }
  } catch (error) {
    const problem = diagnosticOf(error, source, 'template-syntax');
    diagnostics.push(problem);
    return broken(text, where, [problem]);
  }
  const compiled = compileTemplateText(text, where, 'literal');
  diagnostics.push(...compiled.diagnostics);
  const { template } = compiled;
  if (!template) return broken(text, where, compiled.diagnostics);
  return { where, constant: false, names: template.names, raw: text, evaluate: (scope) => template.render(scope) };
}

/** Stands in for what could not be compiled. */
function broken(raw: unknown, where: Position, [problem]: readonly Diagnostic[]): Templated {
  return {
    where,
    constant: false,
    names: [],
    raw,
    evaluate: () => {
      const hint = problem?.hint === undefined ? {} : { hint: problem.hint };
      const place = problem?.where ?? where;
      throw new VezaError(problem?.code ?? 'template-syntax', problem?.message ?? 'not compiled', {
        where: place,
        ...hint,
      });
    },
  };
}

function constantOf(raw: unknown, value: Value, where: Position): Templated {
  return { ...constantValue(value, where), raw };
}

const emptyScope: Scope = { get: () => undefined, names: () => [] };

function valueOf(constant: Templated): Value {
  return constant.evaluate(emptyScope);
}

function namesOf(parts: readonly Templated[]): readonly string[] {
  return [...new Set(parts.flatMap((part) => part.names))];
}

function isPlainObject(value: unknown): value is ValueMap {
  if (!isMap(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
