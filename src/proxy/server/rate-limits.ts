// The rate limits of a worker. They are meant over all workers: what one of them lets in, the others hear of, a tenth of
// a second later at most.
import type { HandlingConfig } from '../core/config/model.ts';
import { RateLimit } from '../core/handling/rate-limit.ts';

/** Taken from limits, by their id: pairs of client and count. */
export type Taken = Readonly<Record<string, readonly (readonly [string, number])[]>>;

export class RateLimitRegistry {
  readonly #limits = new Map<string, { readonly text: string; readonly limit: RateLimit }>();

  /** The limit of a configuration: the one that is there, unless it says something else now. */
  readonly find = (config: HandlingConfig['rateLimit']): RateLimit | undefined => {
    if (!config) return undefined;
    const text = JSON.stringify(config);
    const known = this.#limits.get(config.id);
    if (known?.text === text) return known.limit;
    const limit = new RateLimit(config);
    this.#limits.set(config.id, { text, limit });
    return limit;
  };

  /** What was let in since the last call, if anything. */
  drain(): Taken | undefined {
    const taken: [string, [string, number][]][] = [];
    for (const [id, { limit }] of this.#limits) {
      const counts = limit.drainTaken();
      if (counts.length > 0) taken.push([id, counts]);
    }
    return taken.length === 0 ? undefined : Object.fromEntries(taken);
  }

  /** What others let in. */
  add(taken: Taken, nowMs: number): void {
    for (const [id, counts] of Object.entries(taken)) this.#limits.get(id)?.limit.takenElsewhere(counts, nowMs);
  }
}
