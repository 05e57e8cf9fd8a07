// `veza-run dns ...`
import type { DnsServeFlags } from '../commands/dns-serve.ts';
import type { Register } from './registration.ts';

export const registerDns: Register = (program, report) => {
  const dns = program.command('dns').description('names of this machine');
  dns
    .command('serve')
    .description('answer DNS here: .localhost, .test and .local lead to this machine, the rest is asked elsewhere')
    .option('--address <address>', 'where to listen', '127.0.0.1')
    .option('--port <number>', 'for UDP and TCP; 0 takes a free one', '53')
    .option('--upstream <address>', 'whom to ask for everything else (default: 1.1.1.1:53)')
    .option('--no-upstream', 'refuse everything else')
    .option('--timeout <milliseconds>', 'how long to wait for the upstream', '3000')
    .option('--name <name...>', 'more names that lead to this machine')
    .option('--cloudns', 'answer for the zones of the ClouDNS account as they are there now')
    .action(async (flags: DnsServeFlags) => report(await (await import('../commands/dns-serve.ts')).dnsServe(flags)));
};
