// `veza-run PLAYBOOK...`: the flags of a run.
import { Option } from 'commander';
import type { RunFlags } from '../commands/run.ts';
import { addInventoryOptions, collect } from './options.ts';
import type { Register } from './registration.ts';

export const registerRun: Register = (program, report) => {
  const command = program
    .command('run', { isDefault: true })
    .description('run playbooks (the default: `veza-run playbooks/lb.yml -i inventory/lab.yml`)')
    .argument('<playbooks...>', 'playbook files');
  addInventoryOptions(command)
    .option('-l, --limit <pattern>', 'only these hosts of the plays')
    .option('-t, --tags <tags>', 'only tasks with one of these tags (comma separated)', collect)
    .option('--skip-tags <tags>', 'no task with one of these tags', collect)
    .option('-C, --check', 'show what would change, change nothing')
    .addOption(new Option('--dry-run', 'the same as --check').implies({ check: true }))
    .option('-D, --diff', 'show the differences')
    .option('--detailed-exitcode', 'with --check: exit 2 if something would change')
    .option('-f, --forks <number>', 'hosts worked on at once (default: all, at most 50)')
    .option('-b, --become', 'run tasks with sudo')
    .option('-k, --ask-pass', 'ask for the password of the connection')
    .option('-K, --ask-become-pass', 'ask for the password of sudo')
    .option('--json', 'one JSON event a line instead of text')
    .option('-v, --verbose', 'more output; -vvv shows most', (_value, level: number) => level + 1, 0)
    .action(async (playbooks: string[], flags: RunFlags) => {
      const { runCommand } = await import('../commands/run.ts');
      report(await runCommand(playbooks, flags));
    });
};
