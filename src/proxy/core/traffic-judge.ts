// Judges servers by what all workers saw of them: whose circuit opens or closes, whose check is to be told, and of whom
// workers should say when something passes. Pure.
import { Outliers } from './balance/outliers.ts';
import { replay, type Run, type Seen } from './balance/sightings.ts';
import type { BackendConfig, BreakerConfig } from './config/model.ts';
import type { ServerRecord } from './server-record.ts';

export interface Verdict {
  /** Those whose circuit opened or closed now. */
  readonly opened: readonly ServerRecord[];
  readonly closed: boolean;
  /** So many times there were too many errors in a row. */
  readonly trips: number;
  /** Failures are being counted: what passes is to be told. */
  readonly watch: { readonly breaker: boolean; readonly check: boolean };
}

export class TrafficJudge {
  /** A new configuration begins a new interval. */
  readonly #outliers = new WeakMap<BackendConfig, Outliers<ServerRecord>>();

  /** Takes what a worker saw of a server. `all`: the servers of its backend. */
  take(record: ServerRecord, seen: Seen, all: readonly ServerRecord[], nowMs: number): Verdict {
    const { breaker } = record.backend;
    const check = record.config.check;
    const { observer } = record;
    const wasFailing = { breaker: record.breaker.isFailing, check: observer.isFailing };
    const opened: ServerRecord[] = [];
    let closed = false;
    let trips = 0;
    if (breaker && seen.breaker)
      replay(seen.breaker, (passed) => {
        const what = record.breaker.record(breaker, passed, passed || mayOpen(breaker, all, nowMs), nowMs);
        if (what === 'opened') opened.push(record);
        closed = what === 'closed' || (closed && what === undefined);
      });
    if (check && seen.check)
      replay(seen.check, (passed) => {
        if (observer.record(check.errorLimit, passed)) trips += 1;
      });
    if (breaker?.outlier && seen.counted) opened.push(...this.#judge(record, seen.counted, breaker, all, nowMs));
    const watch = {
      breaker: isToWatch(seen.breaker, wasFailing.breaker, record.breaker.isFailing),
      check: isToWatch(seen.check, wasFailing.check, observer.isFailing),
    };
    return { opened, closed, trips, watch };
  }

  #judge(
    record: ServerRecord,
    counted: NonNullable<Seen['counted']>,
    breaker: BreakerConfig,
    all: readonly ServerRecord[],
    nowMs: number,
  ): ServerRecord[] {
    const { outlier } = breaker;
    if (!outlier) return [];
    let outliers = this.#outliers.get(record.backend);
    if (!outliers) this.#outliers.set(record.backend, (outliers = new Outliers()));
    outliers.add(record, counted, nowMs);
    const opened: ServerRecord[] = [];
    for (const worst of outliers.judge(outlier, nowMs)) {
      if (worst.breaker.circuit.isOpen(nowMs) || !all.includes(worst) || !mayOpen(breaker, all, nowMs)) continue;
      worst.breaker.open(breaker, nowMs);
      opened.push(worst);
    }
    return opened;
  }
}

/** Workers that told of a success tell of no more until they are asked to. */
function isToWatch(run: Run | undefined, wasFailing: boolean, isFailing: boolean): boolean {
  return run !== undefined && isFailing && (!wasFailing || run.length > 1);
}

function mayOpen({ maxEjectedPercent }: BreakerConfig, all: readonly ServerRecord[], nowMs: number): boolean {
  const open = all.filter((other) => other.breaker.circuit.isOpen(nowMs)).length;
  return (open + 1) * 100 <= maxEjectedPercent * all.length;
}
