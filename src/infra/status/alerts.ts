// The alerts of infra.yaml's monitoring section: limits by name, and what was found against each. Pure.
import type { HostStatus } from './read.ts';

/** Which way a limit goes, and its value where the file names none (null: then nobody asks). */
const kinds = {
  galera_cluster_size: { sense: 'at least', usual: 1 },
  redis_sentinel_quorum: { sense: 'at least', usual: null },
  healthy_targets: { sense: 'at least', usual: null },
  /** Certificates are renewed a month before they end: less than two weeks is late. */
  certificate_days: { sense: 'at least', usual: 14 },
  disk_percent: { sense: 'at most', usual: 90 },
  /** More waiting work than that for each processor is bad. */
  load_per_processor: { sense: 'at most', usual: 4 },
  http_milliseconds: { sense: 'at most', usual: null },
} as const satisfies Record<string, { readonly sense: 'at least' | 'at most'; readonly usual: number | null }>;

export type AlertName = keyof typeof kinds;

export const alertNames: readonly string[] = Object.keys(kinds);

export const defaultLimits = {
  galera_cluster_size: kinds.galera_cluster_size.usual,
  certificate_days: kinds.certificate_days.usual,
  disk_percent: kinds.disk_percent.usual,
  load_per_processor: kinds.load_per_processor.usual,
} as const;

export interface Alert {
  readonly name: string;
  readonly sense: 'at least' | 'at most';
  readonly wanted: number;
  /** The worst value of all that were asked; null where nobody could tell. */
  readonly found: number | null;
  readonly good: boolean;
}

/** What was seen, in the parts that limits are for. */
export interface Seen {
  readonly hosts: readonly HostStatus[];
  readonly endpoints: readonly { readonly milliseconds: number; readonly certificateDays: number | null }[];
  /** null where there is no load balancer to be asked. */
  readonly healthyTargets: number | null;
}

/** Every alert of the file that is known, in its order. What nobody could tell is not good. */
export function evaluateAlerts(alerts: ReadonlyMap<string, number>, seen: Seen): readonly Alert[] {
  return [...alerts].flatMap(([name, wanted]) => {
    if (!isAlertName(name)) return [];
    const { sense } = kinds[name];
    const values = valuesOf[name](seen);
    const found = values.length === 0 ? null : sense === 'at least' ? Math.min(...values) : Math.max(...values);
    const good = found !== null && (sense === 'at least' ? found >= wanted : found <= wanted);
    return [{ name, sense, wanted, found, good }];
  });
}

function isAlertName(name: string): name is AlertName {
  return Object.hasOwn(kinds, name);
}

const valuesOf: Readonly<Record<AlertName, (seen: Seen) => readonly number[]>> = {
  galera_cluster_size: ({ hosts }) => measured(hosts, 'galera'),
  redis_sentinel_quorum: ({ hosts }) => measured(hosts, 'redis'),
  healthy_targets: ({ healthyTargets }) => (healthyTargets === null ? [] : [healthyTargets]),
  certificate_days: ({ hosts, endpoints }) => [
    ...hosts.flatMap(({ certificates }) => certificates.map(({ daysLeft }) => daysLeft)),
    ...endpoints.flatMap(({ certificateDays }) => certificateDays ?? []),
  ],
  disk_percent: ({ hosts }) => hosts.flatMap(({ disks }) => disks.map(({ usedPercent }) => usedPercent)),
  load_per_processor: ({ hosts }) => hosts.flatMap(({ load }) => (load ? [load.oneMinute / load.processors] : [])),
  http_milliseconds: ({ endpoints }) => endpoints.map(({ milliseconds }) => milliseconds),
};

/** A service that does not run counts as nothing. */
function measured(hosts: readonly HostStatus[], service: string): readonly number[] {
  return hosts.flatMap(({ services }) =>
    services.filter(({ name }) => name === service).map(({ measure }) => measure ?? 0),
  );
}
