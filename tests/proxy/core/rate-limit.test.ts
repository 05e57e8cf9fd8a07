// What a rate limit remembers of clients: as much as it must, and no more.
import { describe, expect, it } from 'vitest';
import { RateLimit } from '../../../src/proxy/core/handling/rate-limit.ts';
import type { Report } from '../../../src/proxy/server/ipc.ts';
import { RateLimitRegistry } from '../../../src/proxy/server/rate-limits.ts';
import { RetiredRows } from '../../../src/proxy/server/retired-rows.ts';
import { seeded } from '../support/builders.ts';

const config = { requests: 10, perMs: 1000, burst: 5, key: 'source' };
const everyMs = config.perMs / config.requests;

describe('a rate limit', () => {
  it('decides as one that forgets nothing', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const random = seeded(seed);
      const limit = new RateLimit(config);
      const fullAt = new Map<string, number>();
      let nowMs = 1e6;
      for (let round = 0; round < 2000; round += 1) {
        nowMs += Math.floor(random() * (random() < 0.02 ? 1000 : 40));
        const client = `client ${Math.floor(random() * 4)}`;
        const from = Math.max(fullAt.get(client) ?? 0, nowMs);
        const waitMs = Math.max(0, from - nowMs - (config.burst - 1) * everyMs);
        if (waitMs === 0) fullAt.set(client, from + everyMs);
        expect(limit.take(client, nowMs)).toBe(waitMs);
      }
    }
  });

  it('forgets clients whose quota is full again', () => {
    const limit = new RateLimit(config);
    let most = 0;
    for (let index = 0; index < 10_000; index += 1) {
      expect(limit.take(`client ${index}`, 1e6 + index * 10)).toBe(0);
      most = Math.max(most, limit.clients);
    }
    // Those of half a second, twice.
    expect(most).toBeLessThanOrEqual(102);
  });

  it('holds no more clients than fit, and those that come back count as one', () => {
    const limit = new RateLimit({ ...config, perMs: 1e9 });
    for (let index = 0; index < 120_000; index += 1) limit.take(`client ${index}`, 1e6);
    expect(limit.clients).toBeLessThanOrEqual(100_000);
    const before = limit.clients;
    for (let index = 110_000; index < 120_000; index += 1) limit.take(`client ${index}`, 1e6 + 1);
    expect(limit.clients).toBe(before);
  });
});

describe('the limits of a worker', () => {
  const named = (id: string, requests = 5) => ({ id, requests, perMs: 1000, burst: 5, key: 'source' });

  it('are those of the configuration that holds; what was let in under others is told once more', () => {
    const limits = new RateLimitRegistry();
    const [a, b] = [limits.find(named('a')), limits.find(named('b'))];
    expect(limits.find(named('a'))).toBe(a);
    limits.commit();
    a?.take('one', 1e6);
    b?.take('two', 1e6);
    expect(limits.find(named('a'))).toBe(a);
    limits.commit();
    expect([limits.size, limits.drain()]).toEqual([1, { a: [['one', 1]], b: [['two', 1]] }]);
    expect(limits.drain()).toBeUndefined();
  });

  it('stay as they are when a configuration does not work', () => {
    const limits = new RateLimitRegistry();
    const a = limits.find(named('a'));
    limits.commit();
    limits.find(named('a', 9));
    limits.find(named('c'));
    limits.rollback();
    a?.take('one', 1e6);
    expect(limits.drain()).toEqual({ a: [['one', 1]] });
    expect(limits.find(named('a'))).toBe(a);
    limits.commit();
    expect(limits.size).toBe(1);
    // One that says something else now begins anew, and the counts of both are told.
    a?.take('one', 1e6);
    const stricter = limits.find(named('a', 9));
    limits.commit();
    stricter?.take('two', 1e6);
    expect(limits.drain()).toEqual({
      a: [
        ['one', 1],
        ['two', 1],
      ],
    });
  });
});

describe('the counters of workers that are gone', () => {
  const report = (...rows: string[]) => Object.fromEntries(rows.map((row) => [row, [1, 2, 3]]));
  const totals = (rows: RetiredRows, ...more: Report[]) =>
    [...rows.sums(more)].map(([row, { sessions, sessionsTotal }]) => [row, sessions, sessionsTotal]);

  it('count on for what is still there, without their present state', () => {
    const rows = new RetiredRows();
    rows.add(report('backend:a', 'backend:b'));
    expect(totals(rows, report('backend:a'))).toEqual([
      ['backend:a', 1, 6],
      ['backend:b', 0, 3],
    ]);
    rows.keep(new Set(['backend:a']));
    rows.add(report('backend:a', 'backend:b'));
    expect(totals(rows)).toEqual([['backend:a', 0, 6]]);
    expect(rows.names).toEqual(['backend:a']);
  });
});
