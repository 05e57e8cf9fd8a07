// Variables of hosts outside a run: for the commands that only need to know where a host is and how to log in.
import { addressOf } from '../engine/identity.ts';
import type { HostAddress } from '../engine/ports.ts';
import type { Host, Inventory } from '../inventory/model.ts';
import { createScope } from '../language/scope.ts';
import type { Scope, Variables } from '../language/value.ts';
import { createController } from '../adapters/controller.ts';
import { renderTemplate } from './render.ts';
import { connectionDefaults, type InventoryFlags } from './inventory-flags.ts';
import { resolve } from 'node:path';
import { packageDirectory } from './paths.ts';

export interface HostVariables {
  readonly inventory: Inventory;
  readonly extraVars: Variables;
  readonly directory: string | null;
}

/** The variables of one host: its inventory layers, extra variables, and what the inventory says of itself. */
export function hostScope({ extraVars, directory }: HostVariables, host: Host): Scope {
  const playbookDirectory = resolve(packageDirectory, 'playbooks');
  return createScope(
    [
      ...host.layers.map(({ variables }) => ({ kind: 'templated', variables }) as const),
      { kind: 'templated', variables: extraVars },
      {
        kind: 'values',
        values: {
          inventory_hostname: host.name,
          playbook_dir: playbookDirectory,
          ...(directory === null ? {} : { inventory_dir: directory }),
        },
      },
    ],
    createController(renderTemplate),
  );
}

export function hostAddress(variables: HostVariables, host: Host, flags: InventoryFlags): HostAddress {
  return addressOf(host, hostScope(variables, host), connectionDefaults(flags));
}
