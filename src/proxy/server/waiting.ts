// How a request, or a connection in mode tcp, comes to its turn at a server: it goes there at once, or it waits: for a server
// to come back (hold), for a slot of any server, or for one of the server that its client is bound to. Who goes first is in
// core/balance/queues.ts.
import type { Pick } from '../core/balance/balancer.ts';
import type { QueuedRequest } from '../core/balance/queues.ts';
import type { BackendConfig } from '../core/config/model.ts';
import type { FailedServers } from '../core/failed-servers.ts';
import type { Client } from './client.ts';
import type { BackendRuntime, ServerRuntime } from './runtime.ts';
import type { WorkerContext } from './worker-context.ts';

/** Who wants a turn. */
export interface Seeker {
  /** Has the timer. */
  readonly client: { readonly arm: Client['arm']; readonly disarm: Client['disarm'] };
  /** Looks for a server; `granted` has a slot for it. */
  seek(granted?: ServerRuntime): void;
  /** There is nothing to wait for, or no time left. */
  noTurn(): void;
}

let arrivals = 0;

export class Waiting implements QueuedRequest<ServerRuntime> {
  readonly priority: number;
  /** Whoever came first goes first, in whatever mode. */
  readonly order = (arrivals += 1);
  /** In a queue now. */
  active = false;
  /** The server that it waits for; undefined = any. */
  server: ServerRuntime | undefined;
  /** How many were in front of it when it began to wait for its server, and for any. */
  behindServer = 0;
  behindBackend = 0;
  sinceMs = 0;
  readonly backend: BackendRuntime;
  readonly failed: FailedServers<ServerRuntime>;
  readonly #seeker: Seeker;
  readonly #context: WorkerContext;
  #untilMs = 0;
  /** When its time is over it looks once more: a server that it left alone may be tried again. */
  #looksAgain = false;

  constructor(
    seeker: Seeker,
    backend: BackendRuntime,
    failed: FailedServers<ServerRuntime>,
    priority: number,
    context: WorkerContext,
  ) {
    this.#seeker = seeker;
    this.backend = backend;
    this.failed = failed;
    this.priority = priority;
    this.#context = context;
  }

  /** The server that was picked, if it may go there now. Otherwise it waits for what is missing, or is told that it is in vain. */
  turnAt(picked: Pick<ServerRuntime>, config: BackendConfig, nowMs: number): ServerRuntime | undefined {
    const server = picked === 'none' || picked === 'full' ? undefined : picked;
    const rests = server !== undefined && this.failed.rests(server, nowMs);
    if (server && !rests && this.backend.balancer.isFree(server, nowMs, false)) return server;
    this.failed.forgetTried();
    const why = picked === 'none' || rests ? 'none' : 'full';
    if (!this.#begin(nowMs, why, rests ? undefined : server, config)) this.#seeker.noTurn();
    return undefined;
  }

  /** Begins or goes on to wait; false when its time is over, which counts from the first wait, or the queue is full. */
  #begin(nowMs: number, why: 'none' | 'full', server: ServerRuntime | undefined, config: BackendConfig): boolean {
    const { backend } = this;
    if (this.#untilMs === 0) {
      this.sinceMs = performance.timeOrigin + nowMs;
      this.#untilMs = nowMs + (why === 'none' ? config.holdMs : config.timeouts.queueMs);
      if (why === 'none') backend.counters.holds += 1;
    }
    // A server that is still said to be well gets its second chance, whatever time there is for one to come back.
    const untilMs = Math.max(this.#untilMs, this.failed.restUntilMs);
    if (nowMs >= untilMs) return false;
    if (!server && !backend.queues.mayQueue(nowMs)) return false;
    if (why === 'none') this.#context.holding(backend);
    this.#looksAgain = untilMs > this.#untilMs;
    this.active = true;
    this.server = server;
    if (server) this.behindServer = backend.queues.sizeOf(server);
    else this.behindBackend = backend.queues.sizeOf(undefined);
    backend.wait(this);
    this.#seeker.client.arm('wait', untilMs - nowMs);
    return true;
  }

  /** Its turn: `server` has a slot for it, or it looks for one itself. */
  resume(server?: ServerRuntime): void {
    if (!this.active) return;
    this.end();
    this.#seeker.seek(server);
  }

  /** Its time is over. Returns false if there is no use in looking once more. */
  expired(): boolean {
    this.end();
    if (this.#looksAgain) this.#seeker.seek();
    return this.#looksAgain;
  }

  end(): void {
    if (!this.active) return;
    this.active = false;
    this.#seeker.client.disarm();
    this.backend.leave(this);
  }
}
