// A thousand balancers, 200 virtual minutes each, in seconds: what holds at every pick is in support/simulation.ts.
import { expect, it } from 'vitest';
import { simulate } from '../support/simulation.ts';

const seeds = 1000;
const minutes = 200;
/** Coarser than in the short run: failures come as often a step, so there are as many a request. */
const stepMs = 6000;

it(`the balancer holds its invariants over ${seeds} seeds of ${minutes} minutes, in under ten seconds of CPU time`, () => {
  const before = process.cpuUsage();
  let picks = 0;
  for (let seed = 1; seed <= seeds; seed += 1) picks += simulate(seed, minutes, stepMs);
  const { user } = process.cpuUsage(before);
  expect(picks).toBeGreaterThan(1_500_000);
  expect(user / 1e6).toBeLessThan(10);
});
