// Connections of machines that share stick tables: which one stays, when one is called again, who is refused or cut off.
import { describe, expect, it } from 'vitest';
import { machine, Wire } from '../support/peers.ts';

describe('connections', () => {
  it('the last that calls wins', () => {
    const [a, b] = [machine('a'), machine('b')];
    const first = new Wire(a, b, 'b', 0);
    first.flow(0);
    const second = new Wire(b, a, 'a', 1);
    second.flow(1);
    first.flow(1);
    expect([first.from.end?.reason, first.to.end]).toEqual(['the peer called anew', expect.anything()]);
    expect([second.from.isOpen, second.to.isOpen, second.from.end]).toEqual([true, true, undefined]);
    expect(a.section.members.find(({ name }) => name === 'b')?.session).toBe(second.to);
  });

  it('one stays where both call at the same time', () => {
    const [a, b] = [machine('a'), machine('b')];
    const [first, second] = [new Wire(a, b, 'b', 0), new Wire(b, a, 'a', 0)];
    const [hello, other] = [first.from.produce(1000, 0), second.from.produce(1000, 0)];
    if (!hello || !other) throw new Error('no greeting');
    first.to.take(hello, 0);
    second.to.take(other, 0);
    first.flow(0);
    second.flow(0);
    expect([first.from.isOpen, first.to.isOpen, first.from.end]).toEqual([true, true, undefined]);
    expect(second.from.end).toBeDefined();
    expect([...a.news, ...b.news].filter((each) => each.startsWith('up'))).toEqual(['up b', 'up a']);
    expect([...a.news, ...b.news].join()).not.toMatch(/down|refused/);
  });

  it('are called again after the time, at random where there was one', () => {
    const [a, b] = [machine('a'), machine('b')];
    expect(a.section.due(0).map(({ name }) => name)).toEqual(['b', 'c']);
    const wire = new Wire(a, b, 'b', 0);
    expect(a.section.due(0).map(({ name }) => name)).toEqual(['c']);
    wire.flow(0);
    wire.cut(100);
    const [member] = a.section.members;
    expect(member?.callMs).toBe(100 + 50 + 1000);
    const silent = new Wire(a, machine('b'), 'b', 2000);
    a.section.tick(7000);
    silent.flow(7000);
    expect(a.news.at(-1)).toBe('unreachable b: it did not answer in time');
    expect(member?.callMs).toBe(7000 + 5000 * 1.05);
  });

  it('live by heartbeats, and end without them', () => {
    const [a, b] = [machine('a'), machine('b')];
    const wire = new Wire(a, b, 'b', 0);
    wire.flow(0);
    for (let nowMs = 1000; nowMs <= 30_000; nowMs += 1000) {
      a.section.tick(nowMs);
      b.section.tick(nowMs);
      wire.flow(nowMs);
    }
    expect([wire.from.end, wire.from.heartbeatsOut > 5]).toEqual([undefined, true]);
    a.section.tick(34_900);
    expect(wire.from.end).toBeUndefined();
    a.section.tick(35_000);
    expect(wire.from.end?.reason).toBe('nothing was heard of it for 5000 ms');
  });

  it.each([
    ['HAProxyS 2.1\na\nb 1 0\n', '200\n', true],
    ['HAProxyS 2.1\nz\nb 1 0\n', '503\n', false],
    ['HAProxyS 2.1\na\nz 1 0\n', '504\n', false],
    ['HAProxyS 2.1\na\na 1 0\n', '504\n', false],
    ['HAProxyS 1.0\na\nb 1 0\n', '502\n', false],
    ['GET / HTTP/1.1\r\n', '501\n', false],
    [`HAProxyS ${'x'.repeat(2000)}`, '501\n', false],
  ])('a caller that says %.40j is answered %j', (hello, status, isOpen) => {
    const a = machine('a');
    const session = a.section.called(0);
    session.take(Buffer.from(hello), 0);
    expect(
      Buffer.from(session.produce(65_536, 0) ?? [])
        .toString()
        .slice(0, 4),
    ).toBe(status);
    expect([session.isOpen, session.end === undefined]).toEqual([isOpen, isOpen]);
    a.section.ended(session, 0);
    expect(a.news[0]).toMatch(isOpen ? /^up b$/ : /^refused/);
  });

  it.each([300, 503, 504, 502, 501])('a status %i ends a call, and is told once', (status) => {
    const a = machine('a');
    for (const nowMs of [0, 10_000]) {
      const [member] = a.section.due(nowMs);
      if (!member) throw new Error('nobody is due');
      const session = a.section.call(member, nowMs);
      session.take(Buffer.from(`${status}\n`), nowMs);
      a.section.ended(session, nowMs);
    }
    expect(a.news).toHaveLength(1);
    expect(a.news[0]).toContain(`it answered ${status} (`);
  });

  it('of a peer that sends nonsense end with an error message, and are not called again at once', () => {
    const [a, b] = [machine('a'), machine('b')];
    const wire = new Wire(a, b, 'b', 0);
    wire.flow(0);
    wire.from.take(Uint8Array.from([77, 1]), 10);
    expect([...(wire.from.produce(100, 10) ?? [])]).toEqual([1, 0]);
    a.section.ended(wire.from, 10);
    expect(a.news.at(-1)).toBe('down b: a message of the unknown class 77, type 1');
    expect(a.section.members[0]?.callMs).toBeGreaterThan(5000);
  });
});
