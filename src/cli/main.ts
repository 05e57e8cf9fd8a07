// The composition root: reads the command line and hands over to a command. Commands load what they need themselves,
// so that `--version` and `--help` answer at once.
import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { exitCodes } from './exit-codes.ts';
import { printError } from './output.ts';
import type { LabFlags } from './commands/lab.ts';
import type { RunFlags } from './commands/run.ts';
import type { FailoverFlags } from './commands/test-failover.ts';

/** Runs the command line; resolves to the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  // Whoever reads our output may stop reading (`| head`): that is no error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exitCode = exitCodes.ok;
  });
  let exitCode: number = exitCodes.ok;
  const program = new Command('veza-run')
    .description('Provision hosts over SSH, with dry runs that tell the truth.')
    .version(version(), '-V, --version')
    .exitOverride()
    .showHelpAfterError('(`veza-run --help` lists the options)')
    .enablePositionalOptions();
  const report = (code: number) => void (exitCode = code);
  addRun(program, report);
  addLab(program, report);
  addTest(program, report);
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    printError(error);
    return exitCodes.usage;
  }
  return exitCode;
}

function addRun(program: Command, report: (code: number) => void): void {
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
      const { runCommand } = await import('./commands/run.ts');
      report(await runCommand(playbooks, flags));
    });
}

function addLab(program: Command, report: (code: number) => void): void {
  const lab = program.command('lab').description('real hosts on this machine, for trying and testing (root, Linux)');
  const add = (
    name: string,
    description: string,
    run: (flags: LabFlags, host: string, way: string) => Promise<number>,
    ...words: string[]
  ) => {
    const command = addInventoryOptions(lab.command(name).description(description)).option(
      '--name <name>',
      'name of the lab',
      'lab',
    );
    for (const word of words) command.argument(`<${word}>`);
    if (name === 'fail')
      command
        .option('--unit <unit>', 'the unit to stop, kill or hang')
        .option('--path <path>', 'the folder to fill (full-disk)');
    command.action(async (...all: unknown[]) => {
      const given = all.slice(0, words.length).map(String);
      report(await run(command.opts<LabFlags>(), given[0] ?? '', given[1] ?? ''));
    });
  };
  const commands = () => import('./commands/lab.ts');
  add('up', 'boot every host of the inventory', async (flags) => (await commands()).labUp(flags));
  add('down', 'stop the hosts and leave nothing behind', async (flags) => (await commands()).labDown(flags));
  add('status', 'what is running', async (flags) => (await commands()).labStatus(flags));
  add('ssh', 'log in to a host', async (flags, host) => (await commands()).labSsh(flags, host), 'host');
  add(
    'fail',
    'make a host fail: graceful, crash, hang, power-off, cable, slow, full-disk',
    async (flags, host, way) => (await commands()).labFail(flags, host, way),
    'host',
    'way',
  );
  add('heal', 'undo what `fail` did', async (flags, host) => (await commands()).labHeal(flags, host), 'host');
}

function addTest(program: Command, report: (code: number) => void): void {
  const test = program.command('test').description('prove what was provisioned');
  addInventoryOptions(
    test.command('failover').description('stop a backend under load and count what fails: nothing may'),
  )
    .addOption(
      new Option('--way <way>', 'how the backend stops')
        .choices(['stop', 'crash', 'hang', 'power-off'])
        .default('stop'),
    )
    .option('--backend <host>', 'the backend to stop (default: the first of backend_api_instances)')
    .option('--rate <number>', 'requests a second', '300')
    .option('--seed <number>', 'seed of the load', '1')
    .option('--name <name>', 'name of the lab that the hosts are in (power-off needs it)', 'lab')
    .option('--json <file>', 'write the report there')
    .option('--junit <file>', 'write it there as JUnit XML too')
    .action(async (flags: FailoverFlags) => {
      const { testFailover } = await import('./commands/test-failover.ts');
      report(await testFailover(flags));
    });
}

function addInventoryOptions(command: Command): Command {
  return command
    .option('-i, --inventory <source>', 'inventory file, folder or `host,` list (repeatable)', collectOne)
    .option('-e, --extra-vars <vars>', 'key=value, JSON or YAML, or @file (repeatable)', collectOne)
    .option('-u, --user <name>', 'user to log in as')
    .option('--private-key <file>', 'key to log in with');
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [
    ...previous,
    ...value
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean),
  ];
}

function collectOne(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}
