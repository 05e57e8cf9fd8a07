// `veza-run show PLAN`
import type { ShowFlags } from '../commands/show.ts';
import type { Register } from './registration.ts';

export const registerShow: Register = (program, report) => {
  program
    .command('show')
    .description('what a saved plan says (`--plan-out FILE` makes one, `--apply FILE` runs it)')
    .argument('<plan>', 'the file')
    .option('--json', 'as it is in the file')
    .option('--detailed-exitcode', 'exit 2 if it says that something would change')
    .action(async (file: string, flags: ShowFlags) => {
      const { showCommand } = await import('../commands/show.ts');
      report(showCommand(file, flags));
    });
};
