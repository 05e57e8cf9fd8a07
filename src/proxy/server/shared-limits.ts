// The limits of a backend that hold over all workers, in one of them: maxconn and maxqueue of the backend and of its servers.
import type { Balancer } from '../core/balance/balancer.ts';
import type { QueuedRequest, Queues } from '../core/balance/queues.ts';
import type { Quota } from '../core/balance/quota.ts';
import type { BackendConfig } from '../core/config/model.ts';
import { Lending, type LendingPorts, type QuotaUse, type Shared } from './lending.ts';
import type { ServerRuntime } from './runtime.ts';

interface OfServer {
  readonly slots: Lending;
  readonly places: Lending;
}

/** Who a freed slot is for. */
export interface LimitedBackend {
  readonly balancer: Balancer<ServerRuntime>;
  readonly queues: Queues<ServerRuntime, QueuedRequest<ServerRuntime>>;
  readonly servers: readonly ServerRuntime[];
  freed(server: ServerRuntime): void;
  wake(): void;
}

export class SharedLimits {
  readonly #backend: LimitedBackend;
  readonly #ports: LendingPorts;
  readonly #slots: Lending;
  readonly #places: Lending;
  readonly #servers = new Map<string, OfServer>();
  #workers = 1;

  constructor(name: string, backend: LimitedBackend, ports: LendingPorts) {
    this.#backend = backend;
    this.#ports = ports;
    const { balancer, queues } = backend;
    this.#slots = this.#lending({ of: 'slot', key: name }, balancer.quota, {
      used: () => balancer.inFlight,
      most: () => balancer.quota.limit,
      waitsSince: () => this.#poolWaitsSince(),
      came: () => this.#backend.wake(),
      refused: () => undefined,
    });
    this.#places = this.#placesOf(undefined, name, queues.places);
  }

  /** Everybody has its own part of everything again. */
  share({ maxconn, maxqueue, fullconn }: BackendConfig, worker: number, workers: number): void {
    const { balancer, queues, servers } = this.#backend;
    this.#workers = workers;
    balancer.quota.share(maxconn, worker, workers);
    balancer.loadElsewhere = 0;
    queues.places.share(maxqueue, worker, workers);
    this.#servers.clear();
    for (const server of servers) {
      server.quota.share(server.maxconn ?? server.config.maxconn, worker, workers);
      server.places.share(server.config.maxqueue, worker, workers);
      server.fullAt = fullconn;
      const slots = this.#slotsOf(server);
      this.#servers.set(server.key, { slots, places: this.#placesOf(server, server.key, server.places) });
    }
  }

  find({ of, key }: Shared): Lending | undefined {
    const found = this.#servers.get(key);
    if (of === 'slot') return found?.slots ?? (key.includes('/') ? undefined : this.#slots);
    return found?.places ?? (key.includes('/') ? undefined : this.#places);
  }

  /** Somebody began to wait, or waits on, for a server or for any. */
  wanted(server: ServerRuntime | undefined): void {
    if (this.#workers === 1) return;
    (server ? this.#servers.get(server.key)?.places : this.#places)?.borrow();
    this.#slots.borrow();
    for (const each of server ? [server] : this.#backend.servers) this.#servers.get(each.key)?.slots.borrow();
  }

  /** Answers that did not come will not come, and who still waits asks again. */
  remind(): void {
    if (this.#workers === 1) return;
    this.#places.remind();
    this.#slots.remind();
    for (const { slots, places } of this.#servers.values()) {
      places.remind();
      slots.remind();
    }
  }

  /** Something came or was freed for this server, and who waits here still lacks something. */
  lacking(server: ServerRuntime): void {
    if (this.#workers === 1) return;
    this.#slots.borrow();
    this.#servers.get(server.key)?.slots.borrow();
  }

  /** A server whose circuit was open may be tried here, if another worker does not need its slot for that. */
  seekTrials(): void {
    for (const server of this.#backend.servers)
      if (server.circuit.isWanted) this.#servers.get(server.key)?.slots.borrow();
  }

  /** A request on this server ended: others may be waiting for longer than anybody here. */
  settle(server: ServerRuntime): void {
    if (this.#workers === 1) return;
    this.#slots.settle();
    this.#servers.get(server.key)?.slots.settle();
  }

  /** Limits moved: what is free now may be for others. */
  settleAll(): void {
    for (const { slots } of this.#servers.values()) slots.settle();
  }

  /** Somebody left a queue. */
  left(server: ServerRuntime | undefined): void {
    if (this.#workers > 1) (server ? this.#servers.get(server.key)?.places : this.#places)?.settle();
  }

  #lending(shared: Shared, quota: Quota, use: Omit<QuotaUse, 'shared' | 'quota'>): Lending {
    return new Lending({ shared, quota, ...use }, this.#ports);
  }

  #slotsOf(server: ServerRuntime): Lending {
    const { balancer, queues } = this.#backend;
    const nowMs = this.#ports.now;
    return this.#lending({ of: 'slot', key: server.key }, server.quota, {
      used: () => server.inFlight,
      most: () => server.lendable(nowMs(), balancer.load),
      waitsSince: () => {
        if (!server.acceptsBound()) return Infinity;
        const triesSince = server.circuit.isWanted ? performance.timeOrigin + nowMs() : Infinity;
        return Math.min(triesSince, queues.waitsSince(server, nowMs()));
      },
      came: () => {
        server.circuit.isWanted = false;
        this.#backend.freed(server);
      },
      refused: () => undefined,
    });
  }

  #placesOf(server: ServerRuntime | undefined, key: string, quota: Quota): Lending {
    const { queues } = this.#backend;
    return this.#lending({ of: 'place', key }, quota, {
      used: () => queues.sizeOf(server),
      most: () => quota.limit,
      waitsSince: () => {
        const [first] = queues.placeless(server);
        return first?.sinceMs ?? Infinity;
      },
      came: () => undefined,
      // They look elsewhere, or are told that there is no place.
      refused: () => {
        for (const request of [...queues.placeless(server)]) request.resume();
      },
    });
  }

  /** Since when the first waits that only lacks a slot of the backend. */
  #poolWaitsSince(): number {
    const { servers, balancer, queues } = this.#backend;
    const nowMs = this.#ports.now();
    let sinceMs = Infinity;
    for (const server of servers)
      if (server.hasSlot(nowMs, balancer.load)) sinceMs = Math.min(sinceMs, queues.waitsSince(server, nowMs));
    return sinceMs;
  }
}
