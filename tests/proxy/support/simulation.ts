// A balancer under random failures on a virtual clock, and what must hold at every pick.
import { Balancer } from '../../../src/proxy/core/balance/balancer.ts';
import { sdbm } from '../../../src/proxy/core/balance/hash-ring.ts';
import { type QueuedRequest, Queues } from '../../../src/proxy/core/balance/queues.ts';
import type { AdminState, ServerState } from '../../../src/proxy/core/balance/server-state.ts';
import { goesBefore, slotsOf } from '../../../src/proxy/core/balance/wait-queue.ts';
import type { BackendConfig } from '../../../src/proxy/core/config/model.ts';
import { RetryBudget } from '../../../src/proxy/core/retry.ts';
import { RetryPlan } from '../../../src/proxy/core/retry-plan.ts';
import { ServerRecord } from '../../../src/proxy/core/server-record.ts';
import { aBackend, seeded, statesOf } from './builders.ts';

const longestRequestMs = 2000;
const longestWaitMs = 10_000;

const policies = ['roundrobin', 'leastconn', 'hash', 'static-rr', 'random', 'first', 'least-response-time', 'adaptive'];

interface World {
  readonly backend: BackendConfig;
  readonly random: () => number;
  readonly states: readonly ServerState[];
  readonly records: readonly ServerRecord[];
  readonly balancer: Balancer<ServerState>;
  readonly budget: RetryBudget;
  /** What the server really is: does it answer. */
  readonly alive: boolean[];
  readonly nextCheckMs: number[];
  /** When each server was taken out for maintenance; Infinity while it is in. */
  readonly maintSinceMs: number[];
  readonly running: { readonly server: ServerState; readonly endsMs: number }[];
  readonly queues: Queues<ServerState, Request>;
  readonly waiting: Set<Request>;
  nowMs: number;
  /** Whoever waits should look again. */
  changed: boolean;
  requests: number;
  failed: number;
  picks: number;
}

function aWorld(seed: number): World {
  const random = seeded(seed);
  const balance = policies[seed % policies.length] ?? '';
  const tight = random() < 0.3;
  const servers = Array.from({ length: 2 + Math.floor(random() * 5) }, (_, index) => ({
    name: `s${index + 1}`,
    address: '192.0.2.1',
    port: 8000 + index,
    weight: 1 + Math.floor(random() * 4),
    backup: index > 1 && random() < 0.2,
    maxconn: tight ? 2 : random() < 0.2 ? 5 : 0,
  }));
  const backend = aBackend({
    balance,
    ...(balance === 'hash' && { hash: { key: 'uri' } }),
    allbackups: random() < 0.5,
    cookie: { name: 'S' },
    check: {},
    slowstart: '30s',
    servers,
  });
  const states = statesOf(backend);
  for (const state of states) state.slots = slotsOf(state.config.maxconn, 0, 1);
  const balancer = new Balancer(backend, states, seed);
  return {
    backend,
    random,
    states,
    records: backend.servers.map((server) => new ServerRecord(backend, server, 1)),
    balancer,
    budget: new RetryBudget(),
    alive: servers.map(() => true),
    nextCheckMs: servers.map(() => 1),
    maintSinceMs: servers.map(() => Infinity),
    running: [],
    queues: new Queues(balancer),
    waiting: new Set(),
    nowMs: 0,
    changed: false,
    requests: 0,
    failed: 0,
    picks: 0,
  };
}

/** Breaks, mends, drains and checks servers. */
function change(world: World, nowMs: number): void {
  world.records.forEach((record, index) => {
    const state = world.states[index];
    if (!state) return;
    if (world.random() < 0.002) world.alive[index] = !world.alive[index];
    if (world.random() < 0.001) {
      const admin = (['ready', 'ready', 'drain', 'maint'] as const)[Math.floor(world.random() * 4)] ?? 'ready';
      record.setAdmin(admin satisfies AdminState, nowMs);
      world.maintSinceMs[index] = admin === 'maint' ? Math.min(nowMs, world.maintSinceMs[index] ?? nowMs) : Infinity;
    }
    if (nowMs >= (world.nextCheckMs[index] ?? 0) && record.admin !== 'maint') {
      const passed = world.alive[index] === true;
      record.record({ passed, code: passed ? 'L7OK' : 'L4CON', status: undefined, durationMs: 1, detail: '' }, nowMs);
      if (passed && record.up && state.suspicion !== 'none') {
        state.trust();
        world.changed = true;
      }
      world.nextCheckMs[index] = nowMs + (record.health?.nextDelayMs() ?? 1000);
    }
    const view = record.view(nowMs);
    if (view.up === state.up && view.admin === state.admin) return;
    world.changed = true;
    const fell = state.apply(view, nowMs);
    world.balancer.invalidate();
    // on-marked-down shutdown-sessions
    if (fell) finish(world, (each) => each.server === state);
  });
}

function finish(world: World, over: (each: World['running'][number]) => boolean): void {
  for (let index = world.running.length - 1; index >= 0; index -= 1) {
    const each = world.running[index];
    if (!each || !over(each)) continue;
    each.server.inFlight -= 1;
    world.running.splice(index, 1);
    world.queues.freed(each.server, world.states, world.nowMs);
  }
}

