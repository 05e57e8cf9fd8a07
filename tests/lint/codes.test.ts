// Every code that the readers and checks use is in the table of codes, every code of the table is used, and
// docs/diagnostics.md is made from it (UPDATE_GOLDEN=1 writes it again).
import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { codes } from '../../src/lint/codes.ts';
import { codesPage } from '../../src/lint/codes-page.ts';
import { expectGolden } from '../support/golden.ts';

const root = resolve(import.meta.dirname, '../..');
const layers = ['lib', 'language', 'playbook', 'inventory', 'lint'];
const functions = /^(?:error|warning|VezaError|#?add|#?fail|say|report|info|problem|diagnosticOf|wrong|located)$/;
const codePattern = /^[a-z]+(?:-[a-z0-9]+)+$/;

/** Made of parts in the source. */
const composed = ['unknown-filter', 'unknown-test'];
/** Of other programs and of what happens on hosts, where these layers are shared: not told of users' files. */
const others = new Set(['invalid-files', 'utf-8', 'no-controller']);

function codesIn(path: string): string[] {
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const literals = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) {
      if (codePattern.test(node.text)) found.push(node.text);
    } else if (ts.isConditionalExpression(node)) {
      literals(node.whenTrue);
      literals(node.whenFalse);
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) && node.name.getText(file) === 'code') literals(node.initializer);
    if ((ts.isCallExpression(node) || ts.isNewExpression(node)) && functions.test(calleeOf(node, file))) {
      node.arguments?.forEach(literals);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function calleeOf(node: ts.CallExpression | ts.NewExpression, file: ts.SourceFile): string {
  const { expression } = node;
  return ts.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText(file);
}

const used = new Set(
  layers.flatMap((layer) =>
    readdirSync(join(root, 'src', layer), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.startsWith('codes'))
      .flatMap((file) => codesIn(join(root, 'src', layer, file))),
  ),
);

it('knows every code that is used: add what is missing to src/lint/codes', () => {
  expect([...used].filter((code) => !others.has(code) && !Object.hasOwn(codes, code)).sort()).toEqual([]);
});

it('has no code that nothing uses', () => {
  const engine = readdirSync(join(root, 'src/engine'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => codesIn(join(root, 'src/engine', file)));
  const all = new Set([...used, ...engine, ...composed]);
  expect(Object.keys(codes).filter((code) => !all.has(code))).toEqual([]);
});

it('is what docs/diagnostics.md is made from', () => {
  expectGolden(join(root, 'docs/diagnostics.md'), codesPage());
});
