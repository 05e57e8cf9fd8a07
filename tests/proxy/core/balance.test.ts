// Who is picked: round robin by weight, persistence, suspicion, limits. By hash: hashing.test.ts.
import { describe, expect, it } from 'vitest';
import { Balancer, type PickRequest } from '../../../src/proxy/core/balance/balancer.ts';
import { sdbm } from '../../../src/proxy/core/balance/hash-ring.ts';
import type { ServerState } from '../../../src/proxy/core/balance/server-state.ts';
import { effectiveWeight, throttlePercent } from '../../../src/proxy/core/slowstart.ts';
import { aBackend, statesOf } from '../support/builders.ts';

interface Setting {
  readonly balancer: Balancer<ServerState>;
  readonly servers: readonly ServerState[];
  pick(request?: Partial<PickRequest<ServerState>> & { cookie?: string; hashKey?: string }): string;
}

function setUp(backend: object = {}): Setting {
  const config = aBackend(backend);
  const servers = statesOf(config);
  const balancer = new Balancer(config, servers);
  return {
    balancer,
    servers,
    pick: (request = {}) => {
      const { cookie, hashKey, ...rest } = request;
      const bound = servers.find((server) => server.config.cookie === cookie);
      const hash = hashKey === undefined ? undefined : sdbm(hashKey);
      const picked = balancer.pick({ nowMs: 0, tried: [], bound, hash, ...rest });
      return typeof picked === 'string' ? picked : picked.config.name;
    },
  };
}

const weighted = (...weights: number[]): object => ({
  servers: weights.map((weight, index) => ({ name: `s${index + 1}`, address: '192.0.2.1', port: 80 + index, weight })),
});

function picks(setting: Setting, count: number): string {
  return Array.from({ length: count }, () => setting.pick()).join(' ');
}

describe('round robin', () => {
  it('begins elsewhere in each worker, and is even all the same', () => {
    const config = aBackend();
    const firsts = [0, 1, 2, 3].map((worker) => {
      const servers = statesOf(config);
      const balancer = new Balancer(config, servers, worker);
      const picks = Array.from({ length: 6 }, () => {
        const picked = balancer.pick({ nowMs: 0, tried: [], bound: undefined, hash: undefined });
        return typeof picked === 'string' ? picked : picked.config.name;
      });
      expect(picks.toSorted()).toEqual(['s1', 's1', 's2', 's2', 's3', 's3']);
      return picks[0];
    });
    expect(firsts).toEqual(['s1', 's2', 's3', 's1']);
  });

  it('takes turns at equal weights', () => {
    expect(picks(setUp(), 6)).toBe('s1 s2 s3 s1 s2 s3');
  });

  it('gives each server its weight in every cycle, spread out', () => {
    const setting = setUp(weighted(5, 3));
    expect(picks(setting, 8)).toBe('s1 s2 s1 s1 s2 s1 s2 s1');
    expect(
      picks(setUp(weighted(1, 2, 4)), 7)
        .split(' ')
        .sort()
        .join(' '),
    ).toBe('s1 s2 s2 s3 s3 s3 s3');
  });

  it('leaves out weight 0, DOWN, drained and servers in maintenance', () => {
    const setting = setUp(weighted(1, 1, 0));
    const [first, second] = setting.servers;
    expect(picks(setting, 4)).toBe('s1 s2 s1 s2');
    second?.apply({ key: 'api/s2', up: true, admin: 'drain', weight: 1, risingForMs: -1 }, 0);
    expect(picks(setting, 2)).toBe('s1 s1');
    first?.apply({ key: 'api/s1', up: false, admin: 'ready', weight: 1, risingForMs: -1 }, 0);
    expect(setting.pick()).toBe('none');
  });
});

describe('least connections', () => {
  it('takes the one with the fewest requests for its weight, and turns among equals', () => {
    const setting = setUp({ balance: 'leastconn', ...weighted(1, 1, 4) });
    const [first, second, third] = setting.servers;
    if (!first || !second || !third) throw new Error('no servers');
    first.inFlight = second.inFlight = 1;
    third.inFlight = 3;
    expect(setting.pick()).toBe('s3');
    third.inFlight = 9;
    expect(new Set(picks(setting, 4).split(' '))).toEqual(new Set(['s1', 's2']));
  });
});

