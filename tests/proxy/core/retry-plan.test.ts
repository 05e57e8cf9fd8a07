// Whether a failed attempt is followed by another: by number, by time, by what failed.
import { describe, expect, it } from 'vitest';
import { RetryPlan } from '../../../src/proxy/core/retry-plan.ts';
import { RetryBudget } from '../../../src/proxy/core/retry.ts';
import { aBackend, statesOf } from '../support/builders.ts';

const refused = { sent: false, stale: false, bodyKept: true };
const broken = { sent: true, stale: false, bodyKept: true };
const closed = { sent: true, stale: true, bodyKept: true };

function planOf(backend: object): (attempt: typeof refused, nowMs: number) => boolean {
  const config = aBackend(backend);
  const [server] = statesOf(config);
  if (!server) throw new Error('no server');
  const plan = new RetryPlan(config, 'GET', false, 1000);
  const budget = new RetryBudget();
  return (attempt, nowMs) => plan.again(server, attempt, budget, nowMs);
}

describe('another attempt', () => {
  it('is not made with retries: 0, but for a kept connection that was closed', () => {
    const again = planOf({ retries: 0 });
    expect([again(refused, 1001), again(broken, 1001)]).toEqual([false, false]);
  });

  it('is made retries times where something was sent, and does not count where nothing was', () => {
    const again = planOf({ retries: 1 });
    expect([again(refused, 1001), again(broken, 1001), again(broken, 1001), again(refused, 1001)]).toEqual([
      true,
      true,
      false,
      true,
    ]);
  });

  it('does not begin later than retryFor after the request came', () => {
    const again = planOf({ retryFor: '5s' });
    expect([again(broken, 5999), again(refused, 5999)]).toEqual([true, true]);
    expect([again(broken, 6000), again(refused, 6000)]).toEqual([false, false]);
    expect(again(closed, 6000)).toBe(true);
  });
});

describe('a server whose connection failed', () => {
  function setUp(retries: number) {
    const config = aBackend({ retries });
    const [first, second] = statesOf(config);
    if (!first || !second) throw new Error('no servers');
    return { plan: new RetryPlan(config, 'GET', false, 0), first, second };
  }

  it('is left alone by that request for a while, the others are not', () => {
    const { plan, first, second } = setUp(3);
    expect([plan.rests(first, 0), plan.restUntilMs]).toEqual([false, 0]);
    plan.refused(first, 100, 1100);
    expect([100, 1099, 1100].map((nowMs) => plan.rests(first, nowMs))).toEqual([true, true, false]);
    expect(plan.rests(second, 100)).toBe(false);
    expect(plan.restUntilMs).toBe(1100);
  });

  it('is tried at once when it was seen to come back, and not waited for when it is DOWN', () => {
    const { plan, first } = setUp(3);
    plan.refused(first, 100, 1100);
    const view = { key: 'api/s1', admin: 'ready', weight: 1, risingForMs: -1 } as const;
    first.apply({ ...view, up: false }, 200);
    expect(plan.restUntilMs).toBe(0);
    first.apply({ ...view, up: true, risingForMs: 10 }, 300);
    expect([plan.rests(first, 300), plan.restUntilMs]).toEqual([false, 1100]);
  });

  it('is waited for as often as there are retries', () => {
    const { plan, first } = setUp(2);
    const until = [1, 2, 3].map((nowMs) => {
      plan.refused(first, nowMs, nowMs + 1000);
      return plan.restUntilMs;
    });
    expect(until).toEqual([1001, 1002, 0]);
  });
});
