// `veza-run test ...`
import { Option } from 'commander';
import type { FailoverFlags } from '../commands/test-failover.ts';
import { addInventoryOptions, addLoginOptions } from './options.ts';
import type { Register } from './registration.ts';

export const registerTest: Register = (program, report) => {
  const test = program.command('test').description('prove what was provisioned');
  addLoginOptions(
    addInventoryOptions(
      test.command('failover').description('stop a backend under load and count what fails: nothing may'),
    ),
  )
    .addOption(
      new Option('--way <way>', 'how the backend stops')
        .choices(['stop', 'crash', 'hang', 'power-off'])
        .default('stop'),
    )
    .option('--backend <host>', 'the backend to stop (default: the first of backend_api_instances)')
    .option('--rate <number>', 'requests a second', '300')
    .option('--seed <number>', 'seed of the load', '1')
    .option('--tries <number>', 'how often, where nothing was lost and only a time was missed', '1')
    .option('--name <name>', 'name of the lab that the hosts are in (power-off needs it)', 'lab')
    .option('--json <file>', 'write the report there')
    .option('--junit <file>', 'write it there as JUnit XML too')
    .action(async (flags: FailoverFlags) => {
      const { testFailover } = await import('../commands/test-failover.ts');
      report(await testFailover(flags));
    });
};
