// A request that waits: for a server to come back (hold), for a slot of any server, or for one of the server that its client
// is bound to. Who goes first is in core/balance/queues.ts.
import type { QueuedRequest } from '../core/balance/queues.ts';
import type { Exchange } from './exchange.ts';
import type { ServerRuntime } from './runtime.ts';
import type { WorkerContext } from './worker-context.ts';

let arrivals = 0;

/** Number of the next that comes: whoever came first goes first, in whatever mode. */
export function nextArrival(): number {
  arrivals += 1;
  return arrivals;
}

export class Waiting implements QueuedRequest<ServerRuntime> {
  readonly priority: number;
  readonly order = nextArrival();
  /** In a queue now. */
  active = false;
  /** When its time is over it looks once more: a server that it left alone may be tried again. */
  rests = false;
  /** The server that it waits for; undefined = any. */
  server: ServerRuntime | undefined;
  /** How many were in front of it when it began to wait for its server, and for any. */
  behindServer = 0;
  behindBackend = 0;
  sinceMs = 0;
  readonly #exchange: Exchange;
  readonly #context: WorkerContext;
  #untilMs = 0;

  constructor(exchange: Exchange, priority: number, context: WorkerContext) {
    this.#exchange = exchange;
    this.priority = priority;
    this.#context = context;
  }

  /** Begins or goes on to wait; false when its time is over, which counts from the first wait, or the queue is full. */
  begin(nowMs: number, why: 'none' | 'full', server: ServerRuntime | undefined): boolean {
    const { config, backend, client, plan } = this.#exchange;
    if (this.#untilMs === 0) {
      this.sinceMs = performance.timeOrigin + nowMs;
      this.#untilMs = nowMs + (why === 'none' ? config.holdMs : config.timeouts.queueMs);
      if (why === 'none') backend.counters.holds += 1;
    }
    // A server that is still said to be well gets its second chance, whatever time there is for one to come back.
    const untilMs = Math.max(this.#untilMs, plan.restUntilMs);
    if (nowMs >= untilMs) return false;
    if (!server && !backend.queues.mayQueue(nowMs)) return false;
    if (why === 'none') this.#context.holding(backend);
    this.rests = untilMs > this.#untilMs;
    this.active = true;
    this.server = server;
    if (server) this.behindServer = backend.queues.sizeOf(server);
    else this.behindBackend = backend.queues.sizeOf(undefined);
    backend.wait(this);
    client.arm('wait', untilMs - nowMs);
    return true;
  }

  /** Its turn: `server` has a slot for it, or it looks for one itself. */
  resume(server?: ServerRuntime): void {
    this.#exchange.resume(server);
  }

  end(): void {
    if (!this.active) return;
    this.active = false;
    this.#exchange.client.disarm();
    this.#exchange.backend.leave(this);
  }
}
