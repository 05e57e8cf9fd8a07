// Servers that traffic shows to fail are left out, tried again by few requests, and never too many at once: over all workers.
import { describe, expect, it } from 'vitest';
import { isFailure } from '../../../src/proxy/core/balance/breaker.ts';
import { replay } from '../../../src/proxy/core/balance/sightings.ts';
import { aBackend, seeded } from '../support/builders.ts';
import { Judged } from '../support/judged.ts';

const judged = (breaker: object, workers = 1): Judged => new Judged({ breaker, cookie: { name: 'S' } }, workers);

describe('the breaker', () => {
  it('opens after so many failures in a row, also for clients that are bound', () => {
    const world = judged({ errors: 3 });
    world.meets(0, 'failed', 2, 1000);
    world.meets(0, 'answered', 1, 1000);
    world.meets(0, 'failed', 2, 1000);
    expect(world.worker().picks(1000)).toEqual(new Set(['s1', 's2', 's3']));
    expect(world.meets(0, 'failed', 1, 1000)).toEqual(['s1']);
    expect(world.worker().picks(1000)).toEqual(new Set(['s2', 's3']));
    expect(world.worker().picks(30_999, 's1')).toEqual(new Set(['s2', 's3']));
  });

  it('lets one request try after its time; a failure opens it for longer, a success closes it', () => {
    const world = judged({ errors: 3, open: '10s' });
    const worker = world.worker();
    const first = worker.state(0);
    world.meets(0, 'failed', 3, 0);
    expect(worker.picks(10_000)).toContain('s1');
    first.inFlight = 1;
    expect(worker.picks(10_000)).not.toContain('s1');
    first.inFlight = 0;
    world.meets(0, 'failed', 1, 10_000);
    expect(worker.picks(29_999)).not.toContain('s1');
    expect(worker.picks(30_000)).toContain('s1');
    world.meets(0, 'answered', 1, 30_000);
    first.inFlight = 5;
    world.meets(0, 'failed', 2, 30_000);
    expect(worker.picks(30_000)).toContain('s1');
  });

  it('is never open for longer than its limit', () => {
    const world = judged({ errors: 1, open: '10s', max: '15s' });
    world.meets(0, 'failed', 1, 0);
    world.meets(0, 'failed', 1, 10_000);
    expect(world.worker().picks(25_000)).toContain('s1');
  });

  it('is open for longer when it was open lately, and forgives what is long ago', () => {
    const world = judged({ errors: 1, open: '10s' });
    const isIn = (nowMs: number): boolean => world.worker().picks(nowMs).has('s1');
    world.meets(0, 'failed', 1, 0);
    world.meets(0, 'answered', 1, 10_000);
    world.meets(0, 'failed', 1, 15_000);
    expect([34_999, 35_000].map(isIn)).toEqual([false, true]);
    world.meets(0, 'answered', 1, 35_000);
    world.meets(0, 'failed', 1, 55_000);
    expect(isIn(65_000)).toBe(true);
  });

  it('leaves enough servers in, and takes what is open rather than nothing', () => {
    const world = judged({ errors: 1, maxEjected: 67 });
    for (const index of [0, 1, 2]) world.meets(index, 'failed', 1, 0);
    expect(world.worker().picks(0)).toEqual(new Set(['s3']));
    world.worker().state(2).up = false;
    expect(world.worker().picks(0)).toEqual(new Set(['s1', 's2']));
  });

  it('is not there unless it is asked for, and closed by a configuration without it', () => {
    const world = judged({ errors: 1 });
    world.meets(0, 'failed', 1, 0);
    const [record] = world.records;
    const plain = aBackend({ cookie: { name: 'S' } });
    if (record) record.reconfigure(plain, record.config);
    world.tell(0);
    expect(world.worker().picks(0)).toContain('s1');
    const without = new Judged({});
    expect(without.meet(0, 'failed', 0)).toBe(false);
    expect(without.meets(0, 'failed', 100, 0)).toEqual([]);
  });

  it('counts what a healthy server would not say', () => {
    expect([200, 404, 499, 501, 505].filter(isFailure)).toEqual([]);
    expect([500, 502, 503, 504, 599].filter(isFailure)).toEqual([500, 502, 503, 504, 599]);
  });
});

