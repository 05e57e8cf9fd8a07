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
