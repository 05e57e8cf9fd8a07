// --plan-out, --apply, show and drift, as their users call them.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { planSchema } from '../../src/engine/plan/schema.ts';
import { expectGolden } from '../support/golden.ts';
import { projectDirectory } from '../support/cli.ts';
import { vezaRunHere } from '../support/cli-here.ts';

const folder = mkdtempSync(join(tmpdir(), 'veza-plan-'));
/** Everything as it is at first. */
function setUp(): void {
  rmSync(join(folder, 'out'), { recursive: true, force: true });
  for (const name of ['templates', 'out']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'templates/a.j2'), 'v={{ version }} {{ db_password }}\n');
  writeFileSync(
    join(folder, 'inventory.yml'),
    'all:\n  vars: { ansible_connection: local }\n  hosts: { h1: {}, h2: {} }\n',
  );
  writeFileSync(
    join(folder, 'site.yml'),
    `- hosts: all
  tasks:
    - name: render
      template: { src: a.j2, dest: '${folder}/out/{{ inventory_hostname }}' }
    - name: tagged
      copy: { dest: '${folder}/out/{{ inventory_hostname }}-tagged', content: x }
      tags: [some]
`,
  );
}
beforeEach(setUp);
afterAll(() => rmSync(folder, { recursive: true }));

const variables = ['-e', 'version=1', '-e', 'db_password=correct-horse'];
const veza = (...words: readonly string[]) => vezaRunHere(words, folder);
const plan = () => veza('site.yml', '-i', 'inventory.yml', '-l', 'h1', ...variables, '--plan-out', 'plan.json');
const done = () => existsSync(join(folder, 'out/h1'));

describe('a saved plan', () => {
  it('is written for its owner only, without secrets, and shown', async () => {
    const made = await plan();
    expect(made.exitCode, made.stderr).toBe(0);
    expect(done()).toBe(false);
    const file = join(folder, 'plan.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).not.toContain('correct-horse');
    const shown = await veza('show', 'plan.json', '--detailed-exitcode');
    expect(shown.exitCode).toBe(2);
    expect(shown.stdout).toContain(`+ file:${folder}/out/h1`);
    expect(shown.stdout).toContain('2 tasks with changes: 2 to create, 0 to update');
    expect(shown.stdout).toContain('limit: h1');
    expect(JSON.parse((await veza('show', 'plan.json', '--json')).stdout)).toMatchObject({ version: 1 });
  });

  it('is applied where nothing has moved, with what it was made for', async () => {
    await plan();
    const applied = await veza('--apply', 'plan.json', ...variables);
    expect(applied.exitCode, applied.stderr).toBe(0);
    expect(readFileSync(join(folder, 'out/h1'), 'utf8')).toBe('v=1 correct-horse\n');
    expect(existsSync(join(folder, 'out/h2'))).toBe(false);
    const again = await veza('--apply', 'plan.json', ...variables);
    expect(again.exitCode).toBe(5);
    expect(again.stderr).toContain('no create any more, as the plan says');
  });

  it.each([
    [['--apply', 'plan.json', 'site.yml'], 'a playbook has no place beside it'],
    [['--apply', 'plan.json', '-t', 'some'], '--tags has no place beside it'],
    [['--apply', 'plan.json', '--check'], '--check has no place beside it'],
    [['--apply', 'nothing.json'], 'cannot be read'],
    [['--apply', 'inventory.yml'], 'this is no JSON'],
    [[], 'no playbook was given'],
  ])('%j is refused', async (words, message) => {
    writeFileSync(join(folder, 'plan.json'), '{}');
    const refused = await veza(...words);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain(message);
  });

  it('is not written where the dry run fails', async () => {
    writeFileSync(join(folder, 'site.yml'), '- hosts: all\n  tasks: [{ fail: {} }]\n');
    const failed = await veza('site.yml', '-i', 'inventory.yml', '--plan-out', 'failed.json');
    expect(failed.exitCode).toBe(3);
    expect(failed.stderr).toContain('no plan was written');
    expect(existsSync(join(folder, 'failed.json'))).toBe(false);
  });

  it('has a schema in docs/plan.schema.json (UPDATE_GOLDEN=1 writes it anew)', () => {
    expectGolden(join(projectDirectory, 'docs/plan.schema.json'), `${JSON.stringify(planSchema, null, 2)}\n`);
  });
});

describe('a plan whose ground has moved', () => {
  // Nothing is touched, so one plan does for all.
  beforeAll(async () => {
    setUp();
    expect((await plan()).exitCode).toBe(0);
  });

  it.each([
    ['a variable is missing', ['-e', 'version=1'], () => undefined, 'the extra variable "db_password" is missing'],
    [
      'a variable has another value',
      ['-e', 'version=2', '-e', 'db_password=correct-horse'],
      () => undefined,
      'the extra variable "version" has another value',
    ],
    [
      'a template has changed',
      variables,
      () => writeFileSync(join(folder, 'templates/a.j2'), 'v={{ version }} {{ db_password }}\n\n'),
      'the file templates/a.j2 has changed',
    ],
    ['the inventory is gone', variables, () => rmSync(join(folder, 'inventory.yml')), 'the file inventory.yml is gone'],
    [
      'the host has moved',
      variables,
      () => writeFileSync(join(folder, 'out/h1-tagged'), 'else'),
      'h1: "tagged": file:',
    ],
  ])('is refused when %s, and nothing is touched', async (_what, given, move, message) => {
    move();
    const applied = await veza('--apply', 'plan.json', ...given);
    expect(applied.exitCode, applied.stdout).toBe(5);
    expect(applied.stderr).toContain(message);
    expect(applied.stderr).toContain('nothing was touched');
    expect(done()).toBe(false);
  });
});

it('drift tells by its exit code whether something differs, and changes nothing', async () => {
  const drift = () => veza('drift', 'site.yml', '-i', 'inventory.yml', ...variables);
  expect((await drift()).exitCode).toBe(2);
  expect(done()).toBe(false);
  expect((await veza('site.yml', '-i', 'inventory.yml', ...variables)).exitCode).toBe(0);
  expect((await drift()).exitCode).toBe(0);
});
