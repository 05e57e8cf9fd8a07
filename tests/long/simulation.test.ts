// The simulation of the balancer with many more seeds than the quick runs have.
import { expect, it } from 'vitest';
import { simulate } from '../proxy/support/simulation.ts';
import { say } from './support/summary.ts';

const firstSeed = 100_001;
const seeds = 20_000;
const minutes = 200;
const stepMs = 6000;

it(`the balancer holds its invariants over ${seeds} seeds of ${minutes} minutes`, () => {
  let picks = 0;
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) picks += simulate(seed, minutes, stepMs);
  say(`simulation: ${seeds} seeds x ${minutes} minutes from seed ${firstSeed}, ${picks} picks`);
  expect(picks).toBeGreaterThan(seeds * 1000);
});
