// The verdict, from measurements made up for the purpose: what passes, what fails, and what is told apart.
import { describe, expect, it } from 'vitest';
import { judge } from '../../src/failover/judge.ts';
import { Pauses } from '../../src/failover/latency.ts';
import type { RequestRecord } from '../../src/failover/load.ts';
import type { Measurement } from '../../src/failover/measurement.ts';
import { newMeasurement } from '../../src/failover/measurement.ts';
import type { BackendExecutions, FailoverOptions, FailoverReport, Way } from '../../src/failover/model.ts';
import { settingsOf } from '../../src/failover/settings.ts';

const at = { start: 0, ordered: 5000, failed: 5100, down: 5200, healed: 8000, up: 9000, end: 20_000 };
const options = (way: Way, more: Partial<FailoverOptions> = {}): FailoverOptions => ({
  target: { host: '127.0.0.1', port: 80 },
  stats: { host: '127.0.0.1', port: 9100 },
  pool: 'api_pool',
  servers: ['a', 'b'],
  victim: 'a',
  way,
  actuator: { fail: () => Promise.resolve(), heal: () => Promise.resolve() },
  executions: () => Promise.resolve([]),
  load: { ratePerSecond: 10, webSockets: { sessions: 0, everyMs: 100 } },
  ...more,
});

let count = 0;
function record(change: Partial<RequestRecord> = {}): RequestRecord {
  const intendedAt = change.intendedAt ?? 3000;
  const times = { intendedAt, sentAt: intendedAt, endedAt: intendedAt + 5 };
  return { kind: 'get', id: `id-${count++}`, boundTo: null, problem: null, backend: 'b', ...times, ...change };
}

/** A run of 20 s at 10 requests a second in which all is well, plus these. */
function run(way: Way, extra: readonly RequestRecord[], change: Partial<Measurement> = {}): Measurement {
  const healthy = Array.from({ length: 200 }, (_, index) =>
    record({ intendedAt: index * 100, backend: index % 2 === 0 ? 'a' : 'b' }),
  );
  const failing = way === 'none' ? {} : { orderedAt: at.ordered, failedAt: at.failed, downAt: at.down };
  const healed = way === 'none' ? {} : { healedAt: at.healed, upAt: at.up };
  return {
    ...newMeasurement(),
    startedAt: at.start,
    loadStartedAt: at.start,
    loadEndedAt: at.end,
    ...failing,
    ...healed,
    records: [...healthy, ...extra],
    executions: [],
    ...change,
  };
}

function verdictOn(way: Way, extra: readonly RequestRecord[], change: Partial<Measurement> = {}): FailoverReport {
  const asked = options(way);
  return judge(asked, settingsOf(asked), run(way, extra, change));
}

function failedChecks(report: FailoverReport): string[] {
  return report.checks.filter((check) => !check.passed).map((check) => check.id);
}

const executed = (...list: readonly (readonly [string, number])[]): BackendExecutions[] => [
  { name: 'b', executions: list.map(([id, times]) => ({ id, count: times, key: null })) },
];

