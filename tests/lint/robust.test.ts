// However the project's own playbooks are mangled: the check ends, without an exception, and every place that it names
// is a place in a file.
import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { loadInventory } from '../../src/inventory/load.ts';
import { reportOf, withinFile } from '../../src/lint/formats/report.ts';
import { lintPlaybooks } from '../../src/lint/lint.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { catalog } from '../../src/modules/index.ts';
import { loadPlaybook } from '../../src/playbook/load.ts';
import { filesOf } from '../support/text-cases.ts';
import { VezaError } from '../../src/lib/errors.ts';

const root = resolve(import.meta.dirname, '../..');
const texts = ['roles', 'playbooks', 'inventory'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => [join(folder, name), readFileSync(join(root, folder, name), 'utf8')] as const),
);

function check(files: ReadonlyMap<string, string>): void {
  const source = filesOf(files);
  const { inventory, diagnostics: ofInventory } = loadInventory(['inventory/lab.yml'], { files: source });
  const { partial, diagnostics, sources } = loadPlaybook('playbooks/lb.yml', { files: source, modules: catalog });
  const found = lintPlaybooks({
    mode: 'lint',
    playbooks: partial ? [partial] : [],
    inventory,
    inventoryDirectory: 'inventory',
    tags: [],
    skipTags: [],
    extraVars: new Map(),
    become: false,
    incomplete: diagnostics.some(({ severity }) => severity === 'error'),
    sources,
    findModule: catalog.find,
    lookups: null,
    readVariables: () => {
      throw new VezaError('file-not-found', 'there are no such files here');
    },
    filesFor: () => ({
      find: () => {
        throw new VezaError('file-not-found', 'there are no templates here');
      },
      list: () => null,
    }),
    render: () => '',
    textsOf: () => [],
    redactor: createRedactor(),
  });
  const all = [...ofInventory, ...diagnostics, ...found].map((one) =>
    withinFile(one, files.get(one.where?.file ?? '')),
  );
  for (const { where, length = 1 } of reportOf(all, { files: files.size, strict: false }).diagnostics) {
    if (!where || where.file === '') continue;
    const line = files.get(where.file)?.split('\n')[where.line - 1];
    expect(line, `${where.file}:${where.line}`).toBeDefined();
    expect(where.column - 1 + (length - 1)).toBeLessThanOrEqual(line?.length ?? 0);
  }
}

const bits = [
  '',
  ' ',
  '\n',
  ':',
  '- ',
  '"',
  "'",
  '{{',
  '}}',
  '{%',
  '[',
  '|',
  '&a',
  '*a',
  'yes',
  '0644',
  'x',
  '\t',
  '# ',
];

it('ends for any change of any file, with places that exist', { timeout: 60_000 }, () => {
  const edit = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(30), fc.constantFrom(...bits));
  fc.assert(
    fc.property(fc.nat(texts.length - 1), fc.array(edit, { minLength: 1, maxLength: 3 }), (index, edits) => {
      const files = new Map(texts);
      const [path = '', original = ''] = texts[index] ?? [];
      files.set(
        path,
        edits.reduce((text, [place, removed, added]) => {
          const at = Math.floor(place * text.length);
          return text.slice(0, at) + added + text.slice(at + removed);
        }, original),
      );
      check(files);
    }),
    { numRuns: 60 },
  );
});

it('finds nothing in the project itself', () => {
  expect(() => check(new Map(texts))).not.toThrow();
});
