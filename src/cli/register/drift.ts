// `veza-run drift PLAYBOOK...`: a dry run whose exit code tells whether hosts still are what the playbooks say.
import type { RunFlags } from '../run-flags.ts';
import { refuse } from './refused-options.ts';
import type { Register } from './registration.ts';
import { addRunOptions } from './run.ts';

export const registerDrift: Register = (program, report) => {
  const command = program
    .command('drift')
    .description('whether hosts still are what playbooks say: exit 0 if so, 2 if something differs; changes nothing')
    .argument('<playbooks...>', 'playbook files');
  addRunOptions(command);
  command.optionsGroup('Help:').action(async (playbooks: string[], flags: RunFlags) => {
    refuse(flags);
    const { runCommand } = await import('../commands/run.ts');
    report(await runCommand(playbooks, { ...flags, check: true, detailedExitcode: true }));
  });
};
