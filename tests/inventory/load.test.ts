// Reads every case of tests/inventory/cases: the diagnostics that people see, then what the engine gets.
// A case's file `sources` names the inventories, one a line; without it that is `hosts.yml` or `hosts.ini`.
import { join } from 'node:path';
import { loadInventory } from '../../src/inventory/load.ts';
import type { Inventory } from '../../src/inventory/model.ts';
import { formatDiagnostic } from '../../src/lib/diagnostic.ts';
import { filesOf, runTextCases } from '../support/text-cases.ts';

runTextCases(join(import.meta.dirname, 'cases'), (given) => {
  const files = new Map(given);
  const listed = files.get('sources')?.trim().split('\n');
  files.delete('sources');
  const inventories = listed ?? [...files.keys()].filter((name) => /^hosts\.(?:yml|ini)$/.test(name));
  const { inventory, diagnostics, sources } = loadInventory(inventories, {
    files: filesOf(files),
    playbookDirectory: 'playbooks',
  });
  const said = diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, sources.get(diagnostic.where?.file ?? '')));
  return [...said, ...(inventory ? outlineOf(inventory) : [])].join('\n');
});

function outlineOf(inventory: Inventory): string[] {
  const groups = [...inventory.groups.values()]
    .filter((group) => group.hosts.length > 0 || group.children.length > 0)
    .map((group) => `group ${group.name}: ${group.hosts.join(' ')}`);
  const hosts = [...inventory.hosts.values()]
    .filter((host) => host.name !== 'localhost' || inventory.groups.get('all')?.hosts.includes('localhost'))
    .flatMap((host) => [
      `host ${host.name} in ${host.groups.join(' ')}`,
      ...host.layers.map(
        ({ origin, variables }) =>
          `  ${origin}: ${[...variables].map(([name, { raw }]) => `${name}=${JSON.stringify(raw)}`).join(' ')}`,
      ),
    ]);
  return [...groups, ...hosts];
}
