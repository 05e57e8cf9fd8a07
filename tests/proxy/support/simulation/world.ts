// What the simulation moves: a backend with servers that break and mend, are drained and checked, on a virtual clock.
import { Balancer } from '../../../../src/proxy/core/balance/balancer.ts';
import { Queues } from '../../../../src/proxy/core/balance/queues.ts';
import type { AdminState, ServerState } from '../../../../src/proxy/core/balance/server-state.ts';
import type { BackendConfig } from '../../../../src/proxy/core/config/model.ts';
import { RetryBudget } from '../../../../src/proxy/core/retry.ts';
import { ServerRecord } from '../../../../src/proxy/core/server-record.ts';
import { aBackend, seeded, statesOf } from '../builders.ts';
import type { Request } from './request.ts';

export const policies = [
  'roundrobin',
  'leastconn',
  'hash',
  'static-rr',
  'random',
  'first',
  'least-response-time',
  'adaptive',
];

export const longestRequestMs = 2000;

export interface World {
  readonly backend: BackendConfig;
  readonly random: () => number;
  readonly states: readonly ServerState[];
  readonly records: readonly ServerRecord[];
  readonly balancer: Balancer<ServerState>;
  readonly budget: RetryBudget;
  /** What the server really is: does it answer. */
  readonly alive: boolean[];
  readonly nextCheckMs: number[];
  /** How and when each server was taken out. */
  readonly out: { admin: AdminState; sinceMs: number }[];
  readonly running: { readonly server: ServerState; readonly bound: boolean; readonly endsMs: number }[];
  readonly queues: Queues<ServerState, Request>;
  readonly waiting: Set<Request>;
  nowMs: number;
  /** Whoever waits should look again. */
  changed: boolean;
  requests: number;
  failed: number;
  picks: number;
}

export function aWorld(seed: number): World {
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
  for (const state of states) state.quota.share(state.config.maxconn, 0, 1);
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
    out: servers.map(() => ({ admin: 'ready', sinceMs: 0 })),
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
export function change(world: World, nowMs: number): void {
  world.records.forEach((record, index) => {
    const state = world.states[index];
    if (!state) return;
    if (world.random() < 0.002) world.alive[index] = !world.alive[index];
    if (world.random() < 0.001) {
      const admin = (['ready', 'ready', 'drain', 'maint'] as const)[Math.floor(world.random() * 4)] ?? 'ready';
      record.setAdmin(admin satisfies AdminState, nowMs);
      if (world.out[index]?.admin !== admin) world.out[index] = { admin, sinceMs: nowMs };
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

/** Ends requests, and lets those that wait have their slots. */
export function finish(world: World, over: (each: World['running'][number]) => boolean): void {
  for (let index = world.running.length - 1; index >= 0; index -= 1) {
    const each = world.running[index];
    if (!each || !over(each)) continue;
    each.server.inFlight -= 1;
    world.running.splice(index, 1);
    world.queues.freed(each.server, world.states, world.nowMs);
  }
}

/** Those whose time is over stop waiting. */
export function expire(world: World): void {
  for (const request of world.waiting) {
    if (world.nowMs < request.untilMs) continue;
    world.waiting.delete(request);
    world.queues.delete(request);
    request.outcome = 'late';
  }
}