describe('the breaker of several workers', () => {
  it('counts what all of them meet, and opens for all of them', () => {
    const world = judged({ errors: 10 }, 4);
    const out = Array.from({ length: 10 }, (_, time) => world.meets(0, 'failed', 1, time, time % 4));
    expect(out.map((names) => names.length)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    for (const worker of world.workers) expect(worker.picks(20)).toEqual(new Set(['s2', 's3']));
  });

  it('begins anew when one of them meets a success', () => {
    const world = judged({ errors: 3 }, 2);
    world.meets(0, 'failed', 2, 0, 0);
    world.meets(0, 'answered', 1, 1, 1);
    expect(world.meets(0, 'failed', 2, 2, 0)).toEqual([]);
    expect(world.meets(0, 'failed', 1, 3, 1)).toEqual(['s1']);
  });

  it('hears nothing of what passes unless something failed before', () => {
    const world = judged({ errors: 3 }, 2);
    const pass = (worker: number): boolean[] => [1, 2, 3].map(() => world.meet(0, 'answered', 0, worker));
    // Once in the beginning: a worker that starts does not know what others met.
    for (const worker of [0, 1]) {
      pass(worker);
      world.tell(0, worker);
    }
    expect([pass(0), pass(1)].flat()).not.toContain(true);
    world.meets(0, 'failed', 1, 1, 0);
    expect(pass(1)).toContain(true);
    world.tell(2, 1);
    expect(pass(1)).not.toContain(true);
    const { told } = world;
    for (const worker of [0, 1]) for (let time = 0; time < 50; time += 1) world.meets(1, 'answered', 1, 3, worker);
    expect(world.told - told).toBeLessThanOrEqual(2);
  });

  it.each([1, 3])('lets %d requests try, over all of them', (trials) => {
    const world = judged({ errors: 1, open: '10s', trials }, 4);
    world.meets(0, 'failed', 1, 0);
    const tries = world.workers.map((worker) => {
      const state = worker.state(0);
      while (state.isSound(10_000)) state.inFlight += 1;
      return state.inFlight;
    });
    expect(tries.reduce((sum, each) => sum + each, 0)).toBe(trials);
    // Whoever could have tried it asks for a slot.
    expect(world.workers.map((worker) => worker.state(0).circuit.isWanted)).toEqual(tries.map((each) => each === 0));
    const [lender, borrower] = [world.worker(0).state(0), world.worker(3).state(0)];
    expect(lender.quota.lend(lender.inFlight, lender.lendable(10_000, 0))).toBeUndefined();
    lender.inFlight = 0;
    const slot = lender.quota.lend(0, lender.lendable(10_000, 0));
    borrower.quota.take(slot ?? 0);
    expect([lender.isSound(10_000), borrower.isSound(10_000)]).toEqual([false, true]);
  });

  it('lets nobody try where a trial failed, until it is said for how long', () => {
    const world = judged({ errors: 1, open: '10s' }, 2);
    world.meets(0, 'failed', 1, 0);
    expect(world.worker().state(0).isSound(10_000)).toBe(true);
    world.meet(0, 'failed', 10_000);
    expect(world.worker().state(0).isSound(10_001)).toBe(false);
    world.tell(10_001);
    expect([30_000, 30_001].map((nowMs) => world.worker(1).state(0).isSound(nowMs))).toEqual([false, false]);
    expect([30_000, 30_001].map((nowMs) => world.worker(0).state(0).isSound(nowMs))).toEqual([false, true]);
  });
});

describe('what is told of many requests at once', () => {
  it('is as good as each by itself', () => {
    const random = seeded(3);
    for (let round = 0; round < 200; round += 1) {
      const world = new Judged({ breaker: { errors: 4, open: '0' } });
      const seen = Array.from({ length: 1 + Math.floor(random() * 30) }, () => random() < 0.4);
      for (const passed of seen) world.meet(0, passed ? 'answered' : 'failed', 0);
      const text = seen.map((passed) => (passed ? '+' : '-')).join('');
      const run = world.worker().sightings[0]?.drain()?.breaker ?? [];
      let told = '';
      replay(run, (passed) => (told += passed ? '+' : '-'));
      const longest = (all: string): number => Math.max(...all.split('+').map(({ length }) => length));
      const ends = (all: string): number[] => [all.split('+')[0]?.length ?? 0, all.split('+').at(-1)?.length ?? 0];
      expect([longest(told), ...ends(told), told.includes('+')]).toEqual([
        longest(text),
        ...ends(text),
        text.includes('+'),
      ]);
    }
  });
});
