// What a worker tells the master of its traffic, so that all workers are judged as one: at once when something fails, and then
// at most every few milliseconds.
import type { Observation } from '../core/balance/observer.ts';
import type { Seen } from '../core/balance/sightings.ts';
import type { FromWorker } from './ipc.ts';
import type { BackendRuntime, ServerRuntime } from './runtime.ts';

const pauseMs = 10;

export class Witness {
  readonly #send: (message: FromWorker) => void;
  readonly #now: () => number;
  /** Those of which there is something to tell. */
  readonly #news = new Set<ServerRuntime>();
  #toldMs = -Infinity;

  constructor(send: (message: FromWorker) => void, now: () => number) {
    this.#send = send;
    this.#now = now;
  }

  observe(server: ServerRuntime, seen: Observation, elapsedMs: number): void {
    const { sightings, circuit, config, backend } = server;
    const nowMs = this.#now();
    if (!sightings.note(seen, elapsedMs, circuit, backend.config.breaker, config.check, nowMs)) return;
    if (this.#news.size === 0) {
      const waitMs = this.#toldMs + pauseMs - nowMs;
      if (waitMs <= 0) setImmediate(() => this.tell());
      else setTimeout(() => this.tell(), waitMs).unref();
    }
    this.#news.add(server);
  }

  /** Adds what nobody waits for: how servers compare. */
  collect(backends: Iterable<BackendRuntime>): void {
    for (const { config, servers } of backends)
      if (config.breaker?.outlier) for (const server of servers) this.#news.add(server);
    this.tell();
  }

  tell(): void {
    if (this.#news.size === 0) return;
    const servers: Record<string, Seen> = {};
    let isAny = false;
    for (const server of this.#news) {
      const seen = server.sightings.drain();
      if (!seen) continue;
      servers[server.key] = seen;
      isAny = true;
    }
    this.#news.clear();
    this.#toldMs = this.#now();
    if (isAny) this.#send({ type: 'seen', servers });
  }
}
