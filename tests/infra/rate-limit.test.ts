// What a service says of its limit is heeded: before it refuses, and when it has.
import { describe, expect, it } from 'vitest';
import { startFakeHcloud } from '../../src/infra/fakes/hcloud.ts';
import { HetznerCloud } from '../../src/infra/hetzner-cloud/client.ts';
import { refillMs } from '../../src/infra/http/policy.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { fastClock, openAccount, token } from './support/account.ts';

const headers = (limit: string, remaining: string, reset: string) =>
  new Headers({ 'ratelimit-limit': limit, 'ratelimit-remaining': remaining, 'ratelimit-reset': reset });

describe('rate limits', () => {
  it.each([
    ['an hour for 3600: one a second', headers('3600', '0', '4600'), 1000],
    ['half of it is used', headers('3600', '1800', '2800'), 1000],
    ['all is there', headers('3600', '3600', '1000'), null],
    ['a reset that is over', headers('3600', '0', '900'), 0],
    ['no headers', new Headers(), null],
    ['no numbers', headers('many', 'few', 'soon'), null],
  ])('the pause until one more is free: %s', (_name, given, expected) => {
    expect(refillMs(given, 1_000_000)).toBe(expected);
  });

  it('a 429 waits for one request to come back, not for all of them', async () => {
    await using at = await openAccount();
    const full = Math.ceil(Date.now() / 1000) + 3600;
    const body = { error: { code: 'rate_limit_exceeded', message: 'limit of requests per hour reached' } };
    const how = { status: 429, body, headers: Object.fromEntries(headers('3600', '0', String(full))) };
    at.hcloud.fail({ matches: () => true, times: 1, how });
    expect(await at.cloud.servers()).toHaveLength(2);
    expect(at.clock.slept[0]).toBeLessThan(2000);
  });

  it('where nothing is left, the next request waits, so that none is refused', async () => {
    await using fake = await startFakeHcloud({
      tokens: { [token]: 'read' },
      rateLimit: { requests: 4, windowMs: 400 },
    });
    const cloud = new HetznerCloud({ token, clock: fastClock(), redactor: createRedactor(), baseUrl: fake.url });
    for (let count = 0; count < 8; count += 1) await cloud.servers();
    expect(fake.log).toHaveLength(8);
  });

  it('gives up with what to do where the wait is too long', async () => {
    await using at = await openAccount();
    at.hcloud.fail({ matches: () => true, times: 1, how: { status: 429, headers: { 'retry-after': '4000' } } });
    await expect(at.cloud.servers()).rejects.toMatchObject({
      code: 'api-rate-limited',
      message: 'hcloud API: rate limited: HTTP 429',
      hint: 'It asks to wait 4000 s: run it again after that.',
    });
  });
});
