// The decisions of a balancer under random failures on a virtual clock. The long run is simulation.real.test.ts.
import { describe, expect, it } from 'vitest';
import { Balancer } from '../../../src/proxy/core/balance/balancer.ts';
import type { ServerState } from '../../../src/proxy/core/balance/server-state.ts';
import { aBackend, seeded, statesOf } from '../support/builders.ts';
import { simulate } from '../support/simulation.ts';

const minutes = 20;
/** Each a test of its own: together they take long on a busy machine. */
const firstSeeds = [1, 21, 41, 61, 81];
const seeds = 20;

describe('simulation', () => {
  it.each(firstSeeds)(`holds its invariants over ${seeds} seeds of ${minutes} minutes, from %i`, (first) => {
    let picks = 0;
    for (let seed = first; seed < first + seeds; seed += 1) picks += simulate(seed, minutes, 250);
    expect(picks).toBeGreaterThan(20_000);
  });

  it('spreads by weight within one pick a cycle, whatever the weights', () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const random = seeded(seed);
      const weights = Array.from({ length: 2 + Math.floor(random() * 6) }, () => 1 + Math.floor(random() * 9));
      const servers = weights.map((weight, index) => ({ name: `s${index}`, address: 'a', port: 80 + index, weight }));
      const backend = aBackend({ servers });
      const states = statesOf(backend);
      const balancer = new Balancer(backend, states);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (let cycle = 0; cycle < 3; cycle += 1) {
        const counts = new Map<ServerState | string, number>();
        for (let pick = 0; pick < total; pick += 1) {
          const picked = balancer.pick({ nowMs: 1, tried: [], bound: undefined, hash: undefined });
          counts.set(picked, (counts.get(picked) ?? 0) + 1);
        }
        expect(states.map((state) => counts.get(state))).toEqual(weights);
      }
    }
  });
});
