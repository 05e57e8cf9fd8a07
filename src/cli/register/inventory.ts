// `veza-run inventory`
import type { InventoryCommandFlags } from '../commands/inventory.ts';
import { addInventoryOptions } from './options.ts';
import type { Register } from './registration.ts';

export const registerInventory: Register = (program, report) => {
  addInventoryOptions(program.command('inventory').description('what an inventory says, in the forms of Ansible'))
    .argument('[group]', 'with --graph: the group to draw')
    .option('--list', 'all hosts and groups as JSON')
    .option('--graph', 'groups and hosts as a drawing')
    .option('--host <name>', 'the variables of one host')
    .option('--vars', 'with --graph: variables too')
    .option('--export', 'with --list: variables of groups with their groups, not again with each host')
    .option('-y, --yaml', 'YAML instead of JSON')
    .option('-l, --limit <pattern>', 'only these hosts; @FILE has one pattern a line')
    .option('--playbook-dir <folder>', 'count the group_vars and host_vars there too')
    .action(async (group: string | undefined, flags: InventoryCommandFlags) => {
      const { inventoryCommand } = await import('../commands/inventory.ts');
      report(inventoryCommand(group, flags));
    });
};
