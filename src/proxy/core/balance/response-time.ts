// Policies that go by how long servers take to answer.
import { loadOf, lowest, type Policy, type PolicyInput } from './policy.ts';
import type { ServerState } from './server-state.ts';

/** Weight of what was before, at each answer. */
const decay = 0.8;
/** An average of which nothing was heard for this long counts half: who was slow gets another chance. */
const halfLifeMs = 10_000;

/** Moving average of the times to the first byte of a response. */
export class ResponseTime {
  #averageMs = -1;
  #atMs = 0;

  add(ms: number, nowMs: number): void {
    this.#averageMs = this.#averageMs < 0 ? ms : this.at(nowMs) * decay + ms * (1 - decay);
    this.#atMs = nowMs;
  }

  /** What it would be now; -1 while nothing was measured. */
  at(nowMs: number): number {
    const idleMs = nowMs - this.#atMs;
    // Between answers under load it is simply the average.
    return this.#averageMs < 0 || idleMs < 1000 ? this.#averageMs : this.#averageMs * 2 ** (-idleMs / halfLifeMs);
  }
}

/** Lowest average times requests under way. Who was never asked comes first, but for one request at a time. */
export class LeastResponseTime<S extends ServerState> implements Policy<S> {
  #turn: number;

  constructor({ seed }: PolicyInput<S>) {
    this.#turn = seed;
  }

  choose(usable: readonly S[], nowMs: number): S | undefined {
    this.#turn = (this.#turn + 1) % usable.length;
    const typical = typicalMs(usable, nowMs);
    return lowest(usable, this.#turn, (server) => {
      const averageMs = server.responseTime.at(nowMs);
      const load = loadOf(server);
      if (averageMs < 0 && load === 0) return -1;
      const weight = Math.max(1, server.effectiveWeight(nowMs));
      return ((averageMs < 0 ? typical : averageMs) * (load + 1)) / weight;
    });
  }

  invalidate(): void {
    // Nothing is computed before.
  }
}

/** Mean of the averages there are: what is expected of a server that has none yet. */
function typicalMs(servers: readonly ServerState[], nowMs: number): number {
  let sum = 0;
  let count = 0;
  for (const server of servers) {
    const averageMs = server.responseTime.at(nowMs);
    if (averageMs < 0) continue;
    sum += averageMs;
    count += 1;
  }
  return count === 0 ? 1 : sum / count;
}

/** How often it is judged again: rarely, so that it does not swing. */
const judgeMs = 5000;
/** Servers differ when the slowest takes this many times as long as the fastest. */
const differs = 2;
/** And are alike again below this. */
const alike = 1.5;

/**
 * Round robin while servers are alike; by response time when they differ; by load when they answer alike but requests
 * pile up unevenly (long ones among short ones).
 */
export class Adaptive<S extends ServerState> implements Policy<S> {
  readonly #even: Policy<S>;
  readonly #byLoad: Policy<S>;
  readonly #byTime: Policy<S>;
  #present: Policy<S>;
  #judgedMs = -Infinity;

  constructor(even: Policy<S>, byLoad: Policy<S>, byTime: Policy<S>) {
    this.#even = even;
    this.#byLoad = byLoad;
    this.#byTime = byTime;
    this.#present = even;
  }

  choose(usable: readonly S[], nowMs: number, hash: number | undefined): S | undefined {
    if (nowMs - this.#judgedMs >= judgeMs) {
      this.#judgedMs = nowMs;
      this.#present = this.#judge(usable, nowMs);
    }
    return this.#present.choose(usable, nowMs, hash);
  }

  invalidate(): void {
    for (const policy of [this.#even, this.#byLoad, this.#byTime]) policy.invalidate();
  }

  #judge(usable: readonly S[], nowMs: number): Policy<S> {
    const times = usable.map((server) => server.responseTime.at(nowMs)).filter((ms) => ms >= 0);
    // Differences below a millisecond are noise.
    const spread = (Math.max(...times, 1) + 1) / (Math.min(...times, Infinity) + 1);
    if (times.length > 1 && spread >= (this.#present === this.#byTime ? alike : differs)) return this.#byTime;
    const loads = usable.map((server) => (loadOf(server) + 1) / Math.max(1, server.effectiveWeight(nowMs)));
    const uneven = Math.max(...loads) / Math.min(...loads);
    return uneven >= (this.#present === this.#byLoad ? alike : differs) ? this.#byLoad : this.#even;
  }
}
