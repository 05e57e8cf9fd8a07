// Machines that share stick tables: who learns what, who asks whom after a start, what a slow one costs.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { machine, Machine, peersConfig, sticks, Wire } from '../support/peers.ts';

function keysOf(each: Machine, nowMs = 0): string[] {
  return [...each.table('api').entries(nowMs)].map(([key]) => key).sort();
}

describe('two machines', () => {
  it('learn what is new on the other, and tell their workers', () => {
    const [a, b] = [machine('a'), machine('b')];
    a.store('api', 'early', 's1', 0);
    const wire = new Wire(a, b, 'b', 0);
    wire.flow(0);
    expect(b.servers('api', 0)).toEqual({ early: 's1' });
    a.store('api', 'late', 's2', 10);
    b.store('api', 'own', 's3', 10);
    wire.flow(10);
    expect(a.servers('api', 10)).toEqual(b.servers('api', 10));
    expect(b.servers('api', 10)).toEqual({ early: 's1', late: 's2', own: 's3' });
    expect(b.learned).toEqual(expect.arrayContaining(['early s1', 'late s2']));
    expect(a.learned).toEqual(['own s3']);
    expect([a.news[0], b.news[0]]).toEqual(['up b', 'up a']);
  });

  it('have the counters and rates of the other, not the sum', () => {
    const [a, b] = [machine('a'), machine('b')];
    const [{ table } = { table: undefined }] = a.section.tables;
    a.store('api', 'x', 's1', 0);
    const entry = a.table('api').find('x', 0);
    const [gpc0, rate] = table?.config.data ?? [];
    if (!entry || !gpc0 || !rate) throw new Error('no entry');
    a.table('api').dataOf(entry).set(gpc0, 7, 0);
    a.table('api').dataOf(entry).set(rate, 40, 0);
    const wire = new Wire(a, b, 'b', 0);
    wire.flow(0);
    a.section.touched('api', 'x');
    wire.flow(5000);
    const learned = b.table('api').find('x', 5000);
    expect(learned?.data?.value(gpc0, 5000)).toBe(7);
    expect(learned?.data?.value(rate, 9999)).toBe(40);
    expect(learned?.data?.value(rate, 15_000)).toBe(20);
  });

  it('agree after any changes on both sides, whatever is lost with connections', () => {
    const step = fc.oneof(
      fc.record({ on: fc.constantFrom('a', 'b'), key: fc.nat(20), server: fc.constantFrom('s1', 's2') }),
      fc.constantFrom('flow', 'cut' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const machines = { a: machine('a'), b: machine('b') };
        let wire = new Wire(machines.a, machines.b, 'b', 0);
        let nowMs = 0;
        for (const each of steps) {
          nowMs += 1;
          if (typeof each === 'object') machines[each.on].store('api', `${each.on}${each.key}`, each.server, nowMs);
          else if (each === 'flow') wire.flow(nowMs);
          else {
            // What was under way is lost.
            wire.from.produce(100, nowMs);
            wire.cut(nowMs);
            wire = new Wire(machines.b, machines.a, 'a', nowMs);
          }
        }
        wire.flow(nowMs);
        expect(machines.a.servers('api', nowMs)).toEqual(machines.b.servers('api', nowMs));
      }),
      { numRuns: 200 },
    );
  });

  it('tell no more than what is new when they meet again', () => {
    const [a, b] = [machine('a'), machine('b')];
    for (let index = 0; index < 500; index += 1) a.store('api', `k${index}`, 's1', 0);
    const first = new Wire(a, b, 'b', 0);
    const all = first.flow(0);
    first.cut(1);
    a.store('api', 'new', 's1', 2);
    const again = new Wire(a, b, 'b', 3).flow(3);
    expect(b.servers('api', 3)['new']).toBe('s1');
    expect(again).toBeLessThan(all / 20);
  });

  it('share entries for the time that they have left', () => {
    const [a, b] = [machine('a'), machine('b', 1_000_000)];
    a.store('api', 'old', 's1', 0);
    new Wire(a, b, 'b', 1_000_000).flow(1_000_000);
    expect(keysOf(b, 1_799_000)).toEqual(['old']);
    expect(keysOf(b, 1_801_000)).toEqual([]);
  });
});

