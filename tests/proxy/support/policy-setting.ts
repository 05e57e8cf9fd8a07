// A balancer over a few servers for tests of policies: who is picked, how often, and what when some are down.
import { Balancer } from '../../../src/proxy/core/balance/balancer.ts';
import { sdbm } from '../../../src/proxy/core/balance/hash-ring.ts';
import type { ServerState } from '../../../src/proxy/core/balance/server-state.ts';
import { aBackend, statesOf } from './builders.ts';

export interface Setting {
  readonly balancer: Balancer<ServerState>;
  readonly servers: readonly ServerState[];
  pick(nowMs?: number, key?: string): string;
  /** How often each server is picked. */
  count(times: number): Record<string, number>;
}

/** Servers of these weights, called s1, s2 and so on, in a backend with these keys. */
export function setUp(backend: object, ...weights: readonly number[]): Setting {
  const servers = weights.map((weight, index) => ({
    name: `s${index + 1}`,
    address: '192.0.2.1',
    port: 80 + index,
    weight,
  }));
  const config = aBackend({ ...(weights.length > 0 && { servers }), ...backend });
  const states = statesOf(config);
  const balancer = new Balancer(config, states);
  balancer.invalidate();
  const pick = (nowMs = 1, key?: string): string => {
    const hash = key === undefined ? undefined : sdbm(key);
    const picked = balancer.pick({ nowMs, tried: [], bound: undefined, hash });
    return typeof picked === 'string' ? picked : picked.config.name;
  };
  const count = (times: number): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (let time = 0; time < times; time += 1) {
      const name = pick();
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  };
  return { balancer, servers: states, pick, count };
}

export function setDown({ servers, balancer }: Setting, ...names: string[]): void {
  for (const server of servers) {
    const { name, weight } = server.config;
    if (names.includes(name))
      server.apply({ key: `api/${name}`, up: false, admin: 'ready', weight, risingForMs: -1 }, 0);
  }
  balancer.invalidate();
}
