// The control of the experiment: small requests straight to a server that does not fail, past the balancer.
// When they stall too, the machine stalled, not the balancer. On a busy machine a ceiling of 50 ms means nothing else.
import { setTimeout as sleep } from 'node:timers/promises';
import { newAgent, send } from './http-client.ts';
import type { Span } from './latency.ts';
import { latencyOf } from './latency.ts';
import type { Address } from './model.ts';

/** Rare enough to cost nothing, and no stall that matters (the lowest ceiling is 50 ms) fits in between. */
const everyMs = 20;
/** Slower than the median by this is a stall. */
const stallMs = 5;
const timeoutMs = 10_000;

export class Control {
  readonly samples: Span[] = [];
  failed = 0;
  readonly #target: Address;
  readonly #path: string;
  readonly #agent = newAgent();
  readonly #pending = new Set<Promise<void>>();
  #running = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(target: Address, path: string) {
    this.#target = target;
    this.#path = path;
  }

  start(): void {
    this.#running = true;
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#loop;
    await Promise.all(this.#pending);
    this.#agent.destroy();
  }

  async #run(): Promise<void> {
    for (let dueAt = performance.now(); this.#running; dueAt += everyMs) {
      await sleep(Math.max(0, dueAt - performance.now()));
      const asking = this.#ask(dueAt).finally(() => this.#pending.delete(asking));
      this.#pending.add(asking);
    }
  }

  async #ask(dueAt: number): Promise<void> {
    const exchange = { method: 'GET' as const, path: this.#path, headers: {}, body: null };
    const outcome = await send(this.#target, exchange, { agent: this.#agent, timeoutMs });
    if (outcome.kind === 'answered' && outcome.status === 200)
      this.samples.push({ fromMs: dueAt, toMs: performance.now() });
    else this.failed += 1;
  }
}

/** When the machine stalled: from when an answer was to be expected until it came. Pure. */
export function stallsOf(samples: readonly Span[]): Span[] {
  const typicalMs = latencyOf(samples.map((sample) => sample.toMs - sample.fromMs)).p50Ms;
  return samples.flatMap(({ fromMs, toMs }) =>
    toMs - fromMs > typicalMs + stallMs ? [{ fromMs: fromMs + typicalMs, toMs }] : [],
  );
}
