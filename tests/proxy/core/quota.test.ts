// Limits that hold over all workers: slots with numbers, lent to who waits longest, wherever it waits.
import { describe, expect, it } from 'vitest';
import { Quota } from '../../../src/proxy/core/balance/quota.ts';
import { aBackend, seeded } from '../support/builders.ts';
import { Visitor, Workers } from '../support/workers.ts';

function quotas(limit: number, workers: number): Quota[] {
  return Array.from({ length: workers }, (_, worker) => {
    const quota = new Quota();
    quota.share(limit, worker, workers);
    return quota;
  });
}

const server = { name: 'a', address: '192.0.2.1', port: 80 };

describe('the parts of a limit', () => {
  it.each([
    [5, 2, [3, 2]],
    [8, 3, [3, 3, 2]],
    [1, 2, [1, 0]],
    [0, 2, [Infinity, Infinity]],
  ])('of %d among %d workers are %j', (limit, workers, expected) => {
    expect(quotas(limit, workers).map(({ slots }) => slots)).toEqual(expected);
  });

  it('add up to any lower limit, whatever was lent, and when the limit itself moves', () => {
    const random = seeded(7);
    const all = quotas(9, 4);
    const sum = (most: number): number => all.reduce((total, quota) => total + quota.part(most), 0);
    const used = all.map(() => 0);
    for (let step = 0; step < 500; step += 1) {
      const from = Math.floor(random() * 4);
      const to = (from + 1 + Math.floor(random() * 3)) % 4;
      const slot = all[from]?.lend(used[from] ?? 0, 1 + Math.floor(random() * 12));
      if (slot !== undefined) all[to]?.take(slot);
      if (step % 50 === 49) for (const quota of all) quota.resize(1 + (step % 13));
      const limit = all[0]?.limit ?? 0;
      expect([1, 3, limit, 99].map(sum)).toEqual([1, Math.min(3, limit), limit, limit]);
    }
  });

  it('are nobody else’s business with one worker', () => {
    const [only] = quotas(3, 1);
    expect([only?.slots, only?.part(2), only?.has(2, 2), only?.mayHave(3, 0)]).toEqual([3, 2, false, false]);
    expect(quotas(0, 1)[0]?.lend(0, Infinity)).toBeUndefined();
  });
});

describe('workers that share a maxconn', () => {
  const backend = (maxconn: number, more: object = {}): Workers =>
    new Workers(aBackend({ servers: [{ ...server, maxconn }], ...more }), 2);

  it('lend each other what they do not use', () => {
    const world = backend(2);
    for (const name of ['one', 'two', 'three']) new Visitor(world, 1, name);
    expect(world.started).toEqual(['one']);
    world.deliver();
    expect(world.started).toEqual(['one', 'two']);
    expect(world.inFlight()).toBe(2);
  });

  it('serve the one that waits longest first, wherever it waits, and never more at once than they may', () => {
    const world = backend(1);
    const visitors = [0, 1, 0, 1].map((worker, index) => new Visitor(world, worker, `${index}`));
    for (const visitor of visitors) {
      world.deliver();
      expect(world.inFlight()).toBe(1);
      visitor.end();
    }
    world.deliver();
    expect(world.started).toEqual(['0', '1', '2', '3']);
  });

  it('share a limit that follows the load of all of them', () => {
    const world = new Workers(aBackend({ fullconn: 10, servers: [{ ...server, maxconn: 10, minconn: 2 }] }), 2);
    const arrive = (count: number): void => {
      for (let each = 0; each < count; each += 1) {
        new Visitor(world, 1, '');
        world.tellLoads();
        world.deliver();
      }
    };
    const seen: number[] = [];
    for (const count of [1, 1, 2, 2, 3, 9]) {
      arrive(count);
      seen.push(world.inFlight());
    }
    // Those that wait are load too, so every one that comes makes room for itself, up to maxconn.
    expect(seen).toEqual([1, 2, 4, 6, 9, 10]);
  });

  it('keep to minconn over all of them while there is little load', () => {
    const world = new Workers(aBackend({ fullconn: 100, servers: [{ ...server, maxconn: 10, minconn: 2 }] }), 4);
    for (let each = 0; each < 20; each += 1) new Visitor(world, each % 4, '');
    world.tellLoads();
    world.deliver();
    expect(world.inFlight()).toBe(2);
  });

  it('give a server that recovers its slots back over all of them', () => {
    const world = new Workers(aBackend({ slowstart: '10s', servers: [{ ...server, maxconn: 20 }] }), 4);
    for (const each of world.backends)
      each.apply({ key: 'api/a', up: true, admin: 'ready', weight: 1, risingForMs: 1500 }, world.nowMs);
    for (let each = 0; each < 20; each += 1) new Visitor(world, each % 4, '');
    world.deliver();
    expect(world.inFlight()).toBe(3);
  });
});

