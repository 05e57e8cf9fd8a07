// `veza-run inventory --list|--graph|--host`: what an inventory says, in Ansible's forms.
import { stringify } from 'yaml';
import { hostData, inventoryGraph, inventoryList, inventoryTree, type ExportOptions } from '../../inventory/export.ts';
import type { Inventory } from '../../inventory/model.ts';
import { selectHosts } from '../../inventory/patterns.ts';
import { VezaError } from '../../lib/errors.ts';
import type { JsonObject } from '../../lib/json.ts';
import { nearestName } from '../../lib/suggest.ts';
import { exitCodes } from '../exit-codes.ts';
import { readInventory, type InventoryFlags } from '../inventory-flags.ts';
import { limitOf } from '../limit.ts';
import { print, printDiagnostics } from '../output.ts';
import { plainData } from '../plain-data.ts';
import { secrets } from '../secrets.ts';

export interface InventoryCommandFlags extends InventoryFlags {
  readonly list?: boolean;
  readonly graph?: boolean;
  readonly host?: string;
  readonly vars?: boolean;
  readonly export?: boolean;
  readonly yaml?: boolean;
  readonly limit?: string;
  readonly playbookDir?: string;
}

export function inventoryCommand(group: string | undefined, flags: InventoryCommandFlags): number {
  const actions = [flags.list, flags.graph, flags.host !== undefined].filter(Boolean).length;
  if (actions !== 1) throw new VezaError('invalid-option', 'give one of --list, --graph and --host NAME');
  const { playbookDir } = flags;
  const loaded = readInventory(flags, playbookDir === undefined ? {} : { playbookDirectory: playbookDir });
  const { inventory, extraVars } = loaded;
  const limit = limitOf(flags);
  const selected = inventory && limit !== undefined ? selectHosts(inventory, 'all', limit) : null;
  const diagnostics = [...loaded.diagnostics, ...(selected?.diagnostics ?? [])];
  printDiagnostics(diagnostics, inventory?.sources);
  if (!inventory || diagnostics.some(({ severity }) => severity === 'error')) return exitCodes.usage;
  const hosts = new Set(selected?.hosts ?? inventory.hosts.keys());
  const options: ExportOptions = { hosts, byGroup: flags.export ?? false, extraVars };
  if (flags.graph) print(secrets.redact(graphOf(inventory, group ?? 'all', { ...options, vars: flags.vars ?? false })));
  else print(textOf(dataOf(inventory, flags, options), flags.yaml ?? false));
  return exitCodes.ok;
}

function dataOf(inventory: Inventory, flags: InventoryCommandFlags, options: ExportOptions): JsonObject {
  if (flags.host === undefined)
    return flags.yaml ? inventoryTree(inventory, options) : inventoryList(inventory, options);
  const { hosts } = inventory;
  if (!hosts.has(flags.host)) throw unknown('host', flags.host, hosts.keys());
  return hostData(inventory, flags.host, options);
}

function graphOf(inventory: Inventory, top: string, options: Parameters<typeof inventoryGraph>[2]): string {
  if (!inventory.groups.has(top)) throw unknown('group', top, inventory.groups.keys());
  return inventoryGraph(inventory, top, options);
}

function unknown(kind: 'host' | 'group', name: string, known: Iterable<string>): VezaError {
  const near = nearestName(name, known);
  return new VezaError(
    `unknown-${kind}`,
    `the inventory has no ${kind} "${name}"`,
    near === null ? {} : { hint: `Did you mean "${near}"?` },
  );
}

function textOf(data: JsonObject, yaml: boolean): string {
  const shown = plainData(data, secrets);
  return yaml ? stringify(shown, { aliasDuplicateObjects: false }) : `${JSON.stringify(shown, null, 4)}\n`;
}
