// `add_host` and `group_by`: what tasks add to the inventory of their run. It is the run's own, so a dry run does it too.
import type { InventoryOrder } from '../core/orders.ts';
import type { Playbook, Task } from '../playbook/ast.ts';
import type { HostRun } from './host.ts';
import { tasksOf } from '../playbook/walk.ts';
import type { RunState } from './variables.ts';

/** Makes the inventory what the order says; the hosts of the next play are those that it has then. */
export function obeyInventoryOrder(
  { run, host }: { readonly run: RunState; readonly host: HostRun },
  task: Task,
  order: InventoryOrder,
): void {
  const { inventory } = run;
  run.admit(
    order.kind === 'add-host'
      ? inventory.addHost(order.name, order.groups, order.variables, task.where)
      : inventory.groupHost(host.host.name, order.group, order.parents, task.where),
  );
}

/** Modules that add hosts or groups: from then on any pattern may mean hosts that nobody listed. */
export const makesHosts: ReadonlySet<string> = new Set(['add_host', 'group_by']);

/** What may lead to them. */
const growing = new Set([...makesHosts, 'include_tasks', 'include_role']);

/** Whether any task may add hosts or groups, so that a name that is not there yet is no mistake. */
export function growsInventory(playbooks: readonly Playbook[]): boolean {
  return playbooks.some(({ plays }) =>
    plays.some(({ sections, handlers }) =>
      [...sections.flatMap(({ nodes }) => tasksOf(nodes)), ...handlers].some(
        ({ module, args }) => growing.has(module) || (module === 'meta' && args.raw === 'refresh_inventory'),
      ),
    ),
  );
}
