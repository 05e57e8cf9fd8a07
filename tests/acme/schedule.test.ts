// When certificates are renewed, and when one tries again.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  firstRetryMs,
  isDue,
  longestRetryMs,
  nextOrderMs,
  noFailures,
  refusedDomains,
  renewalMs,
  retryPauseMs,
  sleepMs,
} from '../../src/acme/schedule.ts';

const dayMs = 86_400_000;
const life = { notBeforeMs: 0, notAfterMs: 90 * dayMs };

describe('renewal', () => {
  it('is due when a third of the life is left', () => {
    expect(renewalMs(life)).toBe(60 * dayMs);
    expect(isDue(life, 60 * dayMs - 1)).toBe(false);
    expect(isDue(life, 60 * dayMs)).toBe(true);
    expect(isDue({ notBeforeMs: 0, notAfterMs: 6 * dayMs }, 4 * dayMs)).toBe(true);
  });

  it('is due where there is no certificate, or one whose life makes no sense', () => {
    expect(isDue(null, 0)).toBe(true);
    expect(isDue({ notBeforeMs: 10, notAfterMs: 5 }, 20)).toBe(true);
  });

  it('comes at its time where nothing failed, and after the pause where something did', () => {
    expect(nextOrderMs(life, noFailures, 0, 0)).toBe(60 * dayMs);
    expect(nextOrderMs(null, noFailures, 7, 0)).toBe(7);
    expect(nextOrderMs(null, { count: 1, lastMs: 100 }, 200, 0)).toBe(100 + firstRetryMs);
    // A failure of long ago holds nothing up.
    expect(nextOrderMs(life, { count: 1, lastMs: 0 }, 0, 0)).toBe(60 * dayMs);
  });
});

describe('pauses after failures', () => {
  it('double up to half a day', () => {
    const minutes = [1, 2, 3, 4, 20].map((count) => retryPauseMs({ count, lastMs: 0 }, 0) / 60_000);
    expect(minutes).toEqual([5, 10, 20, 40, 720]);
  });

  it('are never shorter than what the authority asked for, and never much longer than they must be', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(7 * dayMs), fc.double({ min: 0, max: 1, noNaN: true }), (count, asked, dice) => {
        const pause = retryPauseMs({ count, lastMs: 0, retryAfterMs: asked }, dice);
        expect(pause).toBeGreaterThanOrEqual(Math.max(asked, firstRetryMs));
        expect(pause).toBeLessThanOrEqual(Math.max(asked, longestRetryMs) * 1.25);
      }),
    );
  });

  it('stay within the five failed validations an hour that an authority allows', () => {
    let now = 0;
    const attempts = [now];
    for (let count = 1; count < 10; count += 1) attempts.push((now += retryPauseMs({ count, lastMs: now }, 0)));
    for (const start of attempts) {
      expect(attempts.filter((at) => at >= start && at < start + 3_600_000).length).toBeLessThanOrEqual(5);
    }
  });

  it('are slept in pieces that timers can do', () => {
    expect(sleepMs(100, 200)).toBe(0);
    expect(sleepMs(300, 200)).toBe(100);
    expect(sleepMs(1e15, 0)).toBeLessThan(2 ** 31);
  });
});

describe('allowed domains', () => {
  it.each([
    ['a.example.com', ['a.example.com'], true],
    ['a.example.com', ['*.example.com'], true],
    ['*.example.com', ['*.example.com'], true],
    ['*.example.com', ['a.example.com'], false],
    ['example.com', ['*.example.com'], false],
    ['a.b.example.com', ['*.example.com'], false],
    ['a.example.com', ['A.Example.COM'], true],
    ['a.example.com', [], false],
    ['com', ['*.com'], false],
  ] as const)('%s with %j: %s', (domain, allowed, fits) => {
    expect(refusedDomains([domain], allowed)).toEqual(fits ? [] : [domain]);
  });
});
