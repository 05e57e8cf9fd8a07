// Requests a client may make in a time: the generic cell rate algorithm, one number a client. A client over its limit
// is answered at once and costs others nothing.
import { clientKey } from '../address.ts';
import { fieldValue } from '../http/scan.ts';
import { answer, type Answer, type Incoming } from './incoming.ts';

export interface RateLimitConfig {
  readonly requests: number;
  readonly perMs: number;
  /** At once, after a pause. */
  readonly burst: number;
  /** `source`, or the lower-case name of a header. */
  readonly key: string;
}

/** Clients remembered at most; those that were not seen for longest go first. */
const maxClients = 100_000;

export class RateLimit {
  readonly #config: RateLimitConfig;
  readonly #everyMs: number;
  /**
   * When each client's quota is full again, in clock milliseconds. Two maps, of which the older is dropped as a whole:
   * looking for single ones that are over costs more than a request once there are many.
   */
  #fullAt = new Map<string, number>();
  #olderFullAt = new Map<string, number>();
  /** When the newer map was begun. */
  #begunMs = 0;
  /** What was taken since others were last told. */
  #taken = new Map<string, number>();

  constructor(config: RateLimitConfig) {
    this.#config = config;
    this.#everyMs = config.perMs / config.requests;
  }

  get clients(): number {
    return this.#fullAt.size + this.#olderFullAt.size;
  }

  check(incoming: Incoming): Answer | undefined {
    const waitMs = this.take(this.#keyOf(incoming), incoming.nowMs);
    return waitMs === 0 ? undefined : answer(429, `Retry-After: ${Math.ceil(waitMs / 1000)}\r\n`);
  }

  /** Takes one request out of a client's quota; returns 0, or after how long there will be one. */
  take(key: string, nowMs: number): number {
    const from = Math.max(this.#fullAgainAt(key), nowMs);
    const aheadMs = from - nowMs - (this.#config.burst - 1) * this.#everyMs;
    if (aheadMs > 1e-6) return aheadMs;
    this.#set(key, from + this.#everyMs, nowMs);
    this.#taken.set(key, (this.#taken.get(key) ?? 0) + 1);
    return 0;
  }

  /** What other processes took of the same limit. */
  takenElsewhere(counts: readonly (readonly [string, number])[], nowMs: number): void {
    for (const [key, count] of counts) {
      // Not beyond what one client can hold: a flood must not shut it out for longer than its own limit says.
      const full = nowMs + this.#config.burst * this.#everyMs;
      this.#set(key, Math.min(full, Math.max(this.#fullAgainAt(key), nowMs) + count * this.#everyMs), nowMs);
    }
  }

  /** What was taken since the last call, for other processes. */
  drainTaken(): [string, number][] {
    if (this.#taken.size === 0) return [];
    const taken = [...this.#taken];
    this.#taken = new Map();
    return taken;
  }

  #keyOf({ client, head }: Incoming): string {
    return this.#config.key === 'source' ? clientKey(client) : (fieldValue(head.fields, this.#config.key) ?? '');
  }

  #fullAgainAt(key: string): number {
    return this.#fullAt.get(key) ?? this.#olderFullAt.get(key) ?? 0;
  }

  #set(key: string, fullAtMs: number, nowMs: number): void {
    // No quota takes longer to be full again.
    const isOver = nowMs - this.#begunMs > this.#config.burst * this.#everyMs;
    if (isOver || this.#fullAt.size >= maxClients / 2) {
      this.#olderFullAt = this.#fullAt;
      this.#fullAt = new Map();
      this.#begunMs = nowMs;
    }
    this.#fullAt.set(key, fullAtMs);
    if (this.#olderFullAt.size > 0) this.#olderFullAt.delete(key);
  }
}