describe('persistence', () => {
  const cookie = { cookie: { name: 'SERVERID' } };

  it('uses the server that the cookie names, also while it is drained, not when it is DOWN, suspect or tried', () => {
    const setting = setUp(cookie);
    const [, second] = setting.servers;
    if (!second) throw new Error('no server');
    expect(setting.pick({ cookie: 's2' })).toBe('s2');
    second.apply({ key: 'api/s2', up: true, admin: 'drain', weight: 1, risingForMs: -1 }, 0);
    expect(setting.pick({ cookie: 's2' })).toBe('s2');
    expect(setting.pick({ cookie: 's2', tried: [second] })).not.toBe('s2');
    second.suspect('unreachable', 100);
    expect(setting.pick({ cookie: 's2' })).not.toBe('s2');
    expect(setting.pick({ cookie: 's2', nowMs: 101 })).toBe('s2');
    second.apply({ key: 'api/s2', up: true, admin: 'maint', weight: 1, risingForMs: -1 }, 0);
    expect(setting.pick({ cookie: 's2', nowMs: 101 })).not.toBe('s2');
  });

  it('may be forced: then any state will do, but not a second time', () => {
    const { balancer, servers } = setUp();
    const [first] = servers;
    if (!first) throw new Error('no server');
    first.apply({ key: 'api/s1', up: false, admin: 'maint', weight: 1, risingForMs: -1 }, 0);
    const request = { nowMs: 0, tried: [], bound: first, hash: undefined };
    expect(balancer.pick(request)).not.toBe(first);
    expect(balancer.pick({ ...request, forced: true })).toBe(first);
    expect(balancer.pick({ ...request, forced: true, tried: [first] })).not.toBe(first);
  });

  it('holds whatever is known of the server where that is wanted, until it fails the request', () => {
    const setting = setUp({ ...cookie, persist: true });
    const [, second] = setting.servers;
    if (!second) throw new Error('no server');
    const view = { key: 'api/s2', weight: 1, risingForMs: -1 } as const;
    second.apply({ ...view, up: false, admin: 'ready' }, 0);
    expect([setting.pick({ cookie: 's2' }), picks(setting, 2)]).toEqual(['s2', 's1 s3']);
    second.apply({ ...view, up: true, admin: 'maint' }, 0);
    second.suspect('unreachable', 100);
    expect(setting.pick({ cookie: 's2' })).toBe('s2');
    expect(setting.pick({ cookie: 's2', tried: [second] })).not.toBe('s2');
    // Its name leads nowhere.
    second.apply({ ...view, up: true, admin: 'maint', endpoint: { address: '', port: 80 } }, 0);
    expect(setting.pick({ cookie: 's2' })).not.toBe('s2');
  });

  it('spreads requests with an unknown value', () => {
    expect(setUp(cookie).pick({ cookie: 'nobody' })).toBe('s1');
  });
});

describe('candidates', () => {
  it('prefers servers that did not fail this request', () => {
    const setting = setUp();
    expect(setting.pick({ tried: setting.servers.slice(0, 1) })).toBe('s2');
    expect(setting.pick({ tried: [...setting.servers] })).not.toBe('none');
  });

  it('uses a silent server only when there is no other, an unreachable one never', () => {
    const setting = setUp(weighted(1, 1));
    setting.servers[0]?.suspect('silent', 100);
    expect(picks(setting, 2)).toBe('s2 s2');
    setting.servers[1]?.suspect('unreachable', 100);
    expect(picks(setting, 2)).toBe('s1 s1');
    setting.servers[0]?.suspect('unreachable', 100);
    expect(setting.pick()).toBe('none');
  });

  it('tries an unreachable one after a while where there is no other, not even a backup or one that is busy', () => {
    const servers = ['s1', 's2', 'spare'].map((name, index) => {
      return { name, address: 'a', port: 80 + index, backup: name === 'spare' };
    });
    const setting = setUp({ servers });
    const [first, second, spare] = setting.servers;
    if (!first || !second || !spare) throw new Error('no servers');
    for (const server of setting.servers) server.suspect('unreachable', 10_000, 1000);
    expect([0, 999].map((nowMs) => setting.pick({ nowMs }))).toEqual(['none', 'none']);
    expect([1000, 1001, 1002].map((nowMs) => setting.pick({ nowMs }))).toEqual(['s1', 's2', 'spare']);
    spare.trust();
    expect(setting.pick({ nowMs: 1000 })).toBe('spare');
    second.trust();
    second.quota.share(1, 0, 1);
    second.inFlight = 1;
    expect(setting.pick({ nowMs: 1000 })).toBe('full');
  });

  it('uses the first backup only while nobody else is usable', () => {
    const servers = ['s1', 's2', 's3'].map((name, index) => ({
      name,
      address: 'a',
      port: 80 + index,
      backup: index > 0,
    }));
    const setting = setUp({ servers });
    expect(picks(setting, 2)).toBe('s1 s1');
    setting.servers[0]?.apply({ key: 'api/s1', up: false, admin: 'ready', weight: 1, risingForMs: -1 }, 0);
    expect(picks(setting, 3)).toBe('s2 s2 s2');
  });

  it('passes over servers without a free slot, and says when all are full', () => {
    const setting = setUp(weighted(1, 1));
    for (const server of setting.servers) server.quota.share(1, 0, 1);
    const [first, second] = setting.servers;
    if (!first || !second) throw new Error('no servers');
    first.inFlight = 1;
    expect(picks(setting, 2)).toBe('s2 s2');
    second.inFlight = 1;
    expect(setting.pick()).toBe('full');
  });
});

describe('slowstart', () => {
  it('grows from one sixteenth to all in sixteen steps, only after a recovery', () => {
    const at = (ms: number): number => effectiveWeight(1, 1000, 16_000, 1000 + ms);
    expect([0, 1000, 4000, 8000, 15_500, 16_000, 90_000].map(at)).toEqual([1, 1, 4, 8, 16, 16, 16]);
    expect(effectiveWeight(3, 0, 16_000, 5)).toBe(48);
    expect(throttlePercent(1000, 16_000, 9000)).toBe(50);
    expect(throttlePercent(1000, 16_000, 17_000)).toBeUndefined();
  });

  it('shows in the share of traffic', () => {
    const setting = setUp({ slowstart: '16s', ...weighted(1, 1) });
    setting.servers[0]?.apply({ key: 'api/s1', up: true, admin: 'ready', weight: 1, risingForMs: 4000 }, 4001);
    const names = Array.from({ length: 100 }, () => setting.pick({ nowMs: 4001 }));
    expect(names.filter((name) => name === 's1').length).toBeGreaterThan(15);
    expect(names.filter((name) => name === 's1').length).toBeLessThan(30);
  });
});
