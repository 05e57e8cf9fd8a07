// One request of the simulation: how it is tried, tried again and waits, and that every pick on its way is allowed.
import { sdbm } from '../../../../src/proxy/core/balance/hash-ring.ts';
import type { QueuedRequest } from '../../../../src/proxy/core/balance/queues.ts';
import type { ServerState } from '../../../../src/proxy/core/balance/server-state.ts';
import { RetryPlan } from '../../../../src/proxy/core/retry-plan.ts';
import { expectAllowed, expectFirst, expectNoneUsable } from './invariants.ts';
import { longestRequestMs, type World } from './world.ts';

const longestWaitMs = 10_000;

/** One request with its retries, from the first pick to its end; checks every pick. */
export class Request implements QueuedRequest<ServerState> {
  readonly priority: number;
  readonly order: number;
  readonly sinceMs = 0;
  server: ServerState | undefined;
  outcome: 'none' | 'waits' | 'served' | 'failed' | 'late' = 'none';
  readonly #world: World;
  readonly #plan: RetryPlan<ServerState>;
  readonly #bound: ServerState | undefined;
  readonly #hash: number;
  untilMs = 0;

  constructor(world: World) {
    const { states, random } = world;
    this.#world = world;
    this.order = world.requests += 1;
    this.priority = random() < 0.1 ? -1 : 0;
    this.#plan = new RetryPlan(world.backend, 'GET', false, world.nowMs);
    if (random() < 0.3) this.#bound = states[Math.floor(random() * states.length)];
    this.#hash = sdbm(`/k/${Math.floor(random() * 50)}`);
    world.budget.request(world.nowMs);
  }

  get isBound(): boolean {
    return this.#bound !== undefined;
  }

  resume(granted?: ServerState): void {
    this.#world.queues.delete(this);
    this.#world.waiting.delete(this);
    if (granted && !this.isBound) expectFirst(this, this.#world);
    this.dispatch(granted);
  }

  dispatch(granted?: ServerState): void {
    const world = this.#world;
    const { nowMs, balancer, states } = world;
    for (let first = granted; ; first = undefined) {
      const picked = first ?? balancer.pick({ nowMs, tried: this.#plan.tried, bound: this.#bound, hash: this.#hash });
      if (picked === 'none' || picked === 'full') {
        expectNoneUsable(states, nowMs, picked);
        this.#wait(undefined);
        return;
      }
      if (!first && !balancer.isFree(picked, nowMs, false)) {
        if (picked !== this.#bound) throw new Error('waits for a server that it is not bound to');
        this.#wait(picked);
        return;
      }
      world.picks += 1;
      expectAllowed(picked, states, this.#plan.tried, this.#bound, nowMs, first !== undefined);
      if (this.#try(picked)) return;
    }
  }

  /** Whether that ended it. */
  #try(picked: ServerState): boolean {
    const { nowMs, states, alive, records, running, random, budget, nextCheckMs } = this.#world;
    const index = states.indexOf(picked);
    if (alive[index] === true) {
      picked.inFlight += 1;
      running.push({ server: picked, bound: picked === this.#bound, endsMs: nowMs + random() * longestRequestMs });
      if (picked.inFlight > picked.quota.slots) throw new Error('more requests than maxconn');
      this.outcome = 'served';
      return true;
    }
    picked.suspect('unreachable', nowMs + 10_000);
    if (records[index]?.health?.accuse() === true) nextCheckMs[index] = nowMs;
    const attempt = { sent: random() < 0.5, stale: false, bodyKept: true };
    if (this.#plan.again(picked, attempt, budget, nowMs)) return false;
    this.outcome = 'failed';
    this.#world.failed += 1;
    return true;
  }

  #wait(server: ServerState | undefined): void {
    const { nowMs, queues, waiting } = this.#world;
    this.#plan.forgetTried();
    if (this.untilMs === 0) this.untilMs = nowMs + longestWaitMs;
    this.server = server;
    this.outcome = nowMs >= this.untilMs ? 'late' : 'waits';
    if (this.outcome === 'late') return;
    waiting.add(this);
    queues.add(this);
  }
}
