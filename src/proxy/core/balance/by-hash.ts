// Requests with the same key go to the same server: by HAProxy's consistent ring, or by its table of slots.
import { fullHash, HashRing } from './hash-ring.ts';
import type { Policy, PolicyInput } from './policy.ts';
import type { ServerState } from './server-state.ts';
import { turnsOf } from './slot-table.ts';
import { weightScale } from '../slowstart.ts';

export class ByHash<S extends ServerState> implements Policy<S> {
  readonly #servers: readonly S[];
  readonly #isMap: boolean;
  readonly #factor: number;
  /** For requests without a key. */
  readonly #otherwise: Policy<S>;
  #ring: { readonly untilMs: number; readonly ring: HashRing } | undefined;
  #slots: readonly S[] | undefined;

  constructor({ config, servers }: PolicyInput<S>, otherwise: Policy<S>) {
    this.#servers = servers;
    this.#isMap = config.hash?.type === 'map-based';
    this.#factor = config.hash?.balanceFactor ?? 0;
    this.#otherwise = otherwise;
  }

  choose(usable: readonly S[], nowMs: number, hash: number | undefined): S | undefined {
    if (hash === undefined) return this.#otherwise.choose(usable, nowMs, hash);
    return this.#isMap ? this.#bySlot(usable, hash) : this.#byRing(usable, hash, nowMs);
  }

  invalidate(): void {
    this.#ring = undefined;
    this.#slots = undefined;
  }

  #bySlot(usable: readonly S[], hash: number): S | undefined {
    this.#slots ??= turnsOf(this.#servers);
    const { length } = this.#slots;
    for (let step = 0; step < length; step += 1) {
      const server = this.#slots[(hash + step) % length];
      if (server && usable.includes(server)) return server;
    }
    return usable[hash % usable.length];
  }

  /** The ring holds every accepting server, so that suspicion or a retry moves only the keys of that server. */
  #byRing(usable: readonly S[], hash: number, nowMs: number): S | undefined {
    if (!this.#ring || nowMs >= this.#ring.untilMs) this.#ring = this.#buildRing(nowMs);
    const limit = this.#loadLimit(nowMs);
    const find = (id: number): S | undefined => usable.find((server) => server.config.id === id);
    const within = this.#ring.ring.lookup(fullHash(hash), (id) => {
      const server = find(id);
      return server !== undefined && limit(server);
    });
    return within === undefined ? usable[0] : find(within);
  }

  /** Valid until a state changes; while a weight grows, for a second. */
  #buildRing(nowMs: number): { readonly untilMs: number; readonly ring: HashRing } {
    const active = this.#active();
    const grows = active.some((server) => server.effectiveWeight(nowMs) < server.weight * weightScale);
    const points = active.map((server) => ({ id: server.config.id, points: server.effectiveWeight(nowMs) }));
    return { untilMs: grows ? nowMs + 1000 : Infinity, ring: new HashRing(points) };
  }

  /** The servers that share the keys: the backups when there are no others. */
  #active(): S[] {
    const accepting = this.#servers.filter((server) => server.accepts());
    const main = accepting.filter((server) => !server.config.backup);
    return main.length > 0 ? main : accepting;
  }

  /** Bounded load: a server takes a key while it has less than its share of the requests, times the factor. */
  #loadLimit(nowMs: number): (server: S) => boolean {
    const factor = this.#factor;
    if (factor === 0) return () => true;
    const active = this.#active();
    const total = active.reduce((sum, server) => sum + server.inFlight, 0) + 1;
    const weights = active.reduce((sum, server) => sum + server.effectiveWeight(nowMs), 0);
    return (server) => {
      const share = (total * factor * server.effectiveWeight(nowMs)) / (100 * weights);
      return server.inFlight < Math.max(1, Math.ceil(share));
    };
  }
}
