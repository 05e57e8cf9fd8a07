// How a report looks: golden files, written anew with `vitest -u` and read in review.
import { describe, expect, it } from 'vitest';
import { toJUnit } from '../../src/failover/junit.ts';
import type { FailoverReport } from '../../src/failover/model.ts';
import { renderSummary, renderTable } from '../../src/failover/report.ts';

const latency = { p50Ms: 1.5, p99Ms: 12.25, maxMs: 31 };
const report: FailoverReport = {
  version: 1,
  verdict: 'failed',
  way: 'crash',
  victim: 'backend-api-1',
  pool: 'api_pool',
  target: '192.0.2.1:80',
  seed: 7,
  startedAt: '2030-01-02T03:04:05.000Z',
  durationMs: 31_234,
  rate: { askedPerSecond: 320, achievedPerSecond: 319.9 },
  checks: [
    { id: 'preflight', title: 'all servers are UP', passed: true, detail: 'backend-api-1 UP, backend-api-2 UP' },
    { id: 'down-gets', title: '5 GETs while it is down', passed: true, detail: '' },
    { id: 'ceiling', title: 'the slowest request', passed: false, detail: '31 ms, at most 30 ms' },
    { id: 'no-failures', title: 'no request failed', passed: false, detail: '1 of 10000: 1 x "<status> & 502"\u0001' },
  ],
  times: { orderedAtMs: 5000, failedAtMs: 5100, healedAtMs: 9000, toDownMs: 420, toUpMs: 5800 },
  kinds: [
    { kind: 'get', requests: 5000, failed: 1, excused: 0, ...latency, reasons: { 'status 502': 1 } },
    { kind: 'post', requests: 500, failed: 0, excused: 1, ...latency, reasons: { 'closed without an answer': 1 } },
    { kind: 'all', requests: 5500, failed: 1, excused: 1, ...latency, reasons: {} },
  ],
  undisturbed: latency,
  disturbed: latency,
  generator: { lag: latency, pausedMs: 17.5, heldUpMs: 20, control: { failed: 0 } },
  ceilings: { slowestMs: 50, webSocketClosedMs: 1000, webSocketReconnectedMs: 50 },
  judgedSlowestMs: 30,
  answeredBy: { 'backend-api-1': 1000, 'backend-api-2': 4500 },
  stickyMoves: { withReason: 9, other: 0 },
  webSockets: {
    sessions: 10,
    messages: 3000,
    echoed: 3000,
    resent: 4,
    neverEchoed: 0,
    corrupt: 0,
    closed: 5,
    closedWithoutReason: 0,
    failedReconnects: 0,
    closeCodes: { '1006': 5 },
    slowestCloseMs: 3.1,
    slowestReconnectMs: 4.2,
    echo: latency,
  },
  executions: null,
  streams: null,
  ramp: [
    { afterUpMs: 0, requests: 80, share: 0.04 },
    { afterUpMs: 500, requests: 81, share: 0.1 },
  ],
  throttlePercents: [4, 10],
  slowest: [
    { kind: 'get', id: 'crash-7-x-1', intendedAtMs: 5020, durationMs: 31, pausedMs: 1, backend: null },
    { kind: 'sticky', id: 'crash-7-x-9', intendedAtMs: 6020, durationMs: 30, pausedMs: 0, backend: 'backend-api-2' },
  ],
  failures: [
    { kind: 'get', id: 'crash-7-x-1', intendedAtMs: 5020, durationMs: 31, reason: 'status 502', excused: false },
    { kind: 'post', id: 'crash-7-x-2', intendedAtMs: 5021, durationMs: 3, reason: 'reset', excused: true },
  ],
  stateDump: null,
};

describe('a failover report', () => {
  it('is a table', () => expect(`${renderTable(report)}\n`).toMatchFileSnapshot('golden/failed.golden.txt'));

  it('of a run that ended before the load is short', async () => {
    const none = { toDownMs: null, toUpMs: null, orderedAtMs: null, failedAtMs: null, healedAtMs: null };
    const early: FailoverReport = {
      ...report,
      checks: [{ id: 'preflight', title: 'all servers are UP', passed: false, detail: 'backend-api-1 DOWN' }],
      kinds: [],
      times: none,
      answeredBy: {},
      ramp: [],
      failures: [],
      stateDump: '# pxname,svname,status,\napi_pool,backend-api-1,DOWN,',
    };
    await expect(`${renderTable(early)}\n`).toMatchFileSnapshot('golden/early.golden.txt');
  });

  it('is one line in a list', () => {
    expect(renderSummary(report)).toBe(
      'FAILED  crash         5500 requests  1 failed  1 apart  p50 1.5 ms  p99 12.25 ms  max 31 ms  DOWN 420 ms  UP 5800 ms',
    );
  });

  it('is JUnit', () => expect(toJUnit(report)).toMatchFileSnapshot('golden/junit.golden.xml'));
});
