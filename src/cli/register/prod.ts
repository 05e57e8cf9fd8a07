// `veza-run prod ...`
import type { Command } from 'commander';
import type { BackupFlags } from '../commands/prod-backups.ts';
import type { DnsFlags } from '../commands/prod-dns.ts';
import type { ServiceFlags } from '../commands/prod-services.ts';
import type { LbFlags } from '../commands/prod-lb.ts';
import type { SetupFlags } from '../commands/prod-setup.ts';
import type { SslFlags } from '../commands/prod-ssl.ts';
import type { WatchFlags } from '../commands/prod-status.ts';
import { addCertificateOptions } from '../certificates.ts';
import type { ProdFlags } from '../prod/account.ts';
import type { Register } from './registration.ts';

export const registerProd: Register = (program, report) => {
  const prod = program.command('prod').description('the cloud part of infra.yaml: servers, load balancer, DNS');
  const setup = prod
    .command('setup')
    .description('servers, certificate, load balancer, DNS, and a look whether all is well');
  addCertificateOptions(addChanges(common(setup)))
    .option('--step <name>', 'only discover, ssl, lb, dns or verify')
    .action(async (flags: SetupFlags) => report(await (await import('../commands/prod-setup.ts')).prodSetup(flags)));
  const ssl = prod
    .command('ssl')
    .description('the wildcard certificate, got by ACME (dns-01) and renewed when it is due');
  addCertificateOptions(addChanges(common(ssl))).action(async (flags: SslFlags) =>
    report(await (await import('../commands/prod-ssl.ts')).prodSsl(flags)),
  );
  addDns(prod, report);
  addBackups(prod, report);
  addServices(prod, report);
  addBalancer(prod, report);
  common(
    prod.command('status').description('all hosts, their services, the load balancer, the health endpoints'),
  ).action(async (flags: ProdFlags) => report(await (await import('../commands/prod-status.ts')).prodStatus(flags)));
  common(prod.command('watch').description('the same again and again, until Ctrl-C'))
    .option('--interval <seconds>', 'between two looks (default: the shortest of the health endpoints, or 60)')
    .option('--count <number>', 'end after so many looks')
    .action(async (flags: WatchFlags) => report(await (await import('../commands/prod-status.ts')).prodWatch(flags)));
  prod
    .command('ssh')
    .description('log in to a host; words after -- are run there')
    .argument('<host>')
    .argument('[words...]')
    .option('-c, --config <file>', 'infra.yaml (default: the nearest one)')
    .action(async (host: string, words: string[], flags: ProdFlags) =>
      report(await (await import('../commands/prod-ssh.ts')).prodSsh(host, words, flags)),
    );
};

function addDns(prod: Command, report: (code: number) => void): void {
  const dns = prod.command('dns').description('records of a zone');
  const commands = () => import('../commands/prod-dns.ts');
  const zoned = (command: Command) =>
    common(command).option('--zone <zone>', 'the zone (default: the only one of infra.yaml)');
  zoned(dns.command('list').description('all records').argument('[zone]')).action(
    async (zone: string | undefined, flags: DnsFlags) =>
      report(await (await commands()).dnsList(zone === undefined ? flags : { ...flags, zone })),
  );
  addChanges(
    zoned(
      dns
        .command('set')
        .description('make a record what is given')
        .argument('<host>')
        .argument('<type>')
        .argument('<value>'),
    ),
  )
    .option('--ttl <seconds>', 'how long others may remember it', '300')
    .option('--priority <number>', 'MX and SRV')
    .option('--weight <number>', 'SRV')
    .option('--port <number>', 'SRV')
    .action(async (host: string, type: string, value: string, flags: DnsFlags) =>
      report(await (await commands()).dnsSet(host, type, value, flags)),
    );
  addChanges(
    zoned(dns.command('rm').description('remove all records of a host and type').argument('<host>').argument('<type>')),
  ).action(async (host: string, type: string, flags: DnsFlags) =>
    report(await (await commands()).dnsRemove(host, type, flags)),
  );
  addChanges(zoned(dns.command('diff').description('what `setup --step dns` would change'))).action(
    async (flags: DnsFlags) => report(await (await commands()).dnsDiff(flags)),
  );
}

