// Expressions and templates with the answers of Python's Jinja2 and Ansible's filters; see cases/make.py.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileExpression } from '../../src/language/expression.ts';
import { compileJinja } from '../../src/language/jinja.ts';
import { createScope } from '../../src/language/scope.ts';
import type { ValueMap } from '../../src/language/value.ts';
import { VezaError } from '../../src/lib/errors.ts';

interface Case {
  readonly expression?: string;
  readonly template?: string;
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
    const { expression, diagnostics } = compileExpression(text, where);
    expect(diagnostics).toEqual([]);
    expectAnswer(text, () => expression?.evaluate(scope), each);
  });
});

describe('templates print as Jinja and Ansible do', () => {
  const cases = load('templates.json') as readonly Case[];

  it.each(cases.map((each) => [each.template ?? '', each] as const))('%s', (text, each) => {
    const { template, diagnostics } = compileJinja(text, 'case.j2');
    expect(diagnostics).toEqual([]);
    expectAnswer(text, () => template?.render(scope), each);
  });
});
