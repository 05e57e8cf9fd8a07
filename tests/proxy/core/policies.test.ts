// The other policies: fixed turns, slots by hash, lots, filling in order, response times.
import { describe, expect, it } from 'vitest';
import { slotTable } from '../../../src/proxy/core/balance/slot-table.ts';
import { Balancer } from '../../../src/proxy/core/balance/balancer.ts';
import { aBackend, statesOf } from '../support/builders.ts';
import { setDown, setUp } from '../support/policy-setting.ts';

describe('the table of slots', () => {
  it.each([
    // HAProxy 2.6.12: `balance uri` without hash-type, weights 1 2 4.
    [
      [1, 2, 4],
      [0, 2, 1, 2, 1, 2, 2],
    ],
    [
      [2, 2],
      [0, 1],
    ],
    [
      [10, 20, 40],
      [0, 2, 1, 2, 1, 2, 2],
    ],
    [[0, 0], []],
    [[], []],
  ])('of weights %j', (weights, expected) => {
    expect(slotTable(weights)).toEqual(expected);
  });
});

describe('static-rr', () => {
  it('takes the turns of the table, and passes over who is busy', () => {
    const setting = setUp({ balance: 'static-rr' }, 1, 2, 4);
    expect(Array.from({ length: 7 }, () => setting.pick()).join(' ')).toBe('s1 s3 s2 s3 s2 s3 s3');
    expect(setting.count(70)).toEqual({ s1: 10, s2: 20, s3: 40 });
    const [, , third] = setting.servers;
    third?.quota.share(1, 0, 1);
    if (third) third.inFlight = 1;
    expect(setting.count(30)).toEqual({ s1: 10, s2: 20 });
  });

  it('knows no slow start', () => {
    const setting = setUp({ balance: 'static-rr', slowstart: '1m' }, 1, 1);
    setting.servers[0]?.apply({ key: 'api/s1', up: true, admin: 'ready', weight: 1, risingForMs: 1 }, 1);
    expect(setting.count(10)).toEqual({ s1: 5, s2: 5 });
  });
});

describe('a map-based hash', () => {
  it('gives every key the server that HAProxy gives it', () => {
    const setting = setUp({ balance: 'uri', hash: { type: 'map-based' } }, 1, 2, 4);
    const expected = '3 3 1 3 2 3 2 3 3 1 3 2 3 2 3 3 1 3 2 3 3 2 3 3 1 3 2 3 2 3 3 3 1 3 2 3 2 3 3 1'
      .split(' ')
      .map((id) => `s${id}`);
    expect(expected.map((_, index) => setting.pick(1, `/u/${index}`))).toEqual(expected);
    setDown(setting, 's3');
    expect(new Set(expected.map((_, index) => setting.pick(1, `/u/${index}`)))).toEqual(new Set(['s1', 's2']));
  });
});

describe('random', () => {
  it('spreads idle servers by weight, roughly', () => {
    const { s1 = 0, s2 = 0 } = setUp({ balance: 'random(1)' }, 1, 3).count(4000);
    expect(s2 / s1).toBeGreaterThan(2.5);
    expect(s2 / s1).toBeLessThan(3.5);
  });

  it('takes the less loaded of those drawn', () => {
    const setting = setUp({ balance: 'random' }, 1, 1);
    for (let time = 0; time < 200; time += 1) {
      const server = setting.servers.find(({ config }) => config.name === setting.pick());
      if (server) server.inFlight += 1;
    }
    const [first, second] = setting.servers.map(({ inFlight }) => inFlight);
    expect(Math.abs((first ?? 0) - (second ?? 0))).toBeLessThan(20);
  });

  it('is the same for the same seed, and another for another worker', () => {
    const config = aBackend({ balance: 'random' });
    const row = (seed: number): string => {
      const balancer = new Balancer(config, statesOf(config), seed);
      const names = Array.from({ length: 20 }, () =>
        balancer.pick({ nowMs: 1, tried: [], bound: undefined, hash: undefined }),
      );
      return names.map((picked) => (typeof picked === 'string' ? picked : picked.config.name)).join(' ');
    };
    expect(row(1)).toBe(row(1));
    expect(row(1)).not.toBe(row(2));
  });
});

