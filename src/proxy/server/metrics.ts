// Metrics in Prometheus' text format, written by prom-client. Counters live in the workers, not in the library: it is given
// families that are ready.
import { Registry } from 'prom-client';
import { type MetricFamily, metricFamilies } from '../core/stats/prometheus.ts';
import type { ControlledProxy } from './controlled-proxy.ts';
import { currentRows } from './current-rows.ts';
import { version } from './version.ts';

export async function metricsText(proxy: ControlledProxy): Promise<string> {
  const [rows, counters] = await Promise.all([currentRows(proxy), proxy.counters()]);
  const frontends = rows.filter((row) => row['type'] === 0);
  const sum = (column: string): number => frontends.reduce((total, row) => total + Number(row[column] ?? 0), 0);
  const facts = {
    version,
    workers: proxy.workers(),
    uptimeSeconds: process.uptime(),
    startSeconds: Date.now() / 1000 - process.uptime(),
    connections: sum('scur'),
    connectionsTotal: sum('conn_tot'),
    requestsTotal: sum('req_tot'),
    tables: proxy.sticks.tables.usage(performance.now()),
    droppedLogs: [...counters.values()].reduce((total, { logDropped }) => total + logDropped, 0),
  };
  const registry = new Registry();
  for (const family of metricFamilies(rows, facts, counters)) registry.registerMetric(asMetric(family) as never);
  return registry.metrics();
}

/** What the registry asks of a metric; its types want the classes that count themselves. */
interface ReadyMetric {
  readonly name: string;
  get(): Promise<object>;
}

function asMetric({ name, type, help, samples }: MetricFamily): ReadyMetric {
  const values = samples.map(({ suffix, labels, value }) => ({
    labels: { ...labels },
    value,
    ...(suffix && { metricName: `${name}${suffix}` }),
  }));
  return {
    name,
    get: () => Promise.resolve({ name, help, type, values, aggregator: 'sum' }),
  };
}
