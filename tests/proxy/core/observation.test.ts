// What traffic, agents and special statuses do to the health of a server; profiles and times of checks.
import { describe, expect, it } from 'vitest';
import { parseAgentReport } from '../../../src/proxy/core/agent.ts';
import { type Observation, observed, Observer } from '../../../src/proxy/core/balance/observer.ts';
import { checkVerdict } from '../../../src/proxy/core/check-verdict.ts';
import type { CheckConfig } from '../../../src/proxy/core/config/model.ts';
import { readConfig } from '../../../src/proxy/core/config/read.ts';
import { Health } from '../../../src/proxy/core/health.ts';
import { ServerRecord } from '../../../src/proxy/core/server-record.ts';
import { aBackend, firstServer, statesOf } from '../support/builders.ts';
import { Judged } from '../support/judged.ts';

function aCheck(check: object = {}, own?: object): CheckConfig {
  const servers = [{ name: 'a', address: '192.0.2.1', port: 80, ...(own && { check: own }) }];
  const { check: resolved } = firstServer(aBackend({ check, servers }));
  if (!resolved) throw new Error('no check');
  return resolved;
}

function aRecord(check: object): ServerRecord {
  const backend = aBackend({ check });
  return new ServerRecord(backend, firstServer(backend), 1);
}

const result = (passed: boolean, extra: object = {}): Parameters<ServerRecord['record']>[0] => ({
  passed,
  code: passed ? 'L7OK' : 'L7STS',
  status: undefined,
  durationMs: 1,
  detail: '',
  ...extra,
});

describe('observed traffic', () => {
  it.each<[string, readonly Observation[], boolean]>([
    ['off', ['failed', 'failed', 'failed'], false],
    ['layer7', ['failed', 'failed', 'failed'], true],
    ['layer7', ['failed', 'failed', 'answered', 'failed'], false],
    ['layer7', ['failed', 'connected', 'failed', 'connected', 'failed'], true],
    ['layer7', ['connect-failed', 'failed', 'connect-failed'], true],
    ['layer4', ['failed', 'failed', 'failed'], false],
    ['layer4', ['connect-failed', 'answered', 'connect-failed', 'connect-failed'], true],
    ['layer4', ['connect-failed', 'connected', 'connect-failed', 'connect-failed'], false],
  ])('%s: %j', (observe, seen, tripped) => {
    const observer = new Observer();
    const check = aCheck({ observe, errorLimit: 3 });
    const judge = (each: Observation): boolean => {
      const passed = observed(check.observe, each);
      return passed !== undefined && observer.record(check.errorLimit, passed);
    };
    expect(seen.map(judge).at(-1)).toBe(tripped);
  });

  it('is counted over all workers, and goes on being counted', () => {
    const world = new Judged({ check: { observe: 'layer7', errorLimit: 10 } }, 4);
    for (let time = 0; time < 9; time += 1) world.meets(0, 'failed', 1, time, time % 4);
    expect(world.trips).toBe(0);
    world.meets(0, 'answered', 1, 9, 3);
    for (let time = 0; time < 25; time += 1) world.meet(0, 'failed', 10, time % 4);
    for (const worker of world.workers.keys()) world.tell(11, worker);
    expect(world.trips).toBe(2);
  });

  it.each([
    ['fastinter', [undefined, true, 'UP']],
    ['fail-check', [undefined, true, 'UP 2/3']],
    ['sudden-death', [undefined, true, 'UP']],
    ['mark-down', ['down', false, 'DOWN']],
  ])('on-error %s', (onError, expected) => {
    const record = aRecord({ observe: 'layer7', onError });
    record.record(result(true), 1);
    const { change, check } = record.observe(2);
    expect([change, check, record.describe()]).toEqual(expected);
    if (onError === 'sudden-death') expect(record.record(result(false), 3)).toBe('down');
  });

  it('fail-check takes a server down as failed checks do', () => {
    const record = aRecord({ observe: 'layer7' });
    record.record(result(true), 1);
    expect([2, 3, 4].map((nowMs) => record.observe(nowMs).change)).toEqual([undefined, undefined, 'down']);
    expect(record.downTransitions).toBe(1);
    expect(record.observe(5)).toEqual({ change: undefined, check: false });
  });
});

describe('404 with disableOn404', () => {
  const check = aCheck({ disableOn404: true });
  const answer = Buffer.from('HTTP/1.1 404 Not Found\r\n\r\n');

  it('says that the server is about to stop', () => {
    expect(checkVerdict(check, answer, false)).toMatchObject({ passed: true, code: 'L7OKC', stopping: true });
    expect(checkVerdict(aCheck(), answer, false)).toMatchObject({ passed: false, code: 'L7STS' });
  });

  it('leaves the server to bound clients while it is UP, and does not bring it back when it is DOWN', () => {
    const backend = aBackend({ check: { disableOn404: true } });
    const record = new ServerRecord(backend, firstServer(backend), 1);
    const [state] = statesOf(backend);
    if (!state) throw new Error('no server');
    record.record(result(true), 1);
    expect(record.record(result(true, { stopping: true }), 2)).toBeUndefined();
    state.apply(record.view(2), 2);
    expect([record.describe(), state.accepts(), state.acceptsBound()]).toEqual(['NOLB', false, true]);
    for (const nowMs of [3, 4, 5]) record.record(result(false), nowMs);
    expect(record.describe()).toBe('DOWN');
    for (const nowMs of [6, 7, 8]) record.record(result(true, { stopping: true }), nowMs);
    expect(record.up).toBe(false);
    for (const nowMs of [9, 10]) record.record(result(true), nowMs);
    expect(record.describe()).toBe('UP');
  });
});

