// `veza-run PLAYBOOK...`: the flags of a run.
import { Option, type Command } from 'commander';
import type { RunFlags } from '../run-flags.ts';
import { addConnectionOptions, addInventoryOptions, collect } from './options.ts';
import { addRefusedOptions, refuse } from './refused-options.ts';
import type { Register } from './registration.ts';

export const registerRun: Register = (program, report) => {
  const command = program
    .command('run', { isDefault: true })
    .description('run playbooks (the default: `veza-run playbooks/lb.yml -i inventory/lab.yml`)')
    .argument('<playbooks...>', 'playbook files');
  addInventoryOptions(command.optionsGroup('Hosts and variables:')).option(
    '-l, --limit <pattern>',
    'only these hosts of the plays; @FILE has one pattern a line',
  );
  addTaskOptions(command.optionsGroup('Tasks:'));
  addWayOptions(command.optionsGroup('How it runs:'));
  addConnectionOptions(command.optionsGroup('Connections and privileges:'));
  addBecomeOptions(command);
  addLookOptions(command.optionsGroup('Look, and run nothing:'));
  addOutputOptions(command.optionsGroup('Output:'));
  addRefusedOptions(command);
  command.optionsGroup('Help:').action(async (playbooks: string[], flags: RunFlags) => {
    refuse(flags);
    const { runCommand } = await import('../commands/run.ts');
    report(await runCommand(playbooks, flags));
  });
};

function addTaskOptions(command: Command): void {
  command
    .option('-t, --tags <tags>', 'only tasks with one of these tags (comma separated)', collect)
    .option('--skip-tags <tags>', 'no task with one of these tags', collect)
    .option('--start-at-task <name>', 'begin at the task of this name (`*` stands for anything)')
    .option('--step', 'ask before each task')
    .option('--force-handlers', 'run notified handlers on hosts where a task failed, too');
}

function addWayOptions(command: Command): void {
  command
    .option('-C, --check', 'show what would change, change nothing')
    .addOption(new Option('--dry-run', 'the same as --check').implies({ check: true }))
    .option('-D, --diff', 'show the differences')
    .option('--detailed-exitcode', 'with --check: exit 2 if something would change')
    .option('--assert-idempotent', 'run, then run again, and fail if the second run changes anything')
    .option('-f, --forks <number>', 'hosts worked on at once (default: all, at most 50)')
    .option('--max-time <time>', 'give up after this long: seconds, or 90s, 15m, 1h30m')
    .option('--flush-cache', "accepted for Ansible's sake: nothing is cached between runs");
}

function addBecomeOptions(command: Command): void {
  command
    .option('-b, --become', 'run tasks as another user')
    .option('--become-user <name>', 'that user (default: root)')
    .addOption(
      new Option('--become-method <method>', 'how to become it (default: sudo)').choices(['sudo', 'su', 'doas']),
    )
    .option('-K, --ask-become-pass', 'ask for the password that becoming it needs');
}

function addLookOptions(command: Command): void {
  command
    .option('--list-hosts', 'the hosts of each play')
    .option('--list-tasks', 'the tasks of each play')
    .option('--list-tags', 'the tags of each play')
    .option('--syntax-check', 'read everything, say what is wrong with it');
}

function addOutputOptions(command: Command): void {
  command
    .option(
      '-v, --verbose',
      'tell more. -v: values and output of every task. -vv: where tasks stand, and why they were skipped. ' +
        '-vvv: connections, and who runs how much. -vvvv: the scripts, and how long they took. ' +
        'Secrets and what no_log hides are never shown',
      (_value, level: number) => level + 1,
      0,
    )
    .option('--json', 'one JSON event a line instead of text')
    .option('--junit <file>', 'write the results there as JUnit XML too');
}
