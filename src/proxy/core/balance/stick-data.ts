// What is counted of one client of a stick table, and its rates over sliding times.
import type { StickDataName, StickDatum } from '../config/stick-model.ts';

/** Requests, those answered with 4xx, bytes from the client and to it: what came since others were last told. */
export type StickCounts = readonly [requests: number, errors: number, bytesIn: number, bytesOut: number];

/** A rate at some time: how long ago its period began, what came in it, and in the one before. */
export interface RateState {
  readonly ageMs: number;
  readonly current: number;
  readonly previous: number;
}

const sources: Readonly<Record<string, number>> = {
  conn: 0,
  http_req: 0,
  http_err: 1,
  bytes_in: 2,
  bytes_out: 3,
};

/** Which of the counts a datum is about; undefined: none, operators set it. */
function sourceOf(name: StickDataName): number | undefined {
  return sources[name.replace(/_(?:cnt|rate)$/, '')];
}

export class StickData {
  readonly #counts = new Map<StickDataName, number>();
  readonly #rates = new Map<StickDataName, PeriodRate>();

  add(data: readonly StickDatum[], counts: StickCounts, nowMs: number): void {
    for (const { name, periodMs } of data) {
      const source = sourceOf(name);
      const more = source === undefined ? 0 : (counts[source] ?? 0);
      if (more === 0) continue;
      if (periodMs > 0) this.#rate(name).add(more, periodMs, nowMs);
      else this.#counts.set(name, (this.#counts.get(name) ?? 0) + more);
    }
  }

  value({ name, periodMs }: StickDatum, nowMs: number): number {
    if (periodMs === 0) return this.#counts.get(name) ?? 0;
    return this.#rates.get(name)?.read(periodMs, nowMs) ?? 0;
  }

  set({ name, periodMs }: StickDatum, value: number, nowMs: number): void {
    if (periodMs === 0) this.#counts.set(name, value);
    else this.#rate(name).reset(value, periodMs, nowMs);
  }

  /** A rate as it stands, to be carried on elsewhere. */
  rate({ name, periodMs }: StickDatum, nowMs: number): RateState {
    return this.#rates.get(name)?.state(periodMs, nowMs) ?? { ageMs: periodMs * 2, current: 0, previous: 0 };
  }

  /** Carries on a rate that was counted elsewhere. */
  takeRate({ name }: StickDatum, state: RateState, nowMs: number): void {
    this.#rate(name).take(state, nowMs);
  }

  #rate(name: StickDataName): PeriodRate {
    const known = this.#rates.get(name);
    if (known) return known;
    const rate = new PeriodRate();
    this.#rates.set(name, rate);
    return rate;
  }
}

/** HAProxy's sliding rate: what came in this period, and of the one before the part that the window still covers. */
class PeriodRate {
  #startMs = -Infinity;
  #current = 0;
  #previous = 0;

  add(count: number, periodMs: number, nowMs: number): void {
    this.#turn(periodMs, nowMs);
    this.#current += count;
  }

  reset(count: number, periodMs: number, nowMs: number): void {
    this.#turn(periodMs, nowMs);
    this.#previous = 0;
    this.#current = count;
  }

  read(periodMs: number, nowMs: number): number {
    this.#turn(periodMs, nowMs);
    const leftMs = Math.max(0, periodMs - (nowMs - this.#startMs));
    return this.#current + Math.floor((this.#previous * leftMs) / periodMs);
  }

  state(periodMs: number, nowMs: number): RateState {
    this.#turn(periodMs, nowMs);
    const ageMs = Math.max(0, Math.round(nowMs - this.#startMs));
    return { ageMs, current: this.#current, previous: this.#previous };
  }

  take({ ageMs, current, previous }: RateState, nowMs: number): void {
    this.#startMs = nowMs - ageMs;
    this.#current = current;
    this.#previous = previous;
  }

  #turn(periodMs: number, nowMs: number): void {
    const passed = nowMs - this.#startMs;
    if (passed < periodMs) return;
    this.#previous = passed < 2 * periodMs ? this.#current : 0;
    this.#current = 0;
    this.#startMs = passed < 2 * periodMs ? this.#startMs + periodMs : nowMs;
  }
}