describe('first', () => {
  it('fills one server after the other', () => {
    const setting = setUp({ balance: 'first' }, 1, 9);
    const [first, second] = setting.servers;
    if (!first || !second) throw new Error('no servers');
    first.quota.share(2, 0, 1);
    expect(setting.count(5)).toEqual({ s1: 5 });
    first.inFlight = 2;
    expect(setting.pick()).toBe('s2');
  });
});

describe('leastconn', () => {
  it('counts those that wait as well', () => {
    const setting = setUp({ balance: 'leastconn' }, 1, 1);
    const [first, second] = setting.servers;
    if (!first || !second) throw new Error('no servers');
    first.inFlight = second.inFlight = 2;
    second.quota.share(0, 0, 1);
    first.quota.share(5, 0, 1);
    first.queued = 0;
    expect(setting.count(4)).toEqual({ s1: 2, s2: 2 });
    second.inFlight = 3;
    expect(setting.count(4)).toEqual({ s1: 4 });
  });
});

describe('least-response-time', () => {
  it('asks who was never asked first, one request at a time, then whoever answers soonest', () => {
    const setting = setUp({ balance: 'least-response-time' }, 1, 1, 1);
    const [first, second, third] = setting.servers;
    if (!first || !second || !third) throw new Error('no servers');
    expect(setting.balancer.timesResponses).toBe(true);
    first.responseTime.add(10, 1);
    second.responseTime.add(40, 1);
    expect(setting.count(3)).toEqual({ s3: 3 });
    third.inFlight = 1;
    expect(setting.pick()).toBe('s1');
    third.responseTime.add(20, 1);
    expect(setting.pick()).toBe('s1');
    first.inFlight = 3;
    third.inFlight = 0;
    expect(setting.pick()).toBe('s3');
  });

  it('moves its average by a fifth at each answer, and forgets old ones, so that a slow server is tried again', () => {
    const setting = setUp({ balance: 'least-response-time' }, 1, 1);
    const [first, second] = setting.servers;
    if (!first || !second) throw new Error('no servers');
    first.responseTime.add(100, 1000);
    first.responseTime.add(50, 1000);
    expect(first.responseTime.at(1000)).toBeCloseTo(90);
    second.responseTime.add(20, 1000);
    expect(setting.pick(1000)).toBe('s2');
    for (let nowMs = 1000; nowMs <= 61_000; nowMs += 100) second.responseTime.add(20, nowMs);
    expect(setting.pick(61_000)).toBe('s1');
  });
});

describe('adaptive', () => {
  it('goes round while servers are alike, by time when they differ, by load when requests pile up', () => {
    const setting = setUp({ balance: 'adaptive' }, 1, 1);
    const [first, second] = setting.servers;
    if (!first || !second) throw new Error('no servers');
    expect(setting.count(6)).toEqual({ s1: 3, s2: 3 });
    first.responseTime.add(300, 10_000);
    second.responseTime.add(20, 10_000);
    expect([10_000, 10_001, 10_002].map((nowMs) => setting.pick(nowMs))).toEqual(['s2', 's2', 's2']);
    for (let time = 0; time < 30; time += 1) first.responseTime.add(20, 20_000);
    second.responseTime.add(20, 20_000);
    second.inFlight = 9;
    expect([20_000, 20_001].map((nowMs) => setting.pick(nowMs))).toEqual(['s1', 's1']);
    second.inFlight = 0;
    for (const server of setting.servers) server.responseTime.add(20, 30_000);
    expect(new Set([30_000, 30_001, 30_002, 30_003].map((nowMs) => setting.pick(nowMs)))).toEqual(
      new Set(['s1', 's2']),
    );
  });
});
