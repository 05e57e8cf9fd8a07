// infra.yaml as an inventory: hosts, groups by role and kind, connection variables.
import { mkdtempSync, copyFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readInventory } from '../../src/cli/inventory-flags.ts';

const folder = mkdtempSync(join(tmpdir(), 'veza-infra-'));
const file = join(folder, 'infra.yaml');

it('has hosts in groups by role and by kind of server', () => {
  copyFileSync(join(import.meta.dirname, '../infra/fixture.yml'), file);
  const { inventory, diagnostics } = readInventory({ inventory: [file] });
  expect(diagnostics).toEqual([]);
  expect(inventory?.groups.get('app')?.hosts).toEqual(['de', 'de2']);
  expect(inventory?.groups.get('hcloud')?.hosts).toEqual(['noc', 'build']);
  const raw = (host: string, name: string) =>
    inventory?.hosts
      .get(host)
      ?.layers.findLast(({ variables }) => variables.has(name))
      ?.variables.get(name)?.raw;
  expect(raw('de', 'ansible_host')).toBe('192.0.2.21');
  expect(raw('de', 'ansible_port')).toBe(2222);
  expect(raw('build', 'ansible_port')).toBe(22);
  expect(raw('noc', 'ansible_ssh_private_key_file')).toMatch(/^\/.*\.ssh\/ops$/);
});

it('says what is wrong with the file', () => {
  writeFileSync(file, 'hosts: { a: { ip: 192.0.2.300, type: hcloud } }\n');
  const { inventory, diagnostics } = readInventory({ inventory: [file] });
  expect(inventory).toBeNull();
  expect(diagnostics).toMatchObject([{ code: 'bad-address', where: { file, line: 1, column: 19 } }]);
});