describe('the verdict', () => {
  it.each(['none', 'stop', 'crash', 'hang', 'power-off', 'disturbance'] as const)(
    'is passed when all is well (%s)',
    (way) => {
      expect(failedChecks(verdictOn(way, []))).toEqual([]);
    },
  );

  it('is failed by one failed request', () => {
    const report = verdictOn('crash', [record({ problem: 'status 502' })]);
    expect(report.verdict).toBe('failed');
    expect(failedChecks(report)).toEqual(['no-failures']);
    expect(report.kinds.at(-1)).toMatchObject({ kind: 'all', failed: 1, excused: 0, reasons: { 'status 502': 1 } });
  });

  it('is failed by a step that failed', () => {
    const step = { id: 'down', title: 'DOWN in time', passed: false, detail: '' };
    expect(failedChecks(verdictOn('crash', [], { steps: [step] }))).toEqual(['down']);
  });

  it('says only why when no load was started', () => {
    const step = { id: 'preflight', title: 'all UP', passed: false, detail: 'a DOWN' };
    const report = verdictOn('crash', [], { steps: [step], loadStartedAt: null, records: [] });
    expect(report.checks).toEqual([step]);
    expect(report.verdict).toBe('failed');
  });

  it('compares the slowest with the ceiling of the way, from the intended start', () => {
    const late = record({ intendedAt: 6000, sentAt: 6040, endedAt: 6060 });
    expect(failedChecks(verdictOn('crash', [late]))).toEqual(['ceiling']);
    expect(failedChecks(verdictOn('hang', [late]))).toEqual([]);
  });

  it('tells failures of time alone apart', () => {
    const late = record({ intendedAt: 6000, endedAt: 6060 });
    const lost = record({ intendedAt: 6000, problem: 'status 502' });
    const failed = verdictOn('crash', [late, lost]).checks.filter(({ passed }) => !passed);
    expect(failed.map(({ id, onlyTime }) => [id, onlyTime])).toEqual([
      ['no-failures', undefined],
      ['ceiling', true],
    ]);
  });

  it('does not blame the balancer for pauses of the generator, and tells them', () => {
    const pauses = new Pauses();
    pauses.add(6000, 6040);
    const late = record({ intendedAt: 6000, sentAt: 6040, endedAt: 6060 });
    const report = verdictOn('crash', [late], { pauses });
    expect(failedChecks(report)).toEqual([]);
    expect(report.judgedSlowestMs).toBe(20);
    expect(report.kinds.at(-1)?.maxMs).toBe(60);
    expect(report.generator.pausedMs).toBe(40);
  });

  it('does not blame it for stalls that the control saw too', () => {
    const control = { stalls: [{ fromMs: 6010, toMs: 6050 }], failed: 0 };
    const late = record({ intendedAt: 6000, endedAt: 6060 });
    const report = verdictOn('crash', [late], { control });
    expect(failedChecks(report)).toEqual([]);
    expect(report.slowest[0]).toMatchObject({ durationMs: 60, pausedMs: 40 });
  });

  it('is failed by a machine that mostly stands still', () => {
    const control = { stalls: [{ fromMs: 6000, toMs: 14_000 }], failed: 0 };
    expect(failedChecks(verdictOn('crash', [], { control }))).toEqual(['generator']);
  });

  it('raises the ceiling by the undisturbed slowest only when asked', () => {
    const records = [record({ intendedAt: 4000, endedAt: 4045 }), record({ intendedAt: 6000, endedAt: 6080 })];
    const lenient = options('crash', { tolerance: 'baseline' });
    expect(failedChecks(verdictOn('crash', records))).toEqual(['ceiling']);
    expect(failedChecks(judge(lenient, settingsOf(lenient), run('crash', records)))).toEqual([]);
  });

  it('leaves latencies of the warm-up out, but not its failures', () => {
    expect(failedChecks(verdictOn('crash', [record({ intendedAt: 100, endedAt: 900 })]))).toEqual([]);
    expect(failedChecks(verdictOn('crash', [record({ intendedAt: 100, problem: 'reset' })]))).toEqual(['no-failures']);
  });

  it('is failed by a generator that did not keep up', () => {
    const asked = options('crash', { load: { ratePerSecond: 20, webSockets: { sessions: 0, everyMs: 1 } } });
    expect(failedChecks(judge(asked, settingsOf(asked), run('crash', [])))).toEqual(['generator']);
  });

  it('is failed when a sticky user is moved off a server that is up', () => {
    const moved = (boundTo: string, intendedAt: number): RequestRecord =>
      record({ kind: 'sticky', boundTo, intendedAt, backend: boundTo === 'a' ? 'b' : 'a' });
    const leaves = verdictOn('crash', [moved('a', 6000)]);
    expect(failedChecks(leaves)).toEqual([]);
    expect(leaves.stickyMoves).toEqual({ withReason: 1, other: 0 });
    expect(failedChecks(verdictOn('disturbance', [moved('b', 6000)]))).toEqual([]);
    expect(failedChecks(verdictOn('disturbance', [moved('b', 4000)]))).toEqual(['sticky']);
    expect(failedChecks(verdictOn('crash', [moved('b', 6000)]))).toEqual(['sticky']);
    expect(failedChecks(verdictOn('crash', [moved('a', 4000)]))).toEqual(['sticky']);
  });

  it('is failed when no traffic returns to the healed server', () => {
    const kept = run('crash', []).records.filter((one) => one.backend === 'b' || one.intendedAt < at.ordered);
    const more = Array.from({ length: 100 }, (_, index) => record({ intendedAt: 5000 + index * 100 }));
    expect(failedChecks(verdictOn('crash', [], { records: [...kept, ...more] }))).toEqual(['recovery']);
  });
});

