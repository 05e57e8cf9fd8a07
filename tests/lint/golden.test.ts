// Every kind of mistake as people see it: NAME.yml (a playbook) or NAME/ (a project), and NAME.txt beside it.
// UPDATE_GOLDEN=1 writes the texts again, to be read in review.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lintOutput } from '../../src/cli/commands/lint.ts';
import { readInventory } from '../../src/cli/inventory-flags.ts';
import { shownPath } from '../../src/cli/paths.ts';
import { checkStatically, readPlaybooks, type CheckFlags } from '../../src/cli/static-check.ts';
import { formatDiagnostic } from '../../src/lib/diagnostic.ts';
import { codes } from '../../src/lint/codes.ts';
import { expectGolden } from '../support/golden.ts';

const directory = join(import.meta.dirname, 'golden');
const shared = join(directory, 'inventory.yml');
const names = readdirSync(directory)
  .filter((name) => name !== 'inventory.yml' && !name.endsWith('.txt'))
  .sort();

/** Values that no file can hold, look-ups and includes in circles, which only a run makes, and passwords that only a person has. */
const notBeforeARun = ['unsupported-value', 'lookup-failed', 'include-depth', 'vault-wrong-password'];

/** What people see, with paths as from the folder of the case. */
function seen(path: string): string {
  const folder = statSync(path).isDirectory() ? path : directory;
  const [playbook] = folder === path ? [join(path, 'site.yml')] : [path];
  const first = existsSync(playbook) ? (readFileSync(playbook, 'utf8').split('\n')[0] ?? '') : '';
  const own = ['inventory.yml', 'inventory.ini', 'inventory']
    .map((name) => join(folder, name))
    .find((file) => existsSync(file));
  const text = first.startsWith('# run ')
    ? foundAtStart(playbook, JSON.parse(first.slice('# run '.length)) as CheckFlags)
    : lintOutput([path], { format: 'text', inventory: [own ?? shared] }).output;
  const prefix = `${relative(process.cwd(), folder)}/`;
  return text.replaceAll(`${folder}/`, '').replaceAll(prefix, '');
}

/** As `veza-run PLAYBOOK` with flags, before it connects. */
function foundAtStart(path: string, flags: CheckFlags): string {
  const read = readPlaybooks([path]);
  const found = checkStatically('run', read, readInventory({ inventory: [shared] }), flags);
  return [...read.diagnostics, ...found]
    .map((one) => (one.where ? { ...one, where: { ...one.where, file: shownPath(one.where.file) } } : one))
    .map((one) => `${formatDiagnostic(one, read.sources.get(path))}\n`)
    .join('');
}

describe('what people see', () => {
  it.each(names.map((name) => [name.replace(/\.yml$/, ''), name] as const))('%s', (label, name) => {
    const text = seen(join(directory, name));
    expectGolden(join(directory, `${label}.txt`), text);
    const code = Object.keys(codes).find((one) => label === one || label.startsWith(`${one}-`));
    if (code !== undefined) expect(text).toContain(`[${code}]`);
    expect(text).not.toMatch(/\.ts:\d+|\[object/);
  });

  it('is shown for every code', () => {
    const shown = new Set(
      readdirSync(directory)
        .filter((name) => name.endsWith('.txt'))
        .flatMap((name) => [...readFileSync(join(directory, name), 'utf8').matchAll(/\[([a-z]+(?:-[a-z]+)+)\]/g)])
        .map(([, code]) => code),
    );
    expect(
      Object.keys(codes)
        .filter((code) => !shown.has(code))
        .sort(),
    ).toEqual(notBeforeARun.toSorted());
  });
});
