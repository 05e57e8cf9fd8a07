// `veza-run prod lb status|create|apply|delete`: the load balancer of infra.yaml.
import pc from 'picocolors';
import { balancerResources } from '../../infra/desired/from-infra.ts';
import { absentLoadBalancer } from '../../infra/desired/load-balancer.ts';
import { ownedBy } from '../../infra/desired/ownership.ts';
import type { LoadBalancer, Target } from '../../infra/hetzner-cloud/types.ts';
import { VezaError } from '../../lib/errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { print } from '../output.ts';
import { openAccount, type Account, type ProdFlags } from '../prod/account.ts';
import { exitCodeOf, resultJson, table } from '../prod/present.ts';
import { work, type WorkFlags } from '../prod/work.ts';

export interface LbFlags extends ProdFlags, WorkFlags {
  readonly adopt?: boolean;
}

/** Exit code 4 where a target is not healthy. */
export async function lbStatus(flags: LbFlags): Promise<number> {
  await using account = await openAccount(flags, 30);
  const found = await account.cloud().loadBalancer(nameOf(account), account.signal);
  if (!found) {
    const hint = 'Make it with `veza-run prod lb apply`.';
    throw new VezaError('api-not-found', `there is no load balancer "${nameOf(account)}"`, { hint });
  }
  print(flags.json ? `${JSON.stringify(found, null, 2)}\n` : balancerText(found));
  return isHealthy(found) ? exitCodes.ok : exitCodes.unreachable;
}

/** Makes the balancer what infra.yaml says, whether it is there or not. */
export async function lbApply(flags: LbFlags): Promise<number> {
  await using account = await openAccount(flags, 120);
  nameOf(account);
  const cloud = account.cloud();
  const servers = await cloud.servers(account.signal);
  const resources = balancerResources(account.infra, cloud, servers, { adopt: flags.adopt ?? false });
  const results = await work(account, resources, flags);
  if (flags.json) print(`${JSON.stringify(results.map(resultJson), null, 2)}\n`);
  return exitCodeOf(results, flags.dryRun ?? false);
}

/** As `apply`, but only for a balancer that is not there. */
export async function lbCreate(flags: LbFlags): Promise<number> {
  await using account = await openAccount(flags, 120);
  const name = nameOf(account);
  if (await account.cloud().loadBalancer(name, account.signal)) {
    print(
      `the load balancer "${name}" is there already; make it what infra.yaml says with \`veza-run prod lb apply\`\n`,
    );
    return exitCodes.ok;
  }
  return await lbApply(flags);
}

/** Deletes it; only one that veza-run made, and only with --allow-destroy. */
export async function lbDelete(flags: LbFlags): Promise<number> {
  await using account = await openAccount(flags, 120);
  const cloud = account.cloud();
  const name = nameOf(account);
  const found = await cloud.loadBalancer(name, account.signal);
  if (found && !ownedBy(found.labels) && !flags.adopt) {
    throw new VezaError('foreign-resource', `the load balancer "${name}" was not made by veza-run`, {
      hint: 'Delete it by hand, or add --adopt.',
    });
  }
  const results = await work(account, [absentLoadBalancer(cloud, name)], flags);
  if (flags.json) print(`${JSON.stringify(results.map(resultJson), null, 2)}\n`);
  return exitCodeOf(results, flags.dryRun ?? false);
}

function nameOf({ infra }: Account): string {
  if (infra.loadBalancer) return infra.loadBalancer.name;
  throw new VezaError('missing-section', `${infra.file} has no load_balancer`);
}

/** For people: id, address, services, and targets with their health on each port. */
export function balancerText(found: LoadBalancer): string {
  const { id, name, public_net: net, algorithm, location, load_balancer_type: type, services, targets } = found;
  const head = [
    `${pc.bold(name)} (${id})`,
    `  address    ${net.ipv4.ip ?? '-'}`,
    `  algorithm  ${algorithm.type}`,
    `  type       ${type.name} in ${location.name}`,
  ];
  const serviceRows = services.map((service) => [
    '  ',
    `${service.protocol} :${service.listen_port} -> :${service.destination_port}`,
    `proxy_protocol=${service.proxyprotocol}`,
  ]);
  const targetRows = targets.map((target) => ['  ', targetName(target), healthOf(target)]);
  return [`${head.join('\n')}\n`, '  services\n', table(serviceRows), '  targets\n', table(targetRows)].join('');
}

export function isHealthy({ targets }: LoadBalancer): boolean {
  return targets.every(({ health_status: all = [] }) => all.every(({ status }) => status === 'healthy'));
}

function targetName({ type, server, ip, label_selector: selector }: Target): string {
  return `${type} ${ip?.ip ?? server?.id ?? selector?.selector ?? ''}`;
}

function healthOf({ health_status: all = [] }: Target): string {
  const shown = all.map(
    ({ listen_port: port, status }) => `:${port} ${status === 'healthy' ? pc.green(status) : pc.red(status)}`,
  );
  return shown.length === 0 ? pc.dim('health unknown') : shown.join('  ');
}
