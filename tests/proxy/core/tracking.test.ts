// Servers that are as well as others, and what must not be said of them.
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/proxy/core/config/read.ts';
import { ServerRegistry } from '../../../src/proxy/core/server-registry.ts';
import { serversStateText } from '../../../src/proxy/core/stats/text.ts';

const checked = { name: 'a', address: '192.0.2.1', port: 80 };

function read(...servers: object[]): ReturnType<typeof readConfig> {
  const text = JSON.stringify({
    frontends: [{ name: 'f', bind: [':80'] }],
    backends: [
      { name: 'web', check: { type: 'tcp' }, servers: [checked] },
      { name: 'api', check: { type: 'tcp' }, servers },
    ],
  });
  return readConfig(text, 'x.json');
}

const failed = { passed: false, code: 'L4CON', status: undefined, durationMs: 1, detail: '' };

describe('a server that tracks another', () => {
  const result = read(
    { ...checked, name: 'b', track: 'web/a' },
    { ...checked, name: 'c', track: 'b', disabled: false },
  );
  if (!result.ok) throw new Error('not valid');
  const { config } = result;
  const registry = new ServerRegistry();
  registry.sync(config, 0);
  const [a, b, c] = registry.records;
  if (!a || !b || !c) throw new Error('no records');
  const follow = (): void => [b, c].forEach((record) => void record.follow(10));

  it('is not checked itself', () => {
    expect([b.config.check, b.health, b.checked.key, c.checked.key]).toEqual([undefined, undefined, 'web/a', 'web/a']);
    expect(registry.trackersOf(a)).toEqual([b]);
  });

  it('goes down and comes up with it', () => {
    a.record(failed, 5);
    follow();
    expect([a, b, c].map((record) => record.describe())).toEqual(['DOWN', 'DOWN', 'DOWN']);
    expect([b.downTransitions, b.view(10).up]).toEqual([1, false]);
    a.forceHealth('up', 20);
    follow();
    expect([b.describe(), c.describe()]).toEqual(['UP', 'UP']);
  });

  it('is in maintenance and drained with it, and by itself', () => {
    a.setAdmin('maint', 30);
    expect([b.describe(), c.view(30).admin]).toEqual(['MAINT (via web/a)', 'maint']);
    const states = serversStateText(config, registry.records, 'api', 30).split('\n');
    expect(states[2]?.split(' ')[6]).toBe('2');
    a.setAdmin('drain', 31);
    expect([b.describe(), c.view(31).admin]).toEqual(['DRAIN', 'drain']);
    a.setAdmin('ready', 32);
    b.setAdmin('maint', 33);
    expect([a.describe(), b.describe(), c.view(33).admin]).toEqual(['UP', 'MAINT', 'maint']);
  });

  it('keeps tracking over a reload', () => {
    registry.sync(config, 40);
    expect(b.tracked).toBe(a);
  });
});

describe('tracking', () => {
  it.each([
    ['a server that is not there', { ...checked, name: 'b', track: 'web/aa' }, 'there is no server `web/aa`'],
    ['itself', { ...checked, name: 'b', track: 'b' }, 'server `b` tracks itself'],
    [
      'and a check',
      { ...checked, name: 'b', track: 'web/a', check: { port: 81 } },
      'who tracks another server has no check',
    ],
  ])('%s is refused', (_title, server, message) => {
    expect(read(server).diagnostics.map((problem) => problem.message)).toEqual([message]);
  });
});
