// Who waits for what in a backend, and who gets a slot when one is free: the oldest of those that wait for the server
// itself and of those that wait for any. Pure: what a request does with its turn is its own affair.
import type { Balancer } from './balancer.ts';
import { Quota } from './quota.ts';
import type { ServerState } from './server-state.ts';
import { goesBefore, type Waiter, WaitQueue } from './wait-queue.ts';

export interface QueuedRequest<S> extends Waiter {
  /** When it began to wait, on the clock that all workers have. */
  readonly sinceMs: number;
  /** What it waits for; undefined = any server. */
  readonly server: S | undefined;
  /** Leaves its queue and starts on `server`, or looks for one itself; may begin to wait again. */
  resume(server?: S): void;
}

/** Requests that may look in vain before the others are told to wait on: keeps waking cheap. */
const vainTries = 16;

export class Queues<S extends ServerState, W extends QueuedRequest<S>> {
  readonly #balancer: Balancer<S>;
  readonly #own = new Map<S, WaitQueue<W>>();
  readonly #any = new WaitQueue<W>();
  /** The backend's `maxqueue`. */
  readonly places = new Quota();
  #waiting = 0;

  constructor(balancer: Balancer<S>) {
    this.#balancer = balancer;
  }

  /** Whether anybody waits. */
  get isWaited(): boolean {
    return this.#waiting > 0;
  }

  /** How many wait for a server, or for any. */
  sizeOf(server: S | undefined): number {
    return server ? server.queued : this.#any.size;
  }

  /** May one more wait for any server. */
  mayQueue(nowMs: number): boolean {
    return this.places.mayHave(this.#any.size, nowMs);
  }

  /** Who waits without a place, which another worker may lend: the last ones. Of a server, or of any. */
  *placeless(server: S | undefined): Iterable<W> {
    const queue = server ? this.#own.get(server) : this.#any;
    const { slots } = server?.places ?? this.places;
    if (queue)
      for (let at = slots; at < queue.size; at += 1) {
        const request = queue.at(at);
        if (request) yield request;
      }
  }

  /** Since when the first waits that could use a slot of this server; Infinity = nobody does. */
  waitsSince(server: S, nowMs: number): number {
    const own = this.#own.get(server)?.at(0);
    const any = this.#balancer.servesAnyone(server, nowMs) ? this.#any.at(0) : undefined;
    return Math.min(own?.sinceMs ?? Infinity, any?.sinceMs ?? Infinity);
  }

  add(request: W): void {
    const { server } = request;
    this.#waiting += 1;
    if (!server) {
      this.#any.add(request);
      return;
    }
    let queue = this.#own.get(server);
    if (!queue) this.#own.set(server, (queue = new WaitQueue()));
    queue.add(request);
    server.queued = queue.size;
  }

  delete(request: W): void {
    const { server } = request;
    const queue = server ? this.#own.get(server) : this.#any;
    if (!queue?.delete(request)) return;
    this.#waiting -= 1;
    if (!server) return;
    server.queued = queue.size;
    if (queue.size === 0) this.#own.delete(server);
  }

  /** A request on this server ended: whoever is first of those that may have its slot gets it. */
  freed(server: S, servers: readonly S[], nowMs: number): void {
    if (this.#waiting === 0) return;
    // A slot of the whole backend may be one of any server.
    if (this.#balancer.quota.slots === Infinity) {
      this.#fill(server, nowMs);
      return;
    }
    for (const each of servers) this.#fill(each, nowMs);
    if (!this.#balancer.isFull) this.#retry(1);
  }

  /** Something changed: lets waiting requests try again. */
  wake(servers: readonly S[], nowMs: number): void {
    if (this.#waiting === 0) return;
    for (const server of servers) this.#fill(server, nowMs);
    for (const [server, queue] of [...this.#own]) {
      // Who waits for a server that is gone goes elsewhere.
      if (servers.includes(server) && this.#balancer.keepsBound(server, nowMs)) continue;
      for (const request of queue.all()) request.resume();
    }
    this.#retry(vainTries);
  }

  /** Gives away the slots of a server that has a limit. */
  #fill(server: S, nowMs: number): void {
    while (this.#waiting > 0 && this.#balancer.isFree(server, nowMs, true)) {
      const own = this.#balancer.keepsBound(server, nowMs) ? this.#own.get(server)?.at(0) : undefined;
      // Among servers without a limit the policy chooses.
      const any =
        server.quota.slots < Infinity && this.#balancer.servesAnyone(server, nowMs) ? this.#any.at(0) : undefined;
      const next = own && any ? (goesBefore(own, any) ? own : any) : (own ?? any);
      if (!next) return;
      const before = server.inFlight;
      next.resume(server);
      if (server.inFlight === before) return;
    }
  }

  /** Lets the first of those that wait for any server look for one. */
  #retry(tries: number): void {
    let vain = 0;
    // Not a copy: thousands may wait.
    for (let request = this.#any.at(0); request && vain < tries; request = this.#any.at(vain)) {
      request.resume();
      if (this.#any.at(vain) === request) vain += 1;
    }
  }
}
