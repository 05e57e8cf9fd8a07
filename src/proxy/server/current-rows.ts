// Statistics as they are now, of all workers together.
import { type Row, statsRows } from '../core/stats/rows.ts';
import type { ControlledProxy } from './controlled-proxy.ts';

export async function currentRows(proxy: ControlledProxy): Promise<Row[]> {
  const counters = await proxy.counters();
  const { records, times } = proxy.registry;
  return statsRows({ config: proxy.config(), records, counters, nowMs: performance.now(), rates: proxy.rates, times });
}
