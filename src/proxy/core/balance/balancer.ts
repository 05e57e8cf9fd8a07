// Picks the server of a request: persistence first, then the policy, among those that may be used. Pure: states and the
// clock come in, a choice goes out.
import type { BackendConfig } from '../config/model.ts';
import { HashRing, ringHash } from './hash-ring.ts';
import { weightScale } from '../slowstart.ts';
import type { ServerState } from './server-state.ts';

export interface PickRequest<S> {
  readonly nowMs: number;
  /** Servers that already failed this request. */
  readonly tried: readonly S[];
  readonly cookie: string | undefined;
  readonly hashKey: string | undefined;
}

/** `full`: wait for a slot. `none`: wait for a server. */
export type Pick<S> = S | 'full' | 'none';

export class Balancer<S extends ServerState> {
  #config: BackendConfig;
  #servers: readonly S[];
  #ring: { readonly untilMs: number; readonly ring: HashRing } | undefined;
  /** Rotates ties of leastconn. */
  #turn: number;

  constructor(config: BackendConfig, servers: readonly S[], turn = 0) {
    this.#config = config;
    this.#servers = servers;
    this.#turn = turn;
  }

  /** States or weights changed: what was computed from them is void. */
  invalidate(): void {
    this.#ring = undefined;
  }

  reconfigure(config: BackendConfig, servers: readonly S[]): void {
    this.#config = config;
    this.#servers = servers;
    // Nobody would close what nobody watches any more.
    if (!config.breaker) for (const server of servers) server.breaker.close();
    this.invalidate();
  }

  pick(request: PickRequest<S>): Pick<S> {
    const bound = this.#bound(request);
    if (bound) return bound.hasSlot() ? bound : 'full';
    const { usable, full } = this.#candidates(request);
    if (usable.length === 0) return full ? 'full' : 'none';
    const [first] = usable;
    if (first && usable.length === 1) return first;
    return this.#choose(usable, request) ?? 'none';
  }

  /** The server that the cookie names, unless it cannot take the request. */
  #bound({ cookie, tried, nowMs }: PickRequest<S>): S | undefined {
    if (cookie === undefined || cookie === '' || !this.#config.cookie) return undefined;
    const server = this.#servers.find((candidate) => candidate.config.cookie === cookie);
    if (!server?.acceptsBound() || tried.includes(server)) return undefined;
    return server.isSound(nowMs) ? server : undefined;
  }

  /** Best class of servers that is not empty: untried and sound; tried but sound; silent or ejected. Then the backups. */
  #candidates({ nowMs, tried }: PickRequest<S>): { usable: S[]; full: boolean } {
    let full = false;
    for (const backup of [false, true]) {
      const classes: [S[], S[], S[]] = [[], [], []];
      for (const server of this.#servers) {
        if (server.config.backup !== backup || !server.accepts()) continue;
        const suspicion = server.suspicionAt(nowMs);
        if (suspicion === 'unreachable') continue;
        if (!server.hasSlot()) {
          full = true;
          continue;
        }
        const group = !server.isSound(nowMs) ? classes[2] : tried.includes(server) ? classes[1] : classes[0];
        group.push(server);
      }
      const usable = classes.find((group) => group.length > 0);
      // Only the first backup serves, as without HAProxy's `allbackups`.
      if (usable) return { usable: backup ? usable.slice(0, 1) : usable, full };
      if (full) return { usable: [], full };
    }
    return { usable: [], full };
  }

  /** Traffic got an answer of a server, or none: may take it out of the pick, unless too many are out. */
  observe(server: S, passed: boolean, nowMs: number): boolean {
    const { breaker } = this.#config;
    if (!breaker) return false;
    const open = passed ? 0 : this.#servers.filter((other) => other.breaker.isOpen(nowMs)).length;
    const mayOpen = (open + 1) * 100 <= breaker.maxEjectedPercent * this.#servers.length;
    return server.breaker.record(breaker, passed, mayOpen, nowMs);
  }

  #choose(usable: readonly S[], request: PickRequest<S>): S | undefined {
    switch (this.#config.balance) {
      case 'roundrobin':
        return smoothRoundRobin(usable, request.nowMs);
      case 'leastconn':
        return this.#leastConnections(usable, request.nowMs);
      case 'hash':
        return request.hashKey === undefined
          ? smoothRoundRobin(usable, request.nowMs)
          : this.#byHash(request.hashKey, usable, request.nowMs);
      default:
        return this.#config.balance satisfies never;
    }
  }

  #leastConnections(usable: readonly S[], nowMs: number): S | undefined {
    this.#turn = (this.#turn + 1) % usable.length;
    let best: S | undefined;
    let bestKey = Infinity;
    for (let index = 0; index < usable.length; index += 1) {
      const server = usable[(index + this.#turn) % usable.length];
      if (!server) continue;
      const weight = Math.max(1, server.effectiveWeight(nowMs));
      const key = server.inFlight === 0 ? 0 : ((server.inFlight + 1) * 4096) / weight;
      if (key < bestKey) {
        best = server;
        bestKey = key;
      }
    }
    return best;
  }

  /** The ring holds every accepting server, so that suspicion or a retry moves only the keys of that server. */
  #byHash(key: string, usable: readonly S[], nowMs: number): S | undefined {
    if (!this.#ring || nowMs >= this.#ring.untilMs) this.#ring = this.#buildRing(nowMs);
    const limit = this.#loadLimit(nowMs);
    const find = (id: number): S | undefined => usable.find((server) => server.config.id === id);
    const within = this.#ring.ring.lookup(ringHash(key), (id) => {
      const server = find(id);
      return server !== undefined && limit(server);
    });
    return within === undefined ? usable[0] : find(within);
  }

  /** Valid until a state changes; while a weight grows, for a second. */
  #buildRing(nowMs: number): { readonly untilMs: number; readonly ring: HashRing } {
    const members = this.#servers.filter((server) => server.accepts() && !server.config.backup);
    const grows = members.some((server) => server.effectiveWeight(nowMs) < server.weight * weightScale);
    const points = members.map((server) => ({ id: server.config.id, points: server.effectiveWeight(nowMs) }));
    return { untilMs: grows ? nowMs + 1000 : Infinity, ring: new HashRing(points) };
  }

  /** Bounded load: a server takes a key while it has less than its share of the requests, times the factor. */
  #loadLimit(nowMs: number): (server: S) => boolean {
    const factor = this.#config.hash?.balanceFactor ?? 0;
    if (factor === 0) return () => true;
    const accepting = this.#servers.filter((server) => server.accepts() && !server.config.backup);
    const total = accepting.reduce((sum, server) => sum + server.inFlight, 0) + 1;
    const weights = accepting.reduce((sum, server) => sum + server.effectiveWeight(nowMs), 0);
    return (server) => {
      const share = (total * factor * server.effectiveWeight(nowMs)) / (100 * weights);
      return server.inFlight < Math.max(1, Math.ceil(share));
    };
  }
}

/** Every server gains its weight; the richest is picked and pays the sum: even spread in every cycle. */
function smoothRoundRobin<S extends ServerState>(usable: readonly S[], nowMs: number): S | undefined {
  let total = 0;
  let best: S | undefined;
  for (const server of usable) {
    const weight = server.effectiveWeight(nowMs);
    total += weight;
    server.current += weight;
    if (!best || server.current > best.current) best = server;
  }
  if (best) best.current -= total;
  return best;
}
