// Variables of hosts outside a run: for the commands that only look at an inventory or log in to its hosts.
import { resolve } from 'node:path';
import { addressOf } from '../engine/identity.ts';
import type { HostAddress } from '../engine/ports.ts';
import { outsidePlays, scopeOf, type PlayVariables, type ScopeHost, type ScopeRun } from '../engine/variables.ts';
import type { Host, Inventory } from '../inventory/model.ts';
import type { Scope, Variables } from '../language/value.ts';
import { createController } from '../adapters/controller.ts';
import { renderTemplate } from './render.ts';
import { connectionDefaults, type InventoryFlags } from './inventory-flags.ts';
import { packageDirectory } from './paths.ts';

export interface HostVariables {
  readonly inventory: Inventory;
  readonly extraVars: Variables;
  readonly directory: string | null;
}

/** The hosts of an inventory as scopes need them, where nothing runs. */
export function quietRun({ inventory, extraVars, directory }: HostVariables): ScopeRun {
  const options = { inventory, extraVars, inventoryDirectory: directory, controller: createController(renderTemplate) };
  const hosts = new Map([...inventory.hosts.values()].map((host) => [host.name, quietHost(host)]));
  // As in a dry run: looking must not make the file of a password.
  return { options: { ...options, checkMode: true, diff: false, tags: [] }, hosts };
}

/** A host of which nothing was gathered and on which nothing was set. */
export function quietHost(host: Host): ScopeHost {
  return {
    host,
    gathered: { get: () => undefined, names: () => [] },
    included: new Map(),
    includedRoles: [],
    facts: {},
  };
}

const besidePackage: PlayVariables = { ...outsidePlays, playbookDirectory: resolve(packageDirectory, 'playbooks') };

/** The variables of one host: its inventory layers, extra variables, and what the inventory says of itself. */
export function hostScope(variables: HostVariables, host: Host): Scope {
  return scopeOf(quietRun(variables), quietHost(host), besidePackage, null);
}

export function hostAddress(variables: HostVariables, host: Host, flags: InventoryFlags): HostAddress {
  return addressOf(host, hostScope(variables, host), connectionDefaults(flags));
}