describe('a machine that starts', () => {
  it('asks one that is there for all, those that came from a third one among them', () => {
    const [a, b] = [machine('a'), machine('b')];
    a.store('api', 'of-a', 's1', 0);
    new Wire(a, b, 'b', 0).flow(0);
    b.store('api', 'of-b', 's2', 0);
    b.section.tick(6000);
    const c = machine('c', 6000);
    new Wire(c, b, 'b', 6000).flow(6000);
    expect(c.servers('api', 6000)).toEqual({ 'of-a': 's1', 'of-b': 's2' });
    expect(c.section.isUpToDate).toBe(true);
    expect(b.news).toContain('taught c: 2');
    expect(c.news).toContain('synchronised b');
  });

  it('asks the next one where the first has not all, and goes on alone after a time', () => {
    const [a, b, c] = [machine('a'), machine('b'), machine('c')];
    const first = new Wire(a, b, 'b', 0);
    first.flow(0);
    expect(a.section.isUpToDate).toBe(false);
    c.section.tick(6000);
    c.section.tick(6001);
    expect(c.section.isUpToDate).toBe(true);
    c.store('api', 'kept', 's1', 6001);
    const second = new Wire(a, c, 'c', 6001);
    second.flow(6001);
    a.section.tick(6002);
    second.flow(6002);
    expect(a.servers('api', 6002)).toEqual({ kept: 's1' });
    expect(a.section.isUpToDate).toBe(true);
  });

  it('asks one that comes late, though it goes on alone until then', () => {
    const [a, b] = [machine('a'), machine('b')];
    a.section.tick(20_000);
    expect(a.section.isUpToDate).toBe(true);
    b.section.tick(20_000);
    b.learn('api', 'only-learned', 's1', 20_000);
    new Wire(a, b, 'b', 20_000).flow(20_000);
    expect(keysOf(a, 20_000)).toEqual(['only-learned']);
  });

  it('asks again when the connection breaks before all was told', () => {
    const [a, b] = [machine('a'), machine('b')];
    b.section.tick(6000);
    for (let index = 0; index < 100; index += 1) b.learn('api', `k${index}`, 's1', 6000);
    const broken = new Wire(a, b, 'b', 6000);
    a.section.tick(6000);
    for (let count = 0; count < 4; count += 1) {
      const bytes = broken.from.produce(100, 6000);
      if (bytes) broken.to.take(Uint8Array.from(bytes), 6000);
      const answer = broken.to.produce(100, 6000);
      if (answer) broken.from.take(Uint8Array.from(answer), 6000);
    }
    broken.cut(6001);
    expect(keysOf(a, 6001).length).toBeLessThan(100);
    const again = new Wire(a, b, 'b', 6002);
    again.flow(6002);
    expect(keysOf(a, 6002)).toHaveLength(100);
  });
});

describe('a peer that is slow', () => {
  it('costs no memory: what changes again and again stands once', () => {
    const a = machine('a');
    const [shared] = a.section.tables;
    for (let index = 0; index < 50_000; index += 1) a.store('api', `k${index % 100}`, `s${index % 3}`, index);
    expect(shared?.log.last).toBe(50_000);
    expect(shared?.log.size).toBeLessThan(2000);
  });

  it('costs none for entries that are gone either', () => {
    const small = peersConfig('a', ['a', 'b'], { api: { ...sticks.api, size: 50 } });
    const a = new Machine(small);
    for (let index = 0; index < 20_000; index += 1) a.store('api', `k${index}`, 's1', index);
    expect(a.section.tables[0]?.log.size).toBeLessThan(2000);
  });

  it('gets pieces as large as it takes', () => {
    const [a, b] = [machine('a'), machine('b')];
    const wire = new Wire(a, b, 'b', 0);
    wire.flow(0);
    for (let index = 0; index < 1000; index += 1) a.store('api', `k${index}`, 's1', 1);
    const piece = wire.from.produce(200, 1) ?? new Uint8Array();
    expect(piece.length).toBeLessThan(300);
    wire.to.take(piece, 1);
    wire.flow(1, 200);
    expect(keysOf(b)).toHaveLength(1000);
  });
});

describe('another configuration', () => {
  it('keeps connections of members that stay, and ends others', () => {
    const [a, b, c] = [machine('a'), machine('b'), machine('c')];
    const [kept, gone] = [new Wire(a, b, 'b', 0), new Wire(a, c, 'c', 0)];
    kept.flow(0);
    gone.flow(0);
    a.store('api', 'x', 's1', 0);
    a.configure(peersConfig('a', ['a', 'b'], sticks), 1);
    expect([kept.from.end, gone.from.end?.reason]).toEqual([undefined, 'the configuration changed']);
    kept.flow(1);
    expect(b.servers('api', 1)).toEqual({ x: 's1' });
  });

  it('of a table that is shared begins connections anew', () => {
    const [a, b] = [machine('a'), machine('b')];
    const wire = new Wire(a, b, 'b', 0);
    wire.flow(0);
    a.configure(peersConfig('a', ['a', 'b', 'c'], { api: { ...sticks.api, store: ['gpc0'] } }), 1);
    expect(wire.from.end?.reason).toBe('the configuration changed');
    wire.flow(1);
    a.store('api', 'x', 's1', 2);
    new Wire(a, b, 'b', 2).flow(2);
    expect(b.servers('api', 2)).toEqual({ x: 's1' });
  });

  it('with another table shares that, too, entries that it has among them', () => {
    const more = { ...sticks, shop: { type: 'ip' } };
    const [a, b] = [machine('a'), new Machine(peersConfig('b', ['a', 'b', 'c'], more))];
    const wire = new Wire(a, b, 'b', 0);
    wire.flow(0);
    a.configure(peersConfig('a', ['a', 'b', 'c'], { ...sticks, shop: { type: 'ip', peers: undefined } }), 1);
    a.store('shop', '192.0.2.7', 's2', 1);
    a.configure(peersConfig('a', ['a', 'b', 'c'], more), 2);
    wire.flow(2);
    expect(b.servers('shop', 2)).toEqual({ '192.0.2.7': 's2' });
  });
});
