// Thins out what the proxy says again and again: of lines that differ only in numbers, the first ones of each second are
// written, then one of so many. How many were left out stands in the next one.
import type { Level } from './entry.ts';

export interface SamplingConfig {
  readonly first: number;
  readonly thereafter: number;
}

const secondMs = 1000;
/** Kinds of lines that are told apart in a second; what comes beyond is written. */
const maxKinds = 1000;

interface Kind {
  sinceMs: number;
  count: number;
  leftOut: number;
}

export class Sampler {
  readonly #kinds = new Map<string, Kind>();

  /** Undefined: leave it out. Else how many of its kind were left out since the last one. */
  take(level: Level, message: string, { first, thereafter }: SamplingConfig, nowMs: number): number | undefined {
    const kind = this.#kindOf(`${level} ${message.replace(/[0-9]+/g, '#')}`, nowMs);
    if (!kind) return 0;
    if (nowMs - kind.sinceMs >= secondMs) {
      kind.sinceMs = nowMs;
      kind.count = 0;
    }
    kind.count += 1;
    if (kind.count > first && (kind.count - first) % thereafter !== 0) {
      kind.leftOut += 1;
      return undefined;
    }
    const { leftOut } = kind;
    kind.leftOut = 0;
    return leftOut;
  }

  #kindOf(key: string, nowMs: number): Kind | undefined {
    const known = this.#kinds.get(key);
    if (known) return known;
    if (this.#kinds.size >= maxKinds) this.#forget(nowMs);
    if (this.#kinds.size >= maxKinds) return undefined;
    const kind = { sinceMs: nowMs, count: 0, leftOut: 0 };
    this.#kinds.set(key, kind);
    return kind;
  }

  #forget(nowMs: number): void {
    for (const [key, { sinceMs }] of this.#kinds) if (nowMs - sinceMs >= secondMs) this.#kinds.delete(key);
  }
}
