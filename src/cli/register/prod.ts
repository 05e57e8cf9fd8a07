// `veza-run prod ...`
import type { Command } from 'commander';
import type { DnsFlags } from '../commands/prod-dns.ts';
import type { LbFlags } from '../commands/prod-lb.ts';
import type { SetupFlags } from '../commands/prod-setup.ts';
import type { WatchFlags } from '../commands/prod-status.ts';
import type { ProdFlags } from '../prod/account.ts';
import type { Register } from './registration.ts';

export const registerProd: Register = (program, report) => {
  const prod = program.command('prod').description('the cloud part of infra.yaml: servers, load balancer, DNS');
  addChanges(common(prod.command('setup').description('servers, load balancer, DNS, and a look whether all is well')))
    .option('--step <name>', 'only discover, lb, dns or verify')
    .action(async (flags: SetupFlags) => report(await (await import('../commands/prod-setup.ts')).prodSetup(flags)));
  addDns(prod, report);
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