describe('an agent', () => {
  it.each([
    ['up\n', { up: true }],
    ['down # disk full\r\n', { up: false, reason: 'disk full' }],
    ['ready, 75%\n', { admin: 'ready', weightPercent: 75 }],
    ['maint', { admin: 'maint' }],
    ['up maxconn:30\n', { up: true, maxconn: 30 }],
    ['stopped', { up: false }],
    ['drain up\nwhatever', { admin: 'drain', up: true }],
  ])('that says %j', (text, expected) => {
    expect(parseAgentReport(text)).toMatchObject(expected);
  });

  it.each(['', '\n', 'perhaps', '75', '# up'])('that says %j says nothing', (text) => {
    expect(parseAgentReport(text)).toBeUndefined();
  });

  it('takes a server down though its check passes, and sets its weight', () => {
    const record = aRecord({});
    record.record(result(true), 1);
    const say = (text: string): unknown => {
      const report = parseAgentReport(text);
      return report && record.report(report, 2);
    };
    expect(say('down')).toBe('down');
    expect(record.up).toBe(false);
    record.record(result(true), 3);
    expect(record.up).toBe(false);
    expect(say('up')).toBe('up');
    record.weight = 10;
    say('25%');
    expect(record.view(4).weight).toBe(3);
    say('drain');
    expect(record.describe()).toBe('DRAIN');
  });
});

describe('minReady', () => {
  it('makes a server that comes back prove itself first', () => {
    const health = new Health(aCheck({ minReady: '10s', rise: 2, init: 'fully-down' }));
    const times = [0, 4000, 8000, 9999, 10_000];
    expect(times.map((nowMs) => health.record(true, nowMs))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      'up',
    ]);
    for (const nowMs of [11_000, 12_000, 13_000]) health.record(false, nowMs);
    expect(health.up).toBe(false);
    expect([14_000, 20_000].map((nowMs) => health.record(true, nowMs))).toEqual([undefined, undefined]);
    health.record(false, 21_000);
    expect([22_000, 31_000, 32_000, 33_000].map((nowMs) => health.record(true, nowMs))).toEqual([
      undefined,
      undefined,
      'up',
      undefined,
    ]);
  });
});

describe('times of a check', () => {
  it.each([
    [{}, [5000, 1000, 2000, 3, 2, 2000]],
    [{ profile: 'haproxy' }, [2000, 2000, 2000, 3, 2, 2000]],
    [{ profile: 'haloy' }, [15_000, 15_000, 15_000, 3, 2, 5000]],
    [{ profile: 'terraster' }, [10_000, 10_000, 10_000, 4, 2, 2000]],
    [{ profile: 'haloy', inter: '3s', fall: 9 }, [3000, 3000, 3000, 9, 2, 3000]],
    [{ inter: '500ms' }, [500, 1000, 2000, 3, 2, 500]],
  ])('%j', (check, expected) => {
    const { interMs, fastinterMs, downinterMs, fall, rise, timeoutMs } = aCheck(check);
    expect([interMs, fastinterMs, downinterMs, fall, rise, timeoutMs]).toEqual(expected);
  });

  it('and all else can be another for one server', () => {
    const own = {
      inter: '9s',
      fastinter: '8s',
      downinter: '7s',
      fall: 6,
      rise: 5,
      timeout: '4s',
      host: 'h',
      expect: '204',
      port: 9,
      path: '/p',
      address: '192.0.2.7',
    };
    expect(aCheck({}, own)).toMatchObject({
      ...{ interMs: 9000, fastinterMs: 8000, downinterMs: 7000, fall: 6, rise: 5, timeoutMs: 4000, host: 'h' },
      ...{ expect: [[204, 204]], port: 9, path: '/p', address: '192.0.2.7' },
    });
  });

  it('must fit together', () => {
    const problems = (check: object, own?: object): string => {
      const servers = [{ name: 'a', address: 'x', port: 1, ...(own && { check: own }) }];
      const text = JSON.stringify({
        frontends: [{ name: 'f', bind: ['*:80'] }],
        backends: [{ name: 'b', check, servers }],
      });
      return readConfig(text, 'x.json')
        .diagnostics.map(({ message }) => message)
        .join();
    };
    expect(problems({ inter: '1s', timeout: '2s' })).toContain('must not be more than inter');
    expect(problems({ inter: '5s', timeout: '4s' }, { inter: '3s' })).toContain('must not be more than inter');
    expect(problems({ inter: '0' })).toContain('more than 0');
    expect(problems({}, { downinter: '0' })).toContain('more than 0');
  });
});