describe('a POST without key that fails', () => {
  const post = (sentAt: number, endedAt: number): RequestRecord =>
    record({ kind: 'post', intendedAt: sentAt, sentAt, endedAt, problem: 'status 502' });

  it('in flight at a crash is told apart', () => {
    const report = verdictOn('crash', [post(5040, 5090)]);
    expect(failedChecks(report)).toEqual([]);
    expect(report.kinds.at(-1)).toMatchObject({ failed: 0, excused: 1 });
    expect(report.failures).toMatchObject([{ kind: 'post', excused: true }]);
  });

  it.each([
    ['on a graceful stop', 'stop', post(5040, 5090)],
    ['in a disturbance', 'disturbance', post(5040, 5090)],
    ['before the failure', 'crash', post(4000, 4010)],
    ['when sent after the crash', 'crash', post(5150, 5160)],
    ['with a key', 'crash', { ...post(5040, 5090), kind: 'post-with-key' as const }],
    ['when sent to a hung server that is DOWN', 'hang', post(5300, 5400)],
  ] as const)('%s is a failure', (_name, way, failed) => {
    expect(failedChecks(verdictOn(way, [failed]))).toContain('no-failures');
  });

  it('sent to a hung server that nobody could know hung is told apart', () => {
    expect(failedChecks(verdictOn('hang', [post(5150, 7000)]))).toEqual([]);
  });

  it('sent to a hung server before its silence could be noticed is told apart, later ones are failures', () => {
    const failed = [post(at.failed + 1140, 7100), post(at.failed + 1160, 7100)];
    const report = verdictOn('hang', failed, { downAt: 7200 });
    expect(report.kinds.at(-1)).toMatchObject({ failed: 1, excused: 1 });
  });

  it('is told apart for as much longer as the machine stood still', () => {
    const stood = { downAt: 7200, control: { stalls: [{ fromMs: 5500, toMs: 5600 }], failed: 0 } };
    const report = verdictOn('hang', [post(at.failed + 1240, 7100), post(at.failed + 1260, 7100)], stood);
    expect(report.kinds.at(-1)).toMatchObject({ failed: 1, excused: 1 });
  });
});

describe('executions', () => {
  const post = (id: string, problem: string | null = null): RequestRecord => record({ kind: 'post', id, problem });
  const keyed = (id: string): RequestRecord => record({ kind: 'post-with-key', id });

  it('equal to the answers pass', () => {
    const report = verdictOn('crash', [post('x'), keyed('y')], { executions: executed(['x', 1], ['y', 1]) });
    expect(failedChecks(report)).toEqual([]);
    expect(report.executions).toMatchObject({ requests: 2, executed: 2, duplicates: [], missing: [] });
  });

  it('twice without a key fail, also on different backends', () => {
    const executions = [...executed(['x', 1]), { name: 'a', executions: [{ id: 'x', count: 1, key: null }] }];
    const report = verdictOn('crash', [post('x')], { executions });
    expect(failedChecks(report)).toEqual(['executions']);
    expect(report.executions?.duplicates).toEqual(['x']);
  });

  it('twice with a key are allowed after a crash, not after a graceful stop', () => {
    const executions = executed(['y', 2]);
    expect(verdictOn('crash', [keyed('y')], { executions }).executions?.repeatedWithKey).toBe(1);
    expect(failedChecks(verdictOn('crash', [keyed('y')], { executions }))).toEqual([]);
    expect(failedChecks(verdictOn('stop', [keyed('y')], { executions }))).toEqual(['executions']);
  });

  it('that never happened although the client was told so fail', () => {
    expect(failedChecks(verdictOn('crash', [post('x')]))).toEqual(['executions']);
  });

  it('that could not be asked for fail, with the reason', () => {
    const report = verdictOn('crash', [], { executions: null, executionsProblem: 'refused' });
    expect(report.checks.find((check) => check.id === 'executions')).toMatchObject({
      passed: false,
      detail: 'refused',
    });
  });
});
