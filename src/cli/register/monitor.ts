// `veza-run monitor`
import type { MonitorFlags } from '../commands/monitor.ts';
import { collect } from './options.ts';
import type { Register } from './registration.ts';

export const registerMonitor: Register = (program, report) => {
  program
    .command('monitor')
    .description('open security alerts of GitHub repositories')
    .option('-r, --repo <name>', 'OWNER/NAME, or a name of the same owner (default: the remote of this folder)')
    .option('--all', 'all repositories of the owner (of --repo, or of the remote of this folder)')
    .option('-s, --severity <list>', 'only these: critical, high, medium, low', collect)
    .option('--fail-on <severity>', 'exit with 1 if a finding is as bad as that')
    .option('--timeout <seconds>', 'give up after that time (default: 120)')
    .option('--json', 'for machines')
    .action(async (flags: MonitorFlags) => report(await (await import('../commands/monitor.ts')).monitor(flags)));
};
