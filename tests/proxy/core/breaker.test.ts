// Servers that traffic shows to fail are left out, tried again by one request, and never too many at once.
import { describe, expect, it } from 'vitest';
import { Balancer } from '../../../src/proxy/core/balance/balancer.ts';
import { isFailure } from '../../../src/proxy/core/balance/breaker.ts';
import type { ServerState } from '../../../src/proxy/core/balance/server-state.ts';
import { aBackend, statesOf } from '../support/builders.ts';

interface World {
  readonly balancer: Balancer<ServerState>;
  readonly states: ServerState[];
}

function world(breaker: object | undefined): World {
  const backend = aBackend({ ...(breaker && { breaker }), cookie: { name: 'S' } });
  const states = statesOf(backend);
  return { balancer: new Balancer(backend, states), states };
}

function picks({ balancer, states }: World, nowMs: number, cookie?: string): Set<string> {
  const request = { nowMs, tried: [], bound: states.find(({ config }) => config.cookie === cookie), hash: undefined };
  const found = Array.from({ length: 12 }, () => balancer.pick(request));
  return new Set(found.map((picked) => (typeof picked === 'string' ? picked : picked.config.name)));
}

function fail(balancer: Balancer<ServerState>, server: ServerState | undefined, times: number, nowMs: number): void {
  for (let time = 0; time < times; time += 1) if (server) balancer.observe(server, false, nowMs);
}

describe('the breaker', () => {
  it('opens after so many failures in a row, also for clients that are bound', () => {
    const { balancer, states } = world({ errors: 3 });
    fail(balancer, states[0], 2, 1000);
    if (states[0]) balancer.observe(states[0], true, 1000);
    fail(balancer, states[0], 2, 1000);
    expect(picks({ balancer, states }, 1000)).toEqual(new Set(['s1', 's2', 's3']));
    fail(balancer, states[0], 1, 1000);
    expect(picks({ balancer, states }, 1000)).toEqual(new Set(['s2', 's3']));
    expect(picks({ balancer, states }, 30_999, 's1')).toEqual(new Set(['s2', 's3']));
  });

  it('lets one request try after its time; a failure opens it for longer, a success closes it', () => {
    const { balancer, states } = world({ errors: 3, open: '10s' });
    const [first] = states;
    if (!first) throw new Error('no server');
    fail(balancer, first, 3, 0);
    expect(picks({ balancer, states }, 10_000)).toContain('s1');
    first.inFlight = 1;
    expect(picks({ balancer, states }, 10_000)).not.toContain('s1');
    first.inFlight = 0;
    fail(balancer, first, 1, 10_000);
    expect(picks({ balancer, states }, 29_999)).not.toContain('s1');
    expect(picks({ balancer, states }, 30_000)).toContain('s1');
    balancer.observe(first, true, 30_000);
    first.inFlight = 5;
    fail(balancer, first, 2, 30_000);
    expect(picks({ balancer, states }, 30_000)).toContain('s1');
  });

  it('is never open for longer than its limit', () => {
    const { balancer, states } = world({ errors: 1, open: '10s', max: '15s' });
    fail(balancer, states[0], 1, 0);
    fail(balancer, states[0], 1, 10_000);
    expect(picks({ balancer, states }, 25_000)).toContain('s1');
  });

  it('is open for longer when it was open lately, and forgives what is long ago', () => {
    const { balancer, states } = world({ errors: 1, open: '10s' });
    const [first] = states;
    if (!first) throw new Error('no server');
    const tryAt = (nowMs: number, passed: boolean): void => void balancer.observe(first, passed, nowMs);
    tryAt(0, false);
    tryAt(10_000, true);
    tryAt(15_000, false);
    expect([picks({ balancer, states }, 34_999).has('s1'), picks({ balancer, states }, 35_000).has('s1')]).toEqual([
      false,
      true,
    ]);
    tryAt(35_000, true);
    tryAt(55_000, false);
    expect(picks({ balancer, states }, 65_000)).toContain('s1');
  });

  it('leaves enough servers in, and takes what is open rather than nothing', () => {
    const { balancer, states } = world({ errors: 1, maxEjected: 67 });
    for (const state of states) fail(balancer, state, 1, 0);
    expect(picks({ balancer, states }, 0)).toEqual(new Set(['s3']));
    const [, , third] = states;
    if (third) third.up = false;
    expect(picks({ balancer, states }, 0)).toEqual(new Set(['s1', 's2']));
  });

  it('is not there unless it is asked for', () => {
    const { balancer, states } = world(undefined);
    fail(balancer, states[0], 100, 0);
    expect(picks({ balancer, states }, 0)).toContain('s1');
  });

  it('is closed by a configuration without it', () => {
    const { balancer, states } = world({ errors: 1 });
    fail(balancer, states[0], 1, 0);
    balancer.reconfigure(aBackend({ cookie: { name: 'S' } }), states);
    if (states[0]) states[0].inFlight = 9;
    expect(picks({ balancer, states }, 0)).toContain('s1');
  });

  it('counts what a healthy server would not say', () => {
    expect([200, 404, 499, 501, 505].filter(isFailure)).toEqual([]);
    expect([500, 502, 503, 504, 599].filter(isFailure)).toEqual([500, 502, 503, 504, 599]);
  });
});
