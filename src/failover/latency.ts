// Percentiles over all samples, kept exactly: a failover run has tens of thousands, not millions.
// Also the generator's own pauses, so that they are not blamed on the balancer.
import type { Latency } from './model.ts';

const none: Latency = { p50Ms: 0, p99Ms: 0, maxMs: 0 };

/** Nearest-rank percentiles, rounded to a hundredth of a millisecond; all 0 without samples. */
export function latencyOf(samplesMs: readonly number[]): Latency {
  if (samplesMs.length === 0) return none;
  const sorted = Float64Array.from(samplesMs).sort();
  const rank = (part: number): number => round(sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0);
  return { p50Ms: rank(0.5), p99Ms: rank(0.99), maxMs: rank(1) };
}

export function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}

/** A stretch of time, without its end. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Times at which something was held up. */
export class Pauses {
  readonly #spans: Span[];

  /** Spans in any order; they may overlap. */
  constructor(spans: readonly Span[] = []) {
    this.#spans = merged(spans);
  }

  /** Adds a span that begins after all others have ended. */
  add(fromMs: number, toMs: number): void {
    if (toMs > fromMs) this.#spans.push({ fromMs, toMs });
  }

  /** These and more. */
  with(spans: readonly Span[]): Pauses {
    return new Pauses([...this.#spans, ...spans]);
  }

  get totalMs(): number {
    return round(this.#spans.reduce((sum, span) => sum + span.toMs - span.fromMs, 0));
  }

  /** How much of the time from `fromMs` to `toMs` was paused. */
  within(fromMs: number, toMs: number): number {
    let sum = 0;
    for (let index = this.#firstEndingAfter(fromMs); index < this.#spans.length; index += 1) {
      const span = this.#spans[index];
      if (!span || span.fromMs >= toMs) break;
      sum += Math.min(span.toMs, toMs) - Math.max(span.fromMs, fromMs);
    }
    return sum;
  }

  #firstEndingAfter(timeMs: number): number {
    let low = 0;
    let high = this.#spans.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#spans[middle]?.toMs ?? Infinity) <= timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function merged(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const span of [...spans].sort((one, other) => one.fromMs - other.fromMs)) {
    const last = result.at(-1);
    if (!last || span.fromMs > last.toMs) result.push(span);
    else result[result.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, span.toMs) };
  }
  return result;
}
