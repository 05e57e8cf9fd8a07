// Servers that differ from the others of their backend: that fail more of their requests, or take much longer to answer. Looked
// at once an interval, over what all workers saw in it. Pure.
import type { OutlierConfig } from '../config/model.ts';

/** Requests to a server. */
export interface Counted {
  readonly requests: number;
  readonly failures: number;
  /** Those whose time to the first byte is known, and the sum of these times. */
  readonly timed: number;
  readonly totalMs: number;
}

const nothing: Counted = { requests: 0, failures: 0, timed: 0, totalMs: 0 };

export class Outliers<S> {
  #seen = new Map<S, Counted>();
  #sinceMs = -1;

  add(server: S, more: Counted, nowMs: number): void {
    if (this.#sinceMs < 0) this.#sinceMs = nowMs;
    const { requests, failures, timed, totalMs } = this.#seen.get(server) ?? nothing;
    this.#seen.set(server, {
      requests: requests + more.requests,
      failures: failures + more.failures,
      timed: timed + more.timed,
      totalMs: totalMs + more.totalMs,
    });
  }

  /** At the end of an interval those that are outliers, the worst first; then the next one begins. */
  judge(config: OutlierConfig, nowMs: number): readonly S[] {
    if (this.#sinceMs < 0 || nowMs - this.#sinceMs < config.intervalMs) return [];
    const enough = [...this.#seen].filter(([, { requests }]) => requests >= config.requests);
    this.#seen.clear();
    this.#sinceMs = nowMs;
    const failing = enough
      .filter(([, seen]) => config.failurePercent > 0 && percentOf(seen) >= config.failurePercent)
      // Where all fail alike none is an outlier.
      .filter(([, seen]) => enough.some(([, other]) => percentOf(other) <= percentOf(seen) / 2))
      .toSorted(([, one], [, other]) => percentOf(other) - percentOf(one));
    return [...new Set([...failing.map(([server]) => server), ...slowOnes(enough, config)])];
  }
}

/** Those that take so many times as long as the others do in the middle, slowest first. */
function slowOnes<S>(seen: readonly (readonly [S, Counted])[], { latency, latencyMinMs }: OutlierConfig): readonly S[] {
  if (latency === 0) return [];
  const timed = seen.filter(([, each]) => each.timed > 0);
  return timed
    .filter(([server, each]) => {
      const others = timed.filter(([other]) => other !== server).map(([, other]) => meanOf(other));
      return others.length > 0 && meanOf(each) >= latencyMinMs && meanOf(each) > latency * medianOf(others);
    })
    .toSorted(([, one], [, other]) => meanOf(other) - meanOf(one))
    .map(([server]) => server);
}

function percentOf({ requests, failures }: Counted): number {
  return (failures * 100) / requests;
}

function meanOf({ timed, totalMs }: Counted): number {
  return totalMs / timed;
}

/** Of an even number the higher one of the middle: rather one outlier too few. */
function medianOf(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}