function addBackups(prod: Command, report: (code: number) => void): void {
  const backups = prod.command('backups').description('the backups of infra.yaml, as systemd timers of their hosts');
  const commands = () => import('../commands/prod-backups.ts');
  hosted(backups.command('show').description('the scripts and units that hosts get').argument('[host]')).action(
    async (host: string | undefined, flags: BackupFlags) => report((await commands()).backupsShow(host, flags)),
  );
  hosted(backups.command('plan').description('what apply would change (exit code 2 if something)')).action(
    async (flags: BackupFlags) => report(await (await commands()).backupsApply(flags, true)),
  );
  hosted(
    backups.command('apply').description('put scripts, units and credentials on the hosts, start the timers'),
  ).action(async (flags: BackupFlags) => report(await (await commands()).backupsApply(flags, false)));
}

function addServices(prod: Command, report: (code: number) => void): void {
  const services = prod
    .command('services')
    .description('the data services of infra.yaml, in containers of their hosts');
  const commands = () => import('../commands/prod-services.ts');
  type Run = (name: string | undefined, flags: ServiceFlags) => number | Promise<number>;
  const several = (name: string, description: string, run: Run) =>
    hosted(services.command(name).description(description).argument('[service]')).action(
      async (service: string | undefined, flags: ServiceFlags) => report(await run(service, flags)),
    );
  const one = (name: string, description: string, run: (name: string, flags: ServiceFlags) => Promise<number>) =>
    hosted(services.command(name).description(description).argument('<service>'))
      .option('-C, --dry-run', 'show what would change, change nothing (exit code 2 if something would)')
      .action(async (service: string, flags: ServiceFlags) => report(await run(service, flags)));
  several('show', 'the units and environments that hosts get', async (name, flags) =>
    (await commands()).servicesShow(name, flags),
  );
  several('plan', 'what apply would change (exit code 2 if something)', async (name, flags) =>
    (await commands()).servicesApply(name, { ...flags, dryRun: true }),
  );
  several('apply', 'make them what infra.yaml says', async (name, flags) =>
    (await commands()).servicesApply(name, flags),
  );
  several('status', 'whether they run', async (name, flags) => (await commands()).servicesStatus(name, flags));
  for (const [name, state] of [
    ['start', 'started'],
    ['stop', 'stopped'],
    ['restart', 'restarted'],
  ] as const)
    one(name, `${name} it`, async (service, flags) => (await commands()).servicesState(service, state, flags));
  one('logs', 'the last lines that it wrote', async (service, flags) =>
    (await commands()).servicesLogs(service, flags.lines ?? '100', flags),
  ).option('--lines <number>', 'how many', '100');
  one('rm', 'stop it and take its unit away; its data stays', async (service, flags) =>
    (await commands()).servicesRemove(service, flags),
  ).option('--allow-destroy', 'delete its data and its password too');
}

/** Options of commands that work on hosts over SSH. */
function hosted(command: Command): Command {
  return command
    .option('-c, --config <file>', 'infra.yaml (default: the nearest one in this folder and those above)')
    .option('--json', 'for machines');
}

function addBalancer(prod: Command, report: (code: number) => void): void {
  const lb = prod.command('lb').description('the load balancer');
  const commands = () => import('../commands/prod-lb.ts');
  common(lb.command('status').description('its address, services, and the health of its targets')).action(
    async (flags: LbFlags) => report(await (await commands()).lbStatus(flags)),
  );
  const change = (name: string, description: string, run: (flags: LbFlags) => Promise<number>) =>
    addChanges(common(lb.command(name).description(description))).action(async (flags: LbFlags) =>
      report(await run(flags)),
    );
  change('create', 'make it, if it is not there', async (flags) => (await commands()).lbCreate(flags));
  change('apply', 'make it what infra.yaml says', async (flags) => (await commands()).lbApply(flags));
  change('delete', 'delete it (needs --allow-destroy)', async (flags) => (await commands()).lbDelete(flags));
}

function common(command: Command): Command {
  return command
    .option('-c, --config <file>', 'infra.yaml (default: the nearest one in this folder and those above)')
    .option('--offline', 'try it on fakes of the services, without an account')
    .option(
      '--timeout <seconds>',
      'give up after that time (default: status 60, dns and lb status 30, changes of lb 120, setup 300)',
    )
    .option('--json', 'for machines');
}

function addChanges(command: Command): Command {
  return command
    .option('-C, --dry-run', 'show what would change, change nothing (exit code 2 if something would)')
    .option('--allow-destroy', 'delete what should not be there any more')
    .option('--adopt', 'take over what is there and was not made by veza-run');
}
