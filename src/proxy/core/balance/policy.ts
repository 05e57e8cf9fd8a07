// What all balancing policies have in common: they choose among servers that may all be used.
import type { BackendConfig } from '../config/model.ts';
import type { ServerState } from './server-state.ts';

export interface Policy<S extends ServerState> {
  /** One of at least two. `hash`: number of the request's key. */
  choose(usable: readonly S[], nowMs: number, hash: number | undefined): S | undefined;
  /** States or weights changed. */
  invalidate(): void;
}

export interface PolicyInput<S extends ServerState> {
  readonly config: BackendConfig;
  readonly servers: readonly S[];
  /** So that workers do not all begin with the same server. */
  readonly seed: number;
}

/** Load of a server in this worker: what it works on and what waits for it. */
export function loadOf(server: ServerState): number {
  return server.inFlight + server.queued;
}

/** The lowest by `score`, beginning at another place each time, so that equals take turns. */
export function lowest<S extends ServerState>(
  servers: readonly S[],
  turn: number,
  score: (server: S) => number,
): S | undefined {
  let best: S | undefined;
  let bestScore = Infinity;
  for (let index = 0; index < servers.length; index += 1) {
    const server = servers[(index + turn) % servers.length];
    if (!server) continue;
    const own = score(server);
    if (own < bestScore) {
      best = server;
      bestScore = own;
    }
  }
  return best;
}
