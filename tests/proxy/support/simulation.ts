// A balancer under random failures on a virtual clock, and what must hold at every pick.
import { Balancer } from '../../../src/proxy/core/balance/balancer.ts';
import type { AdminState, ServerState } from '../../../src/proxy/core/balance/server-state.ts';
import type { BackendConfig } from '../../../src/proxy/core/config/model.ts';
import { RetryBudget } from '../../../src/proxy/core/retry.ts';
import { RetryPlan } from '../../../src/proxy/core/retry-plan.ts';
import { ServerRecord } from '../../../src/proxy/core/server-record.ts';
import { aBackend, seeded, statesOf } from './builders.ts';

const longestRequestMs = 2000;

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
  picks: number;
}

function aWorld(seed: number): World {
  const random = seeded(seed);
  const balance = (['roundrobin', 'leastconn', 'hash'] as const)[seed % 3];
  const servers = Array.from({ length: 2 + Math.floor(random() * 5) }, (_, index) => ({
    name: `s${index + 1}`,
    address: '192.0.2.1',
    port: 8000 + index,
    weight: 1 + Math.floor(random() * 4),
    backup: index > 1 && random() < 0.2,
    maxconn: random() < 0.2 ? 5 : 0,
  }));
  const backend = aBackend({
    balance,
    hash: { key: 'uri' },
    cookie: { name: 'S' },
    check: {},
    slowstart: '30s',
    servers,
  });
  const states = statesOf(backend);
  for (const state of states) state.slots = state.config.maxconn;
  return {
    backend,
    random,
    states,
    records: backend.servers.map((server) => new ServerRecord(backend, server, 1)),
    balancer: new Balancer(backend, states),
    budget: new RetryBudget(),
    alive: servers.map(() => true),
    nextCheckMs: servers.map(() => 1),
    maintSinceMs: servers.map(() => Infinity),
    running: [],
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
      if (passed && record.up) state.trust();
      world.nextCheckMs[index] = nowMs + (record.health?.nextDelayMs() ?? 1000);
    }
    const view = record.view(nowMs);
    if (view.up === state.up && view.admin === state.admin) return;
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
  }
}

/** Whoever is taken out of service is empty as soon as its last request can have ended. */
function expectDrained(world: World, nowMs: number): void {
  world.states.forEach((state, index) => {
    if (nowMs - (world.maintSinceMs[index] ?? Infinity) > longestRequestMs && state.inFlight > 0)
      throw new Error('a server in maintenance is not empty');
  });
}

/** One request with its retries; checks every pick. Returns whether it was served, held or failed. */
function request(world: World, nowMs: number): 'served' | 'held' | 'failed' {
  const { states, random } = world;
  const plan = new RetryPlan<ServerState>(world.backend, 'GET', false);
  const cookie = random() < 0.3 ? states[Math.floor(random() * states.length)]?.config.cookie : undefined;
  world.budget.request(nowMs);
  for (;;) {
    const picked = world.balancer.pick({
      nowMs,
      tried: plan.tried,
      cookie,
      hashKey: `/k/${Math.floor(random() * 50)}`,
    });
    if (picked === 'none' || picked === 'full') {
      expectNoneUsable(states, nowMs, picked);
      return 'held';
    }
    world.picks += 1;
    expectAllowed(picked, states, plan.tried, cookie, nowMs);
    if (world.alive[states.indexOf(picked)] === true) {
      picked.inFlight += 1;
      world.running.push({ server: picked, endsMs: nowMs + random() * longestRequestMs });
      return 'served';
    }
    picked.suspect('unreachable', nowMs + 10_000);
    const record = world.records[states.indexOf(picked)];
    if (record?.health?.accuse() === true) world.nextCheckMs[states.indexOf(picked)] = nowMs;
    const attempt = { sent: random() < 0.5, stale: false, bodyKept: true };
    if (!plan.again(picked, attempt, world.budget, nowMs)) return 'failed';
  }
}

function usable(state: ServerState, nowMs: number): boolean {
  return state.accepts() && state.suspicionAt(nowMs) !== 'unreachable' && state.hasSlot();
}

function expectNoneUsable(states: readonly ServerState[], nowMs: number, picked: 'none' | 'full'): void {
  if (picked === 'none' && states.some((state) => usable(state, nowMs)))
    throw new Error('held although a server is usable');
}

function expectAllowed(
  picked: ServerState,
  states: readonly ServerState[],
  tried: readonly ServerState[],
  cookie: string | undefined,
  nowMs: number,
): void {
  if (!picked.up) throw new Error('picked a server that is DOWN');
  if (picked.admin === 'maint') throw new Error('picked a server in maintenance');
  if (!picked.hasSlot()) throw new Error('picked a server without a free slot');
  if (picked.admin === 'drain' && picked.config.cookie !== cookie) throw new Error('picked a drained server');
  if (picked.suspicionAt(nowMs) !== 'none') throw new Error('picked a suspect');
  if (picked.config.cookie === cookie) return;
  const others = states.filter((state) => usable(state, nowMs) && state.config.backup === picked.config.backup);
  if (tried.includes(picked) && others.some((state) => !tried.includes(state)))
    throw new Error('picked one that failed');
  if (picked.config.backup && states.some((state) => usable(state, nowMs) && !state.config.backup))
    throw new Error('picked a backup');
}

/** Runs one world for a time and checks every pick; returns their number. Throws, with the seed, where something is wrong. */
export function simulate(seed: number, minutes: number, stepMs: number): number {
  const world = aWorld(seed);
  let failed = 0;
  try {
    for (let nowMs = 1; nowMs < minutes * 60_000; nowMs += stepMs) {
      change(world, nowMs);
      finish(world, ({ endsMs }) => endsMs <= nowMs);
      expectDrained(world, nowMs);
      if (request(world, nowMs) === 'failed') failed += 1;
      for (const state of world.states) if (state.inFlight < 0) throw new Error('in-flight below zero');
    }
    finish(world, () => true);
    if (world.states.some((state) => state.inFlight !== 0)) throw new Error('in-flight does not return to zero');
    if (failed > 0) throw new Error(`${failed} requests failed`);
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : ''}`, { cause: error });
  }
  return world.picks;
}
