// `veza-run domains ...`
import type { Command } from 'commander';
import { addCertificateOptions } from '../certificates.ts';
import type { DomainFlags } from '../commands/domains.ts';
import type { Register } from './registration.ts';

export const registerDomains: Register = (program, report) => {
  const domains = program.command('domains').description('names that lead to this machine, with certificates');
  const commands = () => import('../commands/domains.ts');
  common(
    domains
      .command('add')
      .description('add a name: local ones to the hosts file and with a certificate of this machine, others by ACME')
      .argument('<name>'),
  )
    .option('--local', 'hosts file and local certificate (default for .test, .localhost and .local)')
    .option('--public', 'a certificate of a public authority (default for all others)')
    .action(async (name: string, flags: DomainFlags) => report(await (await commands()).domainsAdd(name, flags)));
  common(
    domains.command('remove').description('remove a name, its lines and its certificate').argument('<name>'),
  ).action(async (name: string, flags: DomainFlags) => report(await (await commands()).domainsRemove(name, flags)));
  common(domains.command('list').description('all names, and how long their certificates are good')).action(
    async (flags: DomainFlags) => report(await (await commands()).domainsList(flags)),
  );
  common(domains.command('renew').description('renew the certificates that are due (for a timer)')).action(
    async (flags: DomainFlags) => report(await (await commands()).domainsRenew(flags)),
  );
};

function common(command: Command): Command {
  return addCertificateOptions(command)
    .option('--challenge <kind>', 'http-01 (this machine is reached on port 80) or dns-01 (by ClouDNS)', 'http-01')
    .option('--http-port <number>', 'where http-01 is answered, if something leads from port 80 to it', '80')
    .option('--hosts-file <path>', 'the hosts file', '/etc/hosts')
    .option('--json', 'for machines');
}
