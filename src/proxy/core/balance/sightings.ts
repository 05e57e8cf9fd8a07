// What one worker saw of a server since it last told the master, in short: what failed in a row, and how it compares with
// others. Successes are news only after failures: a server that is well costs nothing. Pure.
import type { BreakerConfig, CheckConfig } from '../config/model.ts';
import type { Circuit } from './circuit.ts';
import { type Observation, observed } from './observer.ts';
import type { Counted } from './outliers.ts';

/**
 * How many failed before the first success, at most between two, and since the last one. One number: none passed; two:
 * nothing failed between the successes.
 */
export type Run = readonly number[];

/** What the master is told of a server. */
export interface Seen {
  readonly breaker?: Run;
  readonly check?: Run;
  readonly counted?: Counted;
}

/** A worker that saw a trial fail lets no more try until the master has said for how long. */
const verdictMs = 1000;

class Runs {
  /** The master counts failures: it wants to hear what passes. At first it may have begun to. */
  watched = true;
  #run: number[] = [];

  /** Whether that is news. */
  add(passed: boolean, watched: boolean): boolean {
    if (passed && !watched && this.#run.length === 0) return false;
    if (this.#run.length === 0) this.#run.push(0);
    const last = this.#run.length - 1;
    if (!passed) this.#run[last] = (this.#run[last] ?? 0) + 1;
    else if (last < 2 && (last === 0 || this.#run[last] !== 0)) this.#run.push(0);
    else if (last === 2) {
      this.#run[1] = Math.max(this.#run[1] ?? 0, this.#run[2] ?? 0);
      this.#run[2] = 0;
    }
    return true;
  }

  drain(): Run | undefined {
    if (this.#run.length === 0) return undefined;
    const run = this.#run;
    if (run.length > 1) this.watched = false;
    this.#run = [];
    return run;
  }
}

export class Sightings {
  readonly #breaker = new Runs();
  readonly #check = new Runs();
  readonly #counted = { requests: 0, failures: 0, timed: 0, totalMs: 0 };

  /** The master wants to hear of successes again. */
  watch(breaker: boolean, check: boolean): void {
    this.#breaker.watched ||= breaker;
    this.#check.watched ||= check;
  }

  /** Takes what traffic met; true: the master should hear it soon. */
  note(
    seen: Observation,
    elapsedMs: number,
    circuit: Circuit,
    breaker: BreakerConfig | undefined,
    check: CheckConfig | undefined,
    nowMs: number,
  ): boolean {
    let isNews = false;
    if (breaker && seen !== 'connected') {
      const passed = seen === 'answered';
      const onTrial = !circuit.isClosed && !circuit.isOpen(nowMs);
      if (breaker.outlier) this.#count(passed, elapsedMs);
      isNews = this.#breaker.add(passed, this.#breaker.watched || onTrial);
      if (onTrial && !passed) circuit.open(nowMs + verdictMs, circuit.trials);
    }
    const passed = check && observed(check.observe, seen);
    if (passed !== undefined && this.#check.add(passed, this.#check.watched)) isNews = true;
    return isNews;
  }

  #count(passed: boolean, elapsedMs: number): void {
    const counted = this.#counted;
    counted.requests += 1;
    if (!passed) counted.failures += 1;
    if (elapsedMs < 0) return;
    counted.timed += 1;
    counted.totalMs += elapsedMs;
  }

  /** What there is to tell, if anything. */
  drain(): Seen | undefined {
    const [breaker, check] = [this.#breaker.drain(), this.#check.drain()];
    const { requests } = this.#counted;
    const counted = requests > 0 ? { ...this.#counted } : undefined;
    if (!breaker && !check && !counted) return undefined;
    if (counted) Object.assign(this.#counted, { requests: 0, failures: 0, timed: 0, totalMs: 0 });
    return { ...(breaker && { breaker }), ...(check && { check }), ...(counted && { counted }) };
  }
}

/** Says again what a run is short for. */
export function replay(run: Run, record: (passed: boolean) => void): void {
  run.forEach((failures, index) => {
    if (index > 0) record(true);
    for (let failure = 0; failure < failures; failure += 1) record(false);
  });
}
