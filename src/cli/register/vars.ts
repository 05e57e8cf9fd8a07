// `veza-run vars [NAME]`
import type { VarsFlags } from '../commands/vars.ts';
import { addInventoryOptions } from './options.ts';
import type { Register } from './registration.ts';

export const registerVars: Register = (program, report) => {
  addInventoryOptions(program.command('vars').description('the variables of hosts, and where each comes from'))
    .argument('[name]', 'only this variable')
    .option('--host <pattern>', 'only these hosts (default: all)')
    .option('--playbook <file>', 'count the variables of its plays and roles too')
    .option('--task <name>', 'as this task of the playbook sees them')
    .option('--explain', 'every layer that sets the variable, and which wins')
    .option('--json', 'all of it as JSON')
    .action(async (name: string | undefined, flags: VarsFlags) => {
      const { varsCommand } = await import('../commands/vars.ts');
      report(varsCommand(name, flags));
    });
};
