// HAProxy's turn-around: a request whose connection to a server failed tries that server again only after a while, and so often.
// Pure. Deliberately not here: that it goes elsewhere at once where it can (balancer.ts).
import type { ServerState } from './balance/server-state.ts';

export class TurnAround<S extends ServerState> {
  readonly #retries: number;
  /** When each failed last, and when it may be tried again. */
  readonly #failed = new Map<S, { readonly sinceMs: number; readonly untilMs: number }>();
  #failures = 0;

  constructor(retries: number) {
    this.#retries = retries;
  }

  failed(server: S, nowMs: number, untilMs: number): void {
    this.#failures += 1;
    this.#failed.set(server, { sinceMs: nowMs, untilMs });
  }

  /** It failed just now, and nobody saw it come back since. */
  mustWait(server: S, nowMs: number): boolean {
    const failed = this.#failed.get(server);
    return failed !== undefined && nowMs < failed.untilMs && server.risingSinceMs < failed.sinceMs;
  }

  /** Until when it is worth waiting for one that is still said to be well; 0 = it is not. */
  get untilMs(): number {
    if (this.#failures > this.#retries) return 0;
    let latestMs = 0;
    // Others may have failed there later.
    for (const [server, { untilMs }] of this.#failed)
      if (server.acceptsBound()) latestMs = Math.max(latestMs, untilMs, server.retryAtMs);
    return latestMs;
  }
}
