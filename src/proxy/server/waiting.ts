// A request that waits: for a server to come back (hold), or for a slot of maxconn (queue).
import type { Exchange } from './exchange.ts';
import type { WorkerContext } from './worker-context.ts';

export class Waiting {
  /** In the list of the backend now. */
  active = false;
  readonly #exchange: Exchange;
  readonly #context: WorkerContext;
  #untilMs = 0;

  constructor(exchange: Exchange, context: WorkerContext) {
    this.#exchange = exchange;
    this.#context = context;
  }

  /** Begins or goes on to wait; false when its time is over, which counts from the first wait. */
  begin(nowMs: number, why: 'none' | 'full'): boolean {
    const { config, backend, client } = this.#exchange;
    if (this.#untilMs === 0) {
      this.#untilMs = nowMs + (why === 'none' ? config.holdMs : config.timeouts.queueMs);
      if (why === 'none') backend.counters.holds += 1;
    }
    if (nowMs >= this.#untilMs) return false;
    if (why === 'none') this.#context.holding(backend);
    if (this.active) return true;
    this.active = true;
    backend.wait(this.#exchange);
    client.arm('wait', this.#untilMs - nowMs);
    return true;
  }

  end(): void {
    if (!this.active) return;
    this.active = false;
    this.#exchange.client.disarm();
    this.#exchange.backend.leave(this.#exchange);
  }
}
