// What is known of a name: its addresses, for how long, and when to ask again. A failure takes nothing away. Pure.
import type { DnsConfig } from './config/model.ts';
import type { Endpoint } from './server-address.ts';

/** What came of asking. `missing`: the name has no address, as somebody says who knows; `failed`: nobody who knows answered. */
export type LookupAnswer =
  | { readonly kind: 'found'; readonly endpoints: readonly Endpoint[]; readonly ttlMs: number }
  | { readonly kind: 'missing' }
  | { readonly kind: 'failed'; readonly reason: string };

/** After a question without an answer the next one follows soon, then less and less soon. */
const firstPauseMs = 1000;
const longestPauseMs = 10_000;

export class Resolution {
  /** Best first. Port 0: the one that the server has itself. */
  endpoints: readonly Endpoint[] = [];
  /** What was answered last, and since when. */
  last: LookupAnswer['kind'] | undefined;
  #sinceMs = 0;
  #pauseMs = firstPauseMs;

  /** Takes an answer; returns the time until the next question. */
  take(answer: LookupAnswer, config: DnsConfig, nowMs: number): number {
    if (answer.kind !== this.last) this.#sinceMs = nowMs;
    this.last = answer.kind;
    if (answer.kind === 'found') {
      this.endpoints = answer.endpoints;
      this.#pauseMs = firstPauseMs;
      return Math.min(config.maxTtlMs, Math.max(config.minTtlMs, answer.ttlMs));
    }
    // Zones are emptied by accident and filled again; what is known is believed for a while.
    if (answer.kind === 'missing' && nowMs - this.#sinceMs >= config.holdMs) this.endpoints = [];
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(longestPauseMs, pauseMs * 2);
    return pauseMs;
  }
}

export interface Claim {
  readonly key: string;
  /** Where it is now; undefined = nowhere yet. */
  readonly present: Endpoint | undefined;
}

/**
 * Who gets which of the addresses of one name: who has one that is still there keeps it, the others get those that nobody
 * has, in order. More servers than addresses: some get none.
 */
export function assign(
  claims: readonly Claim[],
  endpoints: readonly Endpoint[],
): ReadonlyMap<string, Endpoint | undefined> {
  const free = [...endpoints];
  const given = new Map<string, Endpoint | undefined>();
  for (const { key, present } of claims) {
    const at = free.findIndex((endpoint) => present !== undefined && same(endpoint, present));
    if (at >= 0) given.set(key, free.splice(at, 1)[0]);
  }
  for (const { key } of claims) if (!given.has(key)) given.set(key, free.shift());
  return given;
}

export function same(one: Endpoint, other: Endpoint): boolean {
  return one.address === other.address && one.port === other.port;
}
