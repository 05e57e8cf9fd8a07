// `veza-run prod status`: every host of infra.yaml at once, its services, the load balancer, the health endpoints.
import pc from 'picocolors';
import PQueue from 'p-queue';
import type { InfraHost } from '../../infra/config/model.ts';
import { statusScript } from '../../infra/status/probe.ts';
import { readStatus, unreachableStatus, type HostStatus } from '../../infra/status/read.ts';
import type { LoadBalancer } from '../../infra/hetzner-cloud/types.ts';
import { messageOf, VezaError } from '../../lib/errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { print } from '../output.ts';
import { openAccount, type Account, type ProdFlags } from '../prod/account.ts';
import { probeEndpoint, type EndpointState } from '../prod/endpoint.ts';
import { connectHost } from '../prod/host.ts';
import { balancerText, isHealthy } from './prod-lb.ts';

const concurrency = 32;
const probeTimeoutMs = 30_000;

/** Exit code 1 where anything is bad. */
export async function prodStatus(flags: ProdFlags): Promise<number> {
  await using account = await openAccount(flags, 60);
  const queue = new PQueue({ concurrency });
  const hosts = [...account.infra.hosts.values()];
  const tell = liveRows(hosts.length, flags.json ?? false);
  const statuses = hosts.map((host) =>
    queue.add(async () => {
      const status = await statusOf(account, host);
      tell();
      return status;
    }),
  );
  const endpoints = (account.infra.monitoring?.healthEndpoints ?? []).map(({ url }) =>
    queue.add(() => probeEndpoint(url, account.signal)),
  );
  const [found, asked, balancer] = await Promise.all([
    Promise.all(statuses),
    Promise.all(endpoints),
    balancerOf(account),
  ]);
  if (flags.json) print(`${JSON.stringify({ hosts: found, endpoints: asked, load_balancer: balancer }, null, 2)}\n`);
  else printStatus(found, asked, balancer);
  const bad =
    found.some(({ problems }) => problems.length > 0) ||
    asked.some(({ problem }) => problem !== null) ||
    'problem' in balancer ||
    ('found' in balancer && !isHealthy(balancer.found));
  return bad ? exitCodes.usage : exitCodes.ok;
}

async function statusOf(account: Account, host: InfraHost): Promise<HostStatus> {
  const started = performance.now();
  try {
    await using session = await connectHost(host, account.signal);
    const connectMs = Math.round(performance.now() - started);
    const identity = { user: null, method: 'sudo' } as const;
    const steps = [{ script: statusScript(host.services), timeoutMs: probeTimeoutMs }];
    const [result] = await session.run({ identity, steps, haltOnFailure: true, signal: account.signal });
    if (!result || result.timedOut)
      return { ...unreachableStatus(host.name, `no answer within ${probeTimeoutMs / 1000} s`), connectMs };
    const thresholds = {
      alerts: account.infra.monitoring?.alerts ?? new Map<string, number>(),
      nowMs: account.clock.now(),
    };
    return readStatus(host.name, connectMs, result.stdout, thresholds);
  } catch (error) {
    if (error instanceof VezaError) return unreachableStatus(host.name, error.message);
    throw error;
  }
}

type BalancerStatus = { readonly found: LoadBalancer } | { readonly skipped: string } | { readonly problem: string };

async function balancerOf(account: Account): Promise<BalancerStatus> {
  const name = account.infra.loadBalancer?.name;
  if (name === undefined) return { skipped: 'infra.yaml has none' };
  try {
    const found = await account.cloud().loadBalancer(name, account.signal);
    return found ? { found } : { problem: `there is no load balancer "${name}"` };
  } catch (error) {
    if (error instanceof VezaError && error.code === 'missing-credentials') return { skipped: error.message };
    return { problem: messageOf(error) };
  }
}

function printStatus(
  hosts: readonly HostStatus[],
  endpoints: readonly EndpointState[],
  balancer: BalancerStatus,
): void {
  for (const host of hosts) print(hostText(host));
  if (endpoints.length > 0) print(`${pc.bold('endpoints')}\n`);
  for (const { url, status, milliseconds, problem } of endpoints) {
    print(
      problem === null
        ? `  ${pc.green('ok')} ${url}  HTTP ${status ?? ''}, ${milliseconds} ms\n`
        : `  ${pc.red('x')}  ${url}  ${problem}\n`,
    );
  }
  if ('found' in balancer) print(balancerText(balancer.found));
  else if ('skipped' in balancer) print(`${pc.bold('load balancer')}\n  ${pc.dim(`skipped: ${balancer.skipped}`)}\n`);
  else print(`${pc.bold('load balancer')}\n  ${pc.red('x')} ${balancer.problem}\n`);
}

function hostText(status: HostStatus): string {
  const { host, connectMs, os, docker, load, disks, certificates, services, problems } = status;
  const good = problems.length === 0;
  const lines = [
    `${pc.bold(host)}  ${good ? pc.green('ok') : pc.red('bad')}${connectMs === null ? '' : pc.dim(`  ssh ${connectMs} ms`)}`,
  ];
  if (os !== null)
    lines.push(`  ${[os, docker, load && `load ${load.text}`].filter((part) => part !== null).join(' · ')}`);
  if (disks.length > 0)
    lines.push(`  disk ${disks.map(({ mount, usedPercent }) => `${mount} ${usedPercent} %`).join(', ')}`);
  for (const { path, daysLeft } of certificates) lines.push(`  certificate ${path}: ${daysLeft} days left`);
  for (const { name, state, healthy } of services)
    lines.push(`  ${healthy ? pc.green('ok') : pc.red('x ')} ${name}  ${state}`);
  const told = new Set(services.map(({ name, state }) => `${name}: ${state}`));
  for (const problem of problems.filter((one) => !told.has(one))) lines.push(`  ${pc.red('x ')} ${problem}`);
  return `${lines.join('\n')}\n`;
}

/** How many hosts have answered: on a terminal one line that moves, elsewhere nothing. */
function liveRows(count: number, quiet: boolean): () => void {
  let done = 0;
  const show = () => {
    if (!quiet && process.stderr.isTTY)
      process.stderr.write(`\r${pc.dim(`${done} of ${count} hosts`)}${done === count ? '\r\u001b[K' : ''}`);
  };
  show();
  return () => {
    done += 1;
    show();
  };
}
