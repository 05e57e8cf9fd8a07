// The rate limits of a worker. They are meant over all workers: what one of them lets in, the others hear of, a tenth of
// a second later at most.
import type { HandlingConfig } from '../core/config/model.ts';
import { RateLimit } from '../core/handling/rate-limit.ts';

/** Taken from limits, by their id: pairs of client and count. */
export type Taken = Readonly<Record<string, readonly (readonly [string, number])[]>>;

interface Known {
  readonly text: string;
  readonly limit: RateLimit;
}

export class RateLimitRegistry {
  #limits: ReadonlyMap<string, Known> = new Map();
  /** Of the configuration that is being prepared. */
  #next = new Map<string, Known>();
  /** What was let in and is still to be told, also by those that are no more. */
  #left = new Map<string, [string, number][]>();

  /** The limit of a configuration: the one that is there, unless it says something else now. */
  readonly find = (config: HandlingConfig['rateLimit']): RateLimit | undefined => {
    if (!config) return undefined;
    const { id } = config;
    const text = JSON.stringify(config);
    const known = [this.#next.get(id), this.#limits.get(id)].find((each) => each?.text === text);
    const found = known ?? { text, limit: new RateLimit(config) };
    this.#next.set(id, found);
    return found.limit;
  };

  get size(): number {
    return this.#limits.size;
  }

  /** Those that were looked for since the last time hold now, and no others. */
  commit(): void {
    const before = this.#limits;
    this.#limits = this.#next;
    this.#next = new Map();
    for (const [id, { limit }] of before) if (this.#limits.get(id)?.limit !== limit) this.#collect(id, limit);
  }

  /** They were for nothing. */
  rollback(): void {
    this.#next = new Map();
  }

  #collect(id: string, limit: RateLimit): void {
    const counts = limit.drainTaken();
    if (counts.length > 0) this.#left.set(id, [...(this.#left.get(id) ?? []), ...counts]);
  }

  /** What was let in since the last call, if anything. */
  drain(): Taken | undefined {
    for (const [id, { limit }] of this.#limits) this.#collect(id, limit);
    if (this.#left.size === 0) return undefined;
    const taken = Object.fromEntries(this.#left);
    this.#left.clear();
    return taken;
  }

  /** What others let in. */
  add(taken: Taken, nowMs: number): void {
    for (const [id, counts] of Object.entries(taken)) this.#limits.get(id)?.limit.takenElsewhere(counts, nowMs);
  }
}