/** Whoever is taken out of service is empty as soon as its last request can have ended. */
function expectDrained(world: World, nowMs: number): void {
  world.states.forEach((state, index) => {
    if (nowMs - (world.maintSinceMs[index] ?? Infinity) > longestRequestMs && state.inFlight > 0)
      throw new Error('a server in maintenance is not empty');
  });
}

/** One request with its retries, from the first pick to its end; checks every pick. */
class Request implements QueuedRequest<ServerState> {
  readonly sinceMs = 0;
  readonly priority: number;
  readonly order: number;
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
      running.push({ server: picked, endsMs: nowMs + random() * longestRequestMs });
      if (picked.inFlight > picked.slots) throw new Error('more requests than maxconn');
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

/** Who gets a slot of any server is the first of those that wait for any. */
function expectFirst(request: Request, { waiting }: World): void {
  for (const other of waiting) {
    if (!other.isBound && other.server === undefined && goesBefore(other, request))
      throw new Error('a request was overtaken in the queue');
  }
}

/** Nobody waits for what is there, nor longer than allowed, and the counts are right. */
function expectQueues({ waiting, states, nowMs, balancer }: World): void {
  if (waiting.size === 0 && states.every((state) => state.queued === 0)) return;
  const own = new Map<ServerState, number>();
  for (const request of waiting) {
    const { server } = request;
    if (nowMs > request.untilMs) throw new Error('waits for longer than it may');
    if (server) own.set(server, (own.get(server) ?? 0) + 1);
    if (server && !balancer.keepsBound(server, nowMs)) throw new Error('waits for a server that is gone');
    if (server && balancer.isFree(server, nowMs, true)) throw new Error('waits for a server with a free slot');
    if (!server && !request.isBound && states.some((state) => !state.config.backup && usable(state, nowMs)))
      throw new Error('waits while a server is free');
  }
  for (const state of states)
    if (state.queued !== (own.get(state) ?? 0)) throw new Error('the queue of a server is miscounted');
}

/** Those whose time is over stop waiting. */
function expire(world: World): void {
  for (const request of world.waiting) {
    if (world.nowMs < request.untilMs) continue;
    world.waiting.delete(request);
    world.queues.delete(request);
    request.outcome = 'late';
  }
}

function usable(state: ServerState, nowMs: number): boolean {
  return state.accepts() && state.suspicionAt(nowMs) !== 'unreachable' && state.isFree(nowMs, 0);
}

function expectNoneUsable(states: readonly ServerState[], nowMs: number, picked: 'none' | 'full'): void {
  if (picked === 'none' && states.some((state) => usable(state, nowMs)))
    throw new Error('held although a server is usable');
}

function expectAllowed(
  picked: ServerState,
  states: readonly ServerState[],
  tried: readonly ServerState[],
  bound: ServerState | undefined,
  nowMs: number,
  granted: boolean,
): void {
  if (!picked.up) throw new Error('picked a server that is DOWN');
  if (picked.admin === 'maint') throw new Error('picked a server in maintenance');
  if (!picked.hasSlot(nowMs, 0)) throw new Error('picked a server without a free slot');
  if (picked.admin === 'drain' && picked !== bound) throw new Error('picked a drained server');
  if (picked.suspicionAt(nowMs) !== 'none') throw new Error('picked a suspect');
  if (picked === bound || granted) return;
  const others = states.filter((state) => usable(state, nowMs) && state.config.backup === picked.config.backup);
  if (tried.includes(picked) && others.some((state) => !tried.includes(state)))
    throw new Error('picked one that failed');
  if (picked.config.backup && states.some((state) => usable(state, nowMs) && !state.config.backup))
    throw new Error('picked a backup');
}

/** Runs one world for a time and checks every pick; returns their number. Throws, with the seed, where something is wrong. */
export function simulate(seed: number, minutes: number, stepMs: number): number {
  const world = aWorld(seed);
  try {
    let wokenMs = 0;
    for (let nowMs = 1; nowMs < minutes * 60_000; nowMs += stepMs) {
      world.nowMs = nowMs;
      change(world, nowMs);
      finish(world, ({ endsMs }) => endsMs <= nowMs);
      expire(world);
      const awake = world.changed || nowMs - wokenMs >= Math.max(500, 4 * stepMs);
      world.changed = false;
      if (awake) {
        wokenMs = nowMs;
        world.queues.wake(world.states, nowMs);
      }
      expectDrained(world, nowMs);
      // Now and then many at once, so that they must wait.
      const count = world.random() < 0.01 ? 12 : 1;
      for (let index = 0; index < count; index += 1) {
        new Request(world).dispatch();
      }
      if (awake) expectQueues(world);
      for (const state of world.states) if (state.inFlight < 0) throw new Error('in-flight below zero');
    }
    while (world.running.length > 0) finish(world, () => true);
    world.nowMs = Infinity;
    expire(world);
    if (world.waiting.size > 0 || world.queues.isWaited) throw new Error('somebody waits for ever');
    if (world.states.some((state) => state.inFlight !== 0)) throw new Error('in-flight does not return to zero');
    if (world.failed > 0) throw new Error(`${world.failed} requests failed`);
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : ''}`, { cause: error });
  }
  return world.picks;
}
