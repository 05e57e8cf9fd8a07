// The answer of a host -> its state, and what is bad about it.
import { defaultLimits } from './alerts.ts';

export interface HostStatus {
  readonly host: string;
  /** Milliseconds until the connection stood; null where it never did. */
  readonly connectMs: number | null;
  readonly os: string | null;
  readonly docker: string | null;
  readonly load: { readonly processors: number; readonly oneMinute: number; readonly text: string } | null;
  readonly disks: readonly { readonly mount: string; readonly usedPercent: number }[];
  readonly certificates: readonly { readonly path: string; readonly daysLeft: number }[];
  readonly services: readonly ServiceStatus[];
  readonly problems: readonly string[];
}

export interface ServiceStatus {
  readonly name: string;
  /** `running`, `not running`, `cluster_size=2`, `PONG`. */
  readonly state: string;
  readonly healthy: boolean;
  /** The size of its cluster, or its sentinels. */
  readonly measure?: number;
}

export interface Thresholds {
  /** The monitoring section's alerts, by name. */
  readonly alerts: ReadonlyMap<string, number>;
  readonly nowMs: number;
}

const dayMs = 86_400_000;

/** Reads what the script of probe.ts printed. */
export function readStatus(host: string, connectMs: number, output: string, thresholds: Thresholds): HostStatus {
  const records = output.split('\n').map((line) => line.split('\t'));
  const of = (kind: string) => records.filter(([first]) => first === kind);
  const text = (kind: string) => of(kind)[0]?.[2] ?? null;
  const base = {
    host,
    connectMs,
    os: text('os'),
    docker: text('docker') === '' ? null : text('docker'),
    load: loadOf(of('load')[0]),
    disks: of('disk').map(([, mount = '', used = '']) => ({ mount, usedPercent: Number.parseInt(used, 10) || 0 })),
    certificates: of('certificate').flatMap(([, path = '', until = '']) => {
      const end = Date.parse(until);
      return Number.isNaN(end) ? [] : [{ path, daysLeft: Math.floor((end - thresholds.nowMs) / dayMs) }];
    }),
    services: of('service').map(([, name = '', said = '']) => serviceOf(name, said, thresholds.alerts)),
  };
  return { ...base, problems: problemsOf(base, thresholds.alerts) };
}

/** A host that could not be asked. */
export function unreachableStatus(host: string, reason: string): HostStatus {
  const nothing = { os: null, docker: null, load: null, disks: [], certificates: [], services: [] };
  return { host, connectMs: null, ...nothing, problems: [reason] };
}

function loadOf(record: readonly string[] | undefined): HostStatus['load'] {
  if (!record) return null;
  const [, processors = '1', text = ''] = record;
  return { processors: Number(processors) || 1, oneMinute: Number(text.split(' ')[0]) || 0, text };
}

function serviceOf(name: string, said: string, alerts: Thresholds['alerts']): ServiceStatus {
  const number = (pattern: RegExp) => {
    const found = pattern.exec(said)?.[1];
    return found === undefined ? null : Number(found);
  };
  const size = number(/cluster_size=(\d+)/);
  if (size !== null) {
    const wanted = alerts.get('galera_cluster_size') ?? defaultLimits.galera_cluster_size;
    const state = size < wanted ? `${said}, wanted ${wanted}` : said;
    return { name, state, healthy: size >= wanted, measure: size };
  }
  const quorum = alerts.get('redis_sentinel_quorum');
  if (said.startsWith('PONG') && quorum !== undefined) {
    const sentinels = number(/sentinels=(\d+)/) ?? 0;
    return {
      name,
      state: sentinels < quorum ? `${said}, wanted ${quorum} sentinels` : said,
      healthy: sentinels >= quorum,
      measure: sentinels,
    };
  }
  return { name, state: said, healthy: said.startsWith('running') || said.startsWith('PONG') };
}

function problemsOf(
  { services, disks, certificates, load }: Omit<HostStatus, 'problems'>,
  alerts: Thresholds['alerts'],
): readonly string[] {
  const limit = (name: keyof typeof defaultLimits) => alerts.get(name) ?? defaultLimits[name];
  return [
    ...services.filter(({ healthy }) => !healthy).map(({ name, state }) => `${name}: ${state}`),
    ...disks
      .filter(({ usedPercent }) => usedPercent > limit('disk_percent'))
      .map(({ mount, usedPercent }) => `${mount} is ${usedPercent} % full`),
    ...certificates
      .filter(({ daysLeft }) => daysLeft < limit('certificate_days'))
      .map(({ path, daysLeft }) => `${path} ${daysLeft < 0 ? 'has expired' : `expires in ${daysLeft} days`}`),
    ...(load && load.oneMinute > limit('load_per_processor') * load.processors
      ? [`load ${load.text} on ${load.processors} processors`]
      : []),
  ];
}
