// One look at everything that infra.yaml names: hosts, load balancer, health endpoints, and the alerts that they are judged by.
import PQueue from 'p-queue';
import type { InfraHost } from '../../infra/config/model.ts';
import type { LoadBalancer } from '../../infra/hetzner-cloud/types.ts';
import { evaluateAlerts, type Alert } from '../../infra/status/alerts.ts';
import { statusScript } from '../../infra/status/probe.ts';
import { readStatus, unreachableStatus, type HostStatus } from '../../infra/status/read.ts';
import { messageOf, VezaError } from '../../lib/errors.ts';
import type { Account } from './account.ts';
import { probeEndpoint, type EndpointState } from './endpoint.ts';
import { connectHost } from './host.ts';
import { startProgress } from './progress.ts';

export interface Look {
  /** In the order of the file. */
  readonly hosts: readonly HostStatus[];
  readonly endpoints: readonly EndpointState[];
  readonly balancer: BalancerStatus;
  readonly alerts: readonly Alert[];
  /** Why hosts and endpoints were not asked; null where they were. */
  readonly leftOut: string | null;
}

export type BalancerStatus =
  { readonly found: LoadBalancer } | { readonly skipped: string } | { readonly problem: string };

const concurrency = 32;
const probeTimeoutMs = 30_000;

/** Endpoints that `known` answers for are not asked again. Problems of what is looked at are in the result. */
export async function look(
  account: Account,
  known: (url: string) => EndpointState | undefined = () => undefined,
): Promise<Look> {
  const { infra, signal, clock } = account;
  const hosts = account.offline ? [] : [...infra.hosts.values()];
  const urls = account.offline ? [] : (infra.monitoring?.healthEndpoints ?? []).map(({ url }) => url);
  const limits = infra.monitoring?.alerts ?? new Map<string, number>();
  const queue = new PQueue({ concurrency });
  using progress = startProgress('hosts', hosts.length);
  const asked = hosts.map((host) =>
    queue.add(async () => {
      const status = await statusOf(account, host, limits);
      progress.advance();
      return status;
    }),
  );
  const certificateDays = limits.get('certificate_days');
  const options = { signal, nowMs: clock.now(), ...(certificateDays !== undefined && { certificateDays }) };
  const answers = urls.map(async (url) => known(url) ?? (await queue.add(() => probeEndpoint(url, options))));
  const [found, endpoints, balancer] = await Promise.all([
    Promise.all(asked),
    Promise.all(answers),
    balancerOf(account),
  ]);
  const healthyTargets = 'found' in balancer ? balancer.found.targets.filter(isWell).length : null;
  return {
    hosts: found,
    endpoints,
    balancer,
    alerts: account.offline ? [] : evaluateAlerts(limits, { hosts: found, endpoints, healthyTargets }),
    leftOut: account.offline ? 'there are no hosts behind --offline' : null,
  };
}

/** Whether nothing of it is bad. */
export function isGood({ hosts, endpoints, balancer, alerts }: Look): boolean {
  return (
    hosts.every(({ problems }) => problems.length === 0) &&
    endpoints.every(({ problem }) => problem === null) &&
    alerts.every(({ good }) => good) &&
    ('skipped' in balancer || ('found' in balancer && isHealthy(balancer.found)))
  );
}

/** Whether all targets are. */
export function isHealthy({ targets }: LoadBalancer): boolean {
  return targets.every(isWell);
}

function isWell({ health_status: all = [] }: LoadBalancer['targets'][number]): boolean {
  return all.every(({ status }) => status === 'healthy');
}

async function statusOf(account: Account, host: InfraHost, alerts: ReadonlyMap<string, number>): Promise<HostStatus> {
  const { signal, clock } = account;
  const started = performance.now();
  try {
    await using session = await connectHost(host, signal);
    const connectMs = Math.round(performance.now() - started);
    const identity = { user: null, method: 'sudo' } as const;
    const steps = [{ script: statusScript(host.services), timeoutMs: probeTimeoutMs }];
    const [result] = await session.run({ identity, steps, haltOnFailure: true, signal });
    if (!result || result.timedOut)
      return { ...unreachableStatus(host.name, `no answer within ${probeTimeoutMs / 1000} s`), connectMs };
    return readStatus(host.name, connectMs, result.stdout, { alerts, nowMs: clock.now() });
  } catch (error) {
    const reason: unknown = signal.aborted ? signal.reason : error;
    if (reason instanceof VezaError) return unreachableStatus(host.name, reason.message);
    throw error;
  }
}

async function balancerOf(account: Account): Promise<BalancerStatus> {
  const name = account.infra.loadBalancer?.name;
  if (name === undefined) return { skipped: 'infra.yaml has none' };
  const missing = account.missing(['hcloud']);
  if (missing.length > 0) return { skipped: `not set in the environment: ${missing.join(', ')}` };
  try {
    const found = await account.cloud().loadBalancer(name, account.signal);
    return found ? { found } : { problem: `there is no load balancer "${name}"` };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}
