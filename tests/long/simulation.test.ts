// The simulation of the balancer with many more seeds than the quick runs have, and for a whole day.
import { describe, expect, it } from 'vitest';
import { Lockout } from '../../src/proxy/core/admin/lockout.ts';
import { Counters } from '../../src/proxy/core/counters.ts';
import { RateLimit } from '../../src/proxy/core/handling/rate-limit.ts';
import { historyLength, RateTracker } from '../../src/proxy/core/stats/rates.ts';
import { Simulation, simulate } from '../proxy/support/simulation.ts';
import { policies } from '../proxy/support/simulation/world.ts';
import { heapBytes } from './support/heap.ts';
import { say } from './support/summary.ts';

const firstSeed = 100_001;
const seeds = 20_000;
const minutes = 200;
const stepMs = 6000;
const dayMinutes = 24 * 60;
const secondMs = 1000;
/** The compiler's own notes come and go. */
const noiseBytes = 500_000;

it(`the balancer holds its invariants over ${seeds} seeds of ${minutes} minutes`, () => {
  let picks = 0;
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) picks += simulate(seed, minutes, stepMs);
  say(`simulation: ${seeds} seeds x ${minutes} minutes from seed ${firstSeed}, ${picks} picks`);
  expect(picks).toBeGreaterThan(seeds * 1000);
});

describe('24 virtual hours', () => {
  it.each(policies.map((policy, seed) => [policy, seed] as const))(
    '%s holds its invariants and no more memory than after one hour',
    (policy, seed) => {
      const simulation = new Simulation(seed, 250);
      simulation.runUntil(60);
      const early = heapBytes();
      simulation.runUntil(dayMinutes);
      const late = heapBytes();
      simulation.end();
      say(
        `24 hours, ${policy}: ${simulation.picks} picks, heap ${kilobytes(early)} after one hour, ${kilobytes(late)} at the end`,
      );
      // How many depends on how often the seed takes all servers out.
      expect(simulation.picks).toBeGreaterThan(dayMinutes * 50);
      expect(late - early).toBeLessThan(noiseBytes);
    },
  );

  it('what is remembered of clients is forgotten', () => {
    const limit = new RateLimit({ requests: 60, perMs: 60_000, burst: 30, key: 'source' });
    const lockout = new Lockout();
    const rates = new RateTracker();
    const counters = new Map([['frontend:web', new Counters()]]);
    let early = 0;
    let most = 0;
    for (let second = 0; second < dayMinutes * 60; second += 1) {
      // Ten clients that were never seen before, each second.
      for (let index = 0; index < 10; index += 1) {
        const client = `client ${second * 10 + index}`;
        expectServed(limit.take(client, second * secondMs));
        lockout.failed(client, second * secondMs);
      }
      // A server that comes and goes by another name each time.
      const row = `server:api/s${Math.floor(second / 60)}`;
      if (second % 60 === 0) counters.set(row, new Counters());
      rates.look(counters, second * secondMs);
      if (second % 60 === 59) counters.delete(row);
      limit.drainTaken();
      most = Math.max(most, limit.clients);
      if (second === 3600) early = heapBytes();
    }
    const late = heapBytes();
    say(
      `24 hours, 864,000 clients: at most ${most} remembered, heap ${kilobytes(early)} after one hour, ${kilobytes(late)} at the end`,
    );
    expect(most).toBeLessThan(1000);
    // They were not let go of before they were measured.
    expect([limit.clients, lockout.waitMs('nobody', 0), rates.historyOf('frontend:web').length]).toEqual([
      expect.any(Number),
      0,
      historyLength,
    ]);
    expect(late - early).toBeLessThan(noiseBytes);
  });
});

function expectServed(waitMs: number): void {
  if (waitMs !== 0) throw new Error('a client that was never seen must wait');
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(0)} kB`;
}
