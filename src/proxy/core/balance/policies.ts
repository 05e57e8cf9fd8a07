// The policies that look at weights and load: roundrobin, static-rr, leastconn, random, first. And which policy a name means.
import { ByHash } from './by-hash.ts';
import { loadOf, lowest, type Policy, type PolicyInput } from './policy.ts';
import { Adaptive, LeastResponseTime } from './response-time.ts';
import type { ServerState } from './server-state.ts';
import { turnsOf } from './slot-table.ts';

/** The policy that a configuration asks for. */
export function policyFor<S extends ServerState>(input: PolicyInput<S>): Policy<S> {
  switch (input.config.balance) {
    case 'roundrobin':
      return new RoundRobin(input);
    case 'static-rr':
      return new StaticRoundRobin(input);
    case 'leastconn':
      return new LeastConnections(input);
    case 'random':
      return new RandomDraws(input);
    case 'first':
      return { choose: (usable) => usable[0], invalidate: () => undefined };
    case 'hash':
      return new ByHash(input, new RoundRobin(input));
    case 'least-response-time':
      return new LeastResponseTime(input);
    case 'adaptive':
      return new Adaptive(new RoundRobin(input), new LeastConnections(input), new LeastResponseTime(input));
    default:
      return input.config.balance satisfies never;
  }
}

/** Every server gains its weight; the richest is picked and pays the sum: even spread in every cycle. */
class RoundRobin<S extends ServerState> implements Policy<S> {
  /** Turns that this worker begins after, so that not every first request of a worker goes to the same server. */
  #skipped: number;

  constructor({ seed, servers }: PolicyInput<S>) {
    const isNew = servers.every(({ current }) => current === 0);
    this.#skipped = isNew && servers.length > 0 ? seed : 0;
  }

  choose(usable: readonly S[], nowMs: number): S | undefined {
    for (; this.#skipped > 0; this.#skipped -= 1) this.#turn(usable, nowMs);
    return this.#turn(usable, nowMs);
  }

  #turn(usable: readonly S[], nowMs: number): S | undefined {
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

  invalidate(): void {
    // What servers have to their credit stays with them.
  }
}

/** Turns at the weights that are, without regard to slow starts; who cannot be used is passed over. */
class StaticRoundRobin<S extends ServerState> implements Policy<S> {
  readonly #servers: readonly S[];
  #turns: readonly S[] | undefined;
  #at: number;

  constructor({ servers, seed }: PolicyInput<S>) {
    this.#servers = servers;
    this.#at = seed;
  }

  choose(usable: readonly S[]): S | undefined {
    this.#turns ??= turnsOf(this.#servers);
    const { length } = this.#turns;
    for (let step = 0; step < length; step += 1) {
      const server = this.#turns[(this.#at + step) % length];
      if (!server || !usable.includes(server)) continue;
      this.#at = (this.#at + step + 1) % length;
      return server;
    }
    // Backups have no turns of their own.
    this.#at += 1;
    return usable[this.#at % usable.length];
  }

  invalidate(): void {
    this.#turns = undefined;
  }
}

class LeastConnections<S extends ServerState> implements Policy<S> {
  #turn: number;

  constructor({ seed }: PolicyInput<S>) {
    this.#turn = seed;
  }

  choose(usable: readonly S[], nowMs: number): S | undefined {
    this.#turn = (this.#turn + 1) % usable.length;
    return lowest(usable, this.#turn, (server) => pressure(server, nowMs));
  }

  invalidate(): void {
    // Nothing is computed before.
  }
}

/** HAProxy's key: an idle server is always first, whatever its weight. */
function pressure(server: ServerState, nowMs: number): number {
  const load = loadOf(server);
  return load === 0 ? 0 : ((load + 1) * 4096) / Math.max(1, server.effectiveWeight(nowMs));
}

/** Draws servers by weight and takes the least loaded: nearly as good as the best of all, and workers do not all pick the same. */
class RandomDraws<S extends ServerState> implements Policy<S> {
  readonly #draws: number;
  #state: number;

  constructor({ config, seed }: PolicyInput<S>) {
    this.#draws = config.draws;
    this.#state = (0x9e3779b9 ^ Math.imul(seed + 1, 0x85ebca6b)) >>> 0 || 1;
  }

  choose(usable: readonly S[], nowMs: number): S | undefined {
    let total = 0;
    for (const server of usable) total += server.effectiveWeight(nowMs);
    let best: S | undefined;
    for (let draw = 0; draw < this.#draws; draw += 1) {
      const server = this.#draw(usable, total, nowMs);
      if (server && (!best || pressure(server, nowMs) < pressure(best, nowMs))) best = server;
    }
    return best;
  }

  invalidate(): void {
    // Nothing is computed before.
  }

  #draw(usable: readonly S[], total: number, nowMs: number): S | undefined {
    let left = this.#next() % Math.max(1, total);
    for (const server of usable) {
      left -= server.effectiveWeight(nowMs);
      if (left < 0) return server;
    }
    return usable.at(-1);
  }

  /** Marsaglia's xorshift: repeatable, and good enough for drawing lots. */
  #next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state;
  }
}
