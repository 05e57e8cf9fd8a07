// The steps of the failover test, with real backends behind the simplest relay and made-up stats. What it says of a
// real balancer is tested in tests/e2e/haproxy-comparison.test.ts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FailoverOptions, FailoverReport, Progress } from '../../src/failover/model.ts';
import { runFailover } from '../../src/failover/scenario.ts';
import { DemoBackend, executionsOf, startRelay } from './support.ts';

describe('the failover test', () => {
  let a: DemoBackend;
  let b: DemoBackend;
  let relay: Awaited<ReturnType<typeof startRelay>>;
  beforeAll(async () => {
    [a, b] = await Promise.all([DemoBackend.start('a'), DemoBackend.start('b')]);
    relay = await startRelay([a, b]);
  });
  afterAll(async () => {
    await relay[Symbol.asyncDispose]();
    await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]);
  });

  let statusOfA = 'UP';
  const calls: string[] = [];
  const options = (change: Partial<FailoverOptions>): FailoverOptions => ({
    target: relay.target,
    stats: () => Promise.resolve(`# pxname,svname,status,chkdown,\npool,a,${statusOfA},0,\npool,b,UP,0,\n`),
    pool: 'pool',
    servers: ['a', 'b'],
    victim: 'a',
    way: 'crash',
    actuator: {
      fail: () => {
        calls.push('fail');
        statusOfA = 'DOWN';
        return Promise.resolve();
      },
      heal: () => {
        calls.push('heal');
        statusOfA = 'UP';
        return Promise.resolve();
      },
    },
    executions: executionsOf([a, b]),
    durations: { warmUpMs: 100, baselineMs: 200, downMs: 100, recoveryMs: 300 },
    load: { ratePerSecond: 100, stickyUsers: 2, webSockets: { sessions: 2, everyMs: 50 } },
    ceilings: { slowestMs: 2000, webSocketReconnectedMs: 2000 },
    ...change,
  });
  const passed = (report: FailoverReport): Record<string, boolean> =>
    Object.fromEntries(report.checks.map((check) => [check.id, check.passed]));

  /** So short a load is soon spoilt by a machine that stands still, which the report then says: that is no verdict on it. */
  const again = { retry: 2 };

  it('without a failure passes, and everything it counted agrees', again, async () => {
    const steps: Progress[] = [];
    const report = await runFailover(
      options({ way: 'none', control: b.address, onProgress: (step) => steps.push(step) }),
    );
    expect(report.checks.filter((check) => !check.passed)).toEqual([]);
    expect(report.verdict).toBe('passed');
    expect(report.executions?.executed).toBe(report.executions?.requests);
    expect(report.webSockets).toMatchObject({ sessions: 2, closed: 0, neverEchoed: 0, corrupt: 0 });
    expect(report.generator.control).toEqual({ failed: 0 });
    expect(steps.map((step) => step.step)).toEqual(['preflight', 'baseline', 'load', 'recovery', 'verdict']);
  });

  it('takes all its steps in order, and says what was wrong', async () => {
    // The backend is well all the time: only the stats say DOWN. That it still answers must be seen.
    calls.length = 0;
    const steps: string[] = [];
    const report = await runFailover(options({ onProgress: ({ step }) => steps.push(step) }));
    const order = ['preflight', 'baseline', 'load', 'fail', 'down', 'heal', 'up', 'recovery', 'verdict'];
    expect(steps).toEqual(order);
    expect(calls).toEqual(['fail', 'heal']);
    expect(passed(report)).toMatchObject({ down: true, 'down-gets': false, up: true, 'no-failures': true });
    expect(report.verdict).toBe('failed');
    expect(report.times.toDownMs).toBeLessThan(1000);
  });

  it('waits until all is as before after a disturbance', again, async () => {
    const actuator = {
      fail: () => {
        statusOfA = 'DOWN';
        setTimeout(() => (statusOfA = 'UP'), 300);
        return Promise.resolve();
      },
      heal: () => Promise.resolve(),
    };
    const steps: string[] = [];
    const report = await runFailover(
      options({ way: 'disturbance', actuator, onProgress: ({ step }) => steps.push(step) }),
    );
    expect(steps).toEqual(['preflight', 'baseline', 'load', 'fail', 'heal', 'recovery', 'verdict']);
    expect(passed(report)['settled']).toBe(true);
    expect(report.checks.filter((check) => !check.passed)).toEqual([]);
  });

  it('does not begin when a server is not UP, and shows what the balancer said', async () => {
    statusOfA = 'DOWN';
    calls.length = 0;
    const report = await runFailover(options({ preflightTimeoutMs: 150 }));
    statusOfA = 'UP';
    expect(passed(report)).toEqual({ preflight: false });
    expect(report.stateDump).toContain('pool,a,DOWN');
    expect(report.kinds.at(-1)).toMatchObject({ kind: 'all', requests: 0 });
    expect(calls).toEqual([]);
  });

  it('does not begin when a server never answers', async () => {
    const csv = '# pxname,svname,status,chkdown,\npool,a,UP,0,\npool,b,UP,0,\npool,silent,UP,0,\n';
    const report = await runFailover(
      options({ servers: ['a', 'b', 'silent'], way: 'none', stats: () => Promise.resolve(csv) }),
    );
    expect(passed(report)).toEqual({ preflight: true, baseline: false });
    expect(report.checks[1]?.detail).toMatch(/never answered by/);
  });

  it('heals when the failing went wrong, and says so', async () => {
    calls.length = 0;
    const { actuator } = options({});
    const report = await runFailover(
      options({ actuator: { fail: () => Promise.reject(new Error('no such unit')), heal: () => actuator.heal() } }),
    );
    expect(calls).toEqual(['heal']);
    expect(report.checks.find((check) => check.id === 'actuator')).toMatchObject({
      passed: false,
      detail: 'no such unit',
    });
    expect(report.verdict).toBe('failed');
  });

  it('heals when it is aborted', async () => {
    calls.length = 0;
    const controller = new AbortController();
    const running = runFailover(
      options({
        durations: { warmUpMs: 100, baselineMs: 100, downMs: 60_000, recoveryMs: 60_000 },
        signal: controller.signal,
        onProgress: ({ step }) => {
          if (step === 'down') setTimeout(() => controller.abort(new Error('enough')), 50);
        },
      }),
    );
    await expect(running).rejects.toThrow('enough');
    expect(calls).toEqual(['fail', 'heal']);
  });

  it('checks where tracks are, and sees that this relay does not care', async () => {
    const streams = { tracks: 4, segments: 4, victimServes: true };
    const report = await runFailover(options({ way: 'none', streams }));
    expect(report.streams).toMatchObject({ tracks: 4, segments: 4, corrupt: 0 });
    expect(report.streams?.split).toBeGreaterThan(0);
    expect(passed(report)).toMatchObject({ streams: false });
  });
});
