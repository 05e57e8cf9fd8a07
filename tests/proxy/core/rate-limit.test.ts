// What a rate limit remembers of clients: as much as it must, and no more.
import { describe, expect, it } from 'vitest';
import { RateLimit } from '../../../src/proxy/core/handling/rate-limit.ts';
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