describe('workers that share the maxconn of a backend', () => {
  it('use all of it, wherever requests come, and no more', () => {
    const world = new Workers(aBackend({ maxconn: 3 }), 4);
    const visitors = Array.from({ length: 7 }, (_, index) => new Visitor(world, 3, `${index}`));
    world.deliver();
    visitors.push(new Visitor(world, 1, '7'));
    world.deliver();
    expect(world.inFlight()).toBe(3);
    for (const visitor of visitors) {
      expect(visitor.state).toBe('runs');
      visitor.end();
      world.deliver();
      expect(world.inFlight()).toBeLessThanOrEqual(3);
    }
    expect(world.started).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
  });
});

describe('workers that share a maxqueue', () => {
  it('of a backend: it is full over all of them, and room anywhere is room for all', () => {
    const world = new Workers(aBackend({ maxqueue: 3, servers: [{ ...server, maxconn: 1 }] }), 2);
    const visitors = Array.from({ length: 6 }, (_, index) => new Visitor(world, 1, `${index}`));
    world.deliver();
    expect(visitors.map(({ state }) => state)).toEqual(['runs', 'waits', 'waits', 'waits', 'refused', 'refused']);
    expect(new Visitor(world, 1, 'now it is known').state).toBe('refused');
    visitors[0]?.end();
    world.deliver();
    const next = [new Visitor(world, 0, 'other'), new Visitor(world, 0, 'one too many')];
    world.deliver();
    expect(next.map(({ state }) => state)).toEqual(['waits', 'refused']);
  });

  it('of a server: who finds it full goes elsewhere', () => {
    const servers = [
      { ...server, maxconn: 1, maxqueue: 1 },
      { ...server, name: 'b', port: 81 },
    ];
    const world = new Workers(aBackend({ servers }), 3);
    const visitors = [1, 2, 2].map((worker, index) => {
      const visitor = new Visitor(world, worker, `${index}`, 'a');
      world.deliver();
      return visitor;
    });
    expect(visitors.map(({ state, startedOn }) => startedOn?.config.name ?? state)).toEqual(['a', 'waits', 'b']);
  });

  it('does not wait for ever for one that does not answer', () => {
    const world = new Workers(aBackend({ maxqueue: 1, servers: [{ ...server, maxconn: 1 }] }), 2);
    const visitors = [1, 1, 1].map((worker, index) => new Visitor(world, worker, `${index}`));
    const states = (): string[] => visitors.map(({ state }) => state);
    world.nowMs += 397;
    world.at(1).remind();
    expect(states()).toEqual(['waits', 'waits', 'waits']);
    world.nowMs += 1;
    world.at(1).remind();
    expect(states()).toEqual(['refused', 'refused', 'refused']);
  });
});

describe('whatever comes when', () => {
  const servers = ['a', 'b', 'c'].map((name, index) => ({ ...server, name, port: 80 + index, maxconn: 2 + index }));

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('no limit is broken, and nobody waits for what is free (seed %d)', (seed) => {
    const random = seeded(seed);
    const [maxconn, maxqueue] = [4 + (seed % 4), seed % 2 === 0 ? 0 : 6];
    const world = new Workers(aBackend({ maxconn, maxqueue, servers }), 2 + (seed % 3));
    const visitors: Visitor[] = [];
    const runs = (): Visitor[] => visitors.filter(({ state }) => state === 'runs');
    const waits = (): number => visitors.filter(({ state }) => state === 'waits').length;
    const expectLimits = (): void => {
      expect(world.inFlight()).toBeLessThanOrEqual(maxconn);
      for (const each of servers) expect(world.inFlight(each.name)).toBeLessThanOrEqual(each.maxconn);
    };
    for (let step = 0; step < 1500; step += 1) {
      const what = random();
      const running = runs();
      if (what < 0.3)
        visitors.push(
          new Visitor(world, Math.floor(random() * world.backends.length), '', random() < 0.3 ? 'a' : undefined),
        );
      else if (what < 0.55) running[Math.floor(random() * running.length)]?.end();
      else world.deliverOne(Math.floor(random() * 9));
      world.nowMs += random() * 3;
      expectLimits();
      if (step % 30 !== 29) continue;
      // In the end everybody has heard everything, and nobody waits in vain.
      for (let again = 0; again < 4; again += 1) {
        world.deliver();
        world.nowMs += 400;
        for (const each of world.backends) each.remind();
      }
      world.deliver();
      expectLimits();
      if (maxqueue > 0)
        expect(world.backends.reduce((sum, each) => sum + each.queues.sizeOf(undefined), 0)).toBeLessThanOrEqual(
          maxqueue,
        );
      const isFree = (each: (typeof servers)[number]): boolean => world.inFlight(each.name) < each.maxconn;
      const anyWaits = world.backends.some(({ queues }) => queues.sizeOf(undefined) > 0);
      if (world.inFlight() < maxconn && servers.some(isFree)) expect(anyWaits).toBe(false);
    }
    for (let running = runs(); running.length > 0; running = runs()) {
      running[0]?.end();
      world.deliver();
    }
    expect(waits()).toBe(0);
  });
});
