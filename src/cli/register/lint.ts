// `veza-run lint [paths...]`: its flags.
import { Option } from 'commander';
import type { LintFlags } from '../commands/lint.ts';
import { addInventoryOptions } from './options.ts';
import type { Register } from './registration.ts';

export const registerLint: Register = (program, report) => {
  const command = program
    .command('lint')
    .description('find mistakes in playbooks, roles and inventories, without any host')
    .argument(
      '[paths...]',
      'playbooks, roles, files of tasks, inventories, or folders (default: those of this project)',
    );
  addInventoryOptions(command)
    .addOption(
      new Option('--format <format>', 'how to say it').choices(['text', 'json', 'github', 'sarif']).default('text'),
    )
    .option('--strict', 'warnings are errors')
    .option('-q, --quiet', 'only errors and warnings')
    .action(async (paths: string[], flags: LintFlags) => {
      const { lintCommand } = await import('../commands/lint.ts');
      report(lintCommand(paths, flags));
    });
};
