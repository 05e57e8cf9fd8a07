// `veza-run lab ...`
import type { LabFlags } from '../commands/lab.ts';
import { addInventoryOptions, addLoginOptions } from './options.ts';
import type { Register } from './registration.ts';

export const registerLab: Register = (program, report) => {
  const lab = program.command('lab').description('real hosts on this machine, for trying and testing (root, Linux)');
  const add = (
    name: string,
    description: string,
    run: (flags: LabFlags, host: string, way: string) => Promise<number>,
    ...words: string[]
  ) => {
    const command = addLoginOptions(addInventoryOptions(lab.command(name).description(description))).option(
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
  const commands = () => import('../commands/lab.ts');
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
};
