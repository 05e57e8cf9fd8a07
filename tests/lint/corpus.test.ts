// Content in the styles of large public projects, and the project's own: no mistakes are found where there are none.
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { lintOutput } from '../../src/cli/commands/lint.ts';
import type { JsonReport } from '../../src/lint/formats/json.ts';

const root = resolve(import.meta.dirname, '../..');

function mistakes(paths: readonly string[], inventory?: string): readonly string[] {
  const flags = inventory === undefined ? {} : { inventory: [inventory] };
  const { output } = lintOutput(paths, { format: 'json', ...flags });
  const { diagnostics, files } = JSON.parse(output) as JsonReport;
  expect(files).toBeGreaterThan(5);
  return diagnostics
    .filter(({ severity }) => severity !== 'info')
    .map(({ file, line, message, code }) => `${file ?? ''}:${line ?? 0}: ${message} [${code}]`);
}

const corpus = join(import.meta.dirname, 'corpus');

it('finds no mistakes in what others write, with an inventory', () => {
  expect(mistakes([join(corpus, 'site.yml'), join(corpus, 'roles')], join(corpus, 'inventory.yml'))).toEqual([]);
});

it('finds no mistakes in what others write, without one', () => {
  expect(mistakes([join(corpus, 'site.yml'), join(corpus, 'roles')])).toEqual([]);
});

it('finds no mistakes in the project itself', () => {
  const own = ['playbooks', 'roles'].map((folder) => join(root, folder));
  expect(mistakes(own, join(root, 'inventory/lab.yml'))).toEqual([]);
  expect(mistakes(own)).toEqual([]);
});
