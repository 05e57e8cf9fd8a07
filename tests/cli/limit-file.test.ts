// `--limit @FILE`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { vezaRunJson } from '../support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'veza-limit-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('takes the hosts of a file, one a line', async () => {
  const inventory = join(folder, 'hosts.yml');
  const playbook = join(folder, 'site.yml');
  writeFileSync(inventory, 'all: { hosts: { a: {}, b: {}, c: {} }, vars: { ansible_connection: local } }\n');
  writeFileSync(playbook, '- hosts: all\n  tasks: [{ debug: { msg: hello } }]\n');
  writeFileSync(join(folder, 'some'), '# failed last time\na\nc\n');
  const run = await vezaRunJson([playbook, '-i', inventory, '--limit', `@${join(folder, 'some')}`]);
  expect(Object.keys(run.hosts)).toEqual(['a', 'c']);
});
