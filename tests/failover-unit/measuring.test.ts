// The measuring parts of the failover test, each by itself.
import { createServer } from 'node:net';
import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stallsOf } from '../../src/failover/control.ts';
import { fetchExecutions } from '../../src/failover/executions.ts';
import { newAgent, send } from '../../src/failover/http-client.ts';
import { Pauses, latencyOf } from '../../src/failover/latency.ts';
import { requestMix } from '../../src/failover/mix.ts';
import type { PlannedRequest } from '../../src/failover/mix.ts';
import { settingsOf } from '../../src/failover/settings.ts';
import { describeStates, isDown, isUp, serversOf, socketStats } from '../../src/failover/stats.ts';
import type { Placement } from '../../src/failover/streams.ts';
import { compareStreams } from '../../src/failover/streams.ts';
import { cookiesOf, verifyAnswer } from '../../src/failover/verify.ts';
import { portOf } from '../support/ports.ts';

const base = {
  target: { host: '127.0.0.1', port: 80 },
  stats: { host: '127.0.0.1', port: 9100 },
  pool: 'api_pool',
  servers: ['a', 'b'],
  victim: 'a',
  way: 'crash' as const,
  actuator: { fail: () => Promise.resolve(), heal: () => Promise.resolve() },
  executions: () => Promise.resolve([]),
};

describe('latencies', () => {
  it('are exact percentiles by nearest rank', () => {
    const samples = Array.from({ length: 1000 }, (_, index) => 1000 - index);
    expect(latencyOf(samples)).toEqual({ p50Ms: 500, p99Ms: 990, maxMs: 1000 });
    expect(latencyOf([7.123])).toEqual({ p50Ms: 7.12, p99Ms: 7.12, maxMs: 7.12 });
    expect(latencyOf([])).toEqual({ p50Ms: 0, p99Ms: 0, maxMs: 0 });
  });

  it('know how much of a time was a pause, however it lies', () => {
    const span = fc.tuple(fc.nat(50), fc.integer({ min: 1, max: 50 }));
    fc.assert(
      fc.property(fc.array(span), fc.nat(1000), fc.nat(500), (gaps, from, length) => {
        const pauses = new Pauses();
        const paused = new Set<number>();
        let now = 0;
        for (const [gap, pause] of gaps) {
          now += gap;
          pauses.add(now, now + pause);
          for (let ms = now; ms < now + pause; ms += 1) paused.add(ms);
          now += pause;
        }
        const expected = [...paused].filter((ms) => ms >= from && ms < from + length).length;
        expect(pauses.within(from, from + length)).toBe(expected);
        expect(pauses.with([{ fromMs: from, toMs: from + length }]).within(from, from + length)).toBe(length);
      }),
    );
  });
});

describe('the control', () => {
  it('finds the stalls: from when an answer was to be expected until it came', () => {
    const steady = Array.from({ length: 10 }, (_, index) => ({ fromMs: index * 20, toMs: index * 20 + 1 }));
    expect(stallsOf(steady)).toEqual([]);
    expect(stallsOf([...steady, { fromMs: 200, toMs: 260 }])).toEqual([{ fromMs: 201, toMs: 260 }]);
    expect(stallsOf([])).toEqual([]);
  });
});

describe('the request mix', () => {
  const { load } = settingsOf(base);
  const take = (seed: number, count: number): PlannedRequest[] => {
    const next = requestMix(load, seed, 'run-');
    return Array.from({ length: count }, () => next());
  };

  it('is the same for the same seed, and another for another', () => {
    expect(take(7, 500)).toEqual(take(7, 500));
    expect(take(7, 500)).not.toEqual(take(8, 500));
  });

  it('has the asked shares, ids that are unique, and bodies only in POSTs', () => {
    const requests = take(1, 10_000);
    const part = (kind: string): number => requests.filter((one) => one.kind === kind).length / requests.length;
    for (const kind of ['get', 'sticky', 'post-with-key', 'post'] as const) {
      expect(Math.abs(part(kind) - load.shares[kind])).toBeLessThan(0.02);
    }
    expect(new Set(requests.map((one) => one.id)).size).toBe(requests.length);
    expect(requests.every((one) => (one.body !== null) === one.kind.startsWith('post'))).toBe(true);
    expect(requests.every((one) => (one.user !== null) === (one.kind === 'sticky'))).toBe(true);
  });
});

describe('options', () => {
  it('that make no sense are refused', () => {
    expect(() => settingsOf({ ...base, victim: 'c' })).toThrow('c is none of a, b');
    expect(() => settingsOf({ ...base, servers: ['a'] })).toThrow('two servers');
    expect(() => settingsOf({ ...base, load: { ratePerSecond: 0 } })).toThrow('rate');
  });

  it('have the ceilings of the way by default', () => {
    const slowest = (way: 'stop' | 'crash' | 'hang' | 'power-off'): number =>
      settingsOf({ ...base, way }).ceilings.slowestMs;
    expect([slowest('stop'), slowest('crash'), slowest('hang'), slowest('power-off')]).toEqual([50, 50, 2000, 2000]);
  });
});

