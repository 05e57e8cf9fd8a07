// Expressions and templates with the answers of Python's Jinja2 and Ansible's filters; see cases/make.py.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileExpression } from '../../src/language/expression.ts';
import { compileJinja } from '../../src/language/jinja.ts';
import { createScope } from '../../src/language/scope.ts';
import type { ValueMap } from '../../src/language/value.ts';
import { DiagnosticsError, VezaError } from '../../src/lib/errors.ts';

interface Case {
  readonly expression?: string;
  readonly template?: string;
  /** Templates that it loads, by name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly result?: unknown;
  readonly error?: string;
}

function load(name: string): unknown {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'cases', name), 'utf8'));
}

const scope = createScope([{ kind: 'values', values: load('scope.json') as ValueMap }]);
const where = { file: 'case', line: 1, column: 1 };

/** Where this language differs on purpose, with the reason. */
const differences = new Map<string, readonly [answer: unknown, reason: string]>(
  Object.entries(load('differences.json') as Record<string, readonly [unknown, string]>),
);

function expectAnswer(key: string, evaluate: () => unknown, { result, error }: Case): void {
  const different = differences.get(key);
  if (different) expect(evaluate(), different[1]).toEqual(different[0]);
  else if (error !== undefined) expect(evaluate).toThrow(VezaError);
  else expect(evaluate()).toEqual(result);
}

describe('expressions answer as Jinja and Ansible do', () => {
  const cases = load('expressions.json') as readonly Case[];

  it('has enough cases', () => expect(cases.length).toBeGreaterThan(300));

  it.each(cases.map((each) => [each.expression ?? '', each] as const))('%s', (text, each) => {
    const answer = () => {
      const { expression, diagnostics } = compileExpression(text, where);
      if (!expression) throw new DiagnosticsError(diagnostics);
      return expression.evaluate(scope);
    };
    expectAnswer(text, answer, each);
  });
});

describe.each(['templates.json', 'statements.json'])('templates print as Jinja and Ansible do: %s', (name) => {
  const cases = load(name) as readonly Case[];

  it.each(
    cases.map((each) => [[each.template, ...Object.entries(each.files ?? {})].flat().join(' @@ '), each] as const),
  )('%s', (key, each) => {
    const { template = '', files = {} } = each;
    const find = (file: string) => {
      const text = Object.hasOwn(files, file) ? files[file] : undefined;
      return text === undefined ? { searched: [file] } : { path: file, text };
    };
    const print = () => {
      const { template: compiled, diagnostics } = compileJinja(template, 'case.j2', { load: find });
      if (!compiled) throw new DiagnosticsError(diagnostics);
      return compiled.render(scope);
    };
    expectAnswer(key, print, each);
  });
});