describe('an answer', () => {
  const planned = requestMix(settingsOf(base).load, 1, 'run-')();
  const echo = { name: 'a', method: 'GET', path: planned.path, headers: { 'x-request-id': planned.id } };
  const answer = (body: object | string, status = 200, name = 'a'): string | null => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const headers = { 'x-demo-backend': name };
    return verifyAnswer(planned, { kind: 'answered', status, headers, body: Buffer.from(text) }).problem;
  };

  it('is right when the backend received what was sent', () => expect(answer(echo)).toBeNull());

  it.each([
    ['status 503', answer(echo, 503)],
    ['the answer names no backend', answer(echo, 200, '')],
    ['the body is not JSON', answer('{"name":')],
    ['head and body come from different backends', answer({ ...echo, name: 'b' })],
    ['the answer to another request', answer({ ...echo, headers: { 'x-request-id': 'run-9' } })],
    ['the backend received another path', answer({ ...echo, path: '/' })],
    ['the backend received another method', answer({ ...echo, method: 'POST' })],
  ])('is wrong: %s', (problem, found) => expect(found).toBe(problem));

  it('gives its cookies', () => {
    const cookies = cookiesOf({ 'set-cookie': ['SERVERID=a=b; path=/; HttpOnly', 'x=1'] });
    expect([...cookies]).toEqual([
      ['SERVERID', 'a=b'],
      ['x', '1'],
    ]);
  });
});

describe('a request that fails says how', () => {
  const exchange = { method: 'GET' as const, path: '/', headers: {}, body: null };
  it.each([
    ['closed without an answer', ''],
    ['cut short: reset', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'],
    ['HPE_INVALID_CONSTANT', 'nonsense\r\n\r\n'],
  ])('%s', async (reason, text) => {
    const server = createServer((socket) => socket.once('data', () => socket.end(text))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const port = portOf(server);
    const outcome = await send({ host: '127.0.0.1', port }, exchange, { agent: newAgent(), timeoutMs: 1000 });
    server.close();
    expect(outcome).toEqual({ kind: 'failed', reason });
  });

  it('no answer in time, refused', async () => {
    const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const target = { host: '127.0.0.1', port: portOf(server) };
    const silent = await send(target, exchange, { agent: false, timeoutMs: 50 });
    expect(silent).toEqual({ kind: 'failed', reason: 'no answer in 50 ms' });
    server.close();
    await once(server, 'close');
    expect(await send(target, exchange, { agent: false, timeoutMs: 500 })).toEqual({
      kind: 'failed',
      reason: 'refused',
    });
    await expect(fetchExecutions(target, '')).rejects.toThrow('refused');
    await expect(socketStats(target)('show stat')).rejects.toThrow('ECONNREFUSED');
  });
});

describe('the stats', () => {
  const csv = [
    '# pxname,svname,status,chkdown,throttle,last_chk,',
    'http,FRONTEND,OPEN,,,,',
    'api_pool,a,DOWN 1/2,3,,Connection refused,',
    'api_pool,b,UP 2/3,0,40,,',
    'api_pool,BACKEND,UP,0,,,',
    'other,a,UP,0,,,',
    '',
  ].join('\n');

  it('give the servers of the pool by the names in the first line', () => {
    const servers = serversOf(csv, 'api_pool');
    expect(servers).toEqual([
      { name: 'a', status: 'DOWN 1/2', timesDown: 3, throttlePercent: null, lastCheck: 'Connection refused' },
      { name: 'b', status: 'UP 2/3', timesDown: 0, throttlePercent: 40, lastCheck: '' },
    ]);
    expect(describeStates(csv, 'api_pool')).toEqual(['a: DOWN 1/2, Connection refused', 'b: UP 2/3']);
    expect(servers.map(isUp)).toEqual([false, true]);
    expect(servers.map(isDown)).toEqual([true, false]);
  });

  it('say which pools there are, and when they are none', () => {
    expect(() => serversOf(csv, 'api')).toThrow('no pool api');
    expect(() => serversOf('Unknown command.', 'api')).toThrow('not the CSV');
  });
});

describe('tracks', () => {
  const place = (entries: Readonly<Record<string, readonly string[]>>): Placement => ({
    servers: new Map(Object.entries(entries).map(([track, names]) => [track, new Set(names)])),
    corrupt: 0,
  });
  const before = place({ one: ['a'], two: ['b'], three: ['b', 'a'] });
  const shape = { tracks: 3, segments: 2, victim: null };

  it('on two servers are split', () => {
    expect(compareStreams(before, null, shape)).toMatchObject({ split: 1, moved: 0, splitWhileDown: 0 });
  });

  it('may leave only the failed server', () => {
    const during = place({ one: ['b'], two: ['b'], three: ['b'] });
    expect(compareStreams(before, during, { ...shape, victim: 'a' })).toMatchObject({
      moved: 2,
      movedWithoutReason: 0,
    });
    expect(compareStreams(before, during, shape)).toMatchObject({ moved: 2, movedWithoutReason: 2 });
  });
});
