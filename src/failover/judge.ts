// Turns what a run saw into the report: sums, and one check per promise. Pure.
import { compareExecutions } from './executions.ts';
import type { Pauses } from './latency.ts';
import { latencyOf, round } from './latency.ts';
import type { RequestRecord } from './load.ts';
import type { Measurement } from './measurement.ts';
import type {
  FailoverOptions,
  FailoverReport,
  FailureSample,
  KindReport,
  RampPoint,
  RequestKind,
  SlowSample,
  Way,
} from './model.ts';
import { requestKinds } from './model.ts';
import { promises } from './promises.ts';
import type { Settings } from './settings.ts';
import { isAbrupt } from './settings.ts';
import { compareStreams } from './streams.ts';
import { summariseWebSockets } from './websocket-report.ts';

const failureSamples = 50;
const slowSamples = 10;
const rampBucketMs = 500;
/**
 * A silent server is found out by the first requests that it leaves unanswered for the balancer's `firstByte`: what was sent
 * to it before that could not be known.
 */
const detectionMs = 1000;
/** Until each worker has sent the dead server a first request, and its timer has been looked at. */
const detectionSlackMs = 150;

export function judge(options: FailoverOptions, settings: Settings, measured: Measurement): FailoverReport {
  const facts = factsOf(options, settings, measured);
  const checks = [...measured.steps, ...promises(options, settings, measured, facts)];
  const verdict = checks.every((check) => check.passed) ? 'passed' : 'failed';
  return { ...facts, verdict, checks };
}

export type Facts = Omit<FailoverReport, 'verdict' | 'checks'>;

function factsOf(options: FailoverOptions, settings: Settings, measured: Measurement): Facts {
  const { records, loadStartedAt, loadEndedAt, orderedAt, failedAt, healedAt, downAt, upAt } = measured;
  const origin = loadStartedAt ?? measured.startedAt;
  const loadMs = Math.max(1, (loadEndedAt ?? origin) - origin);
  const since = (from: number | null, to: number | null): number | null =>
    from === null || to === null ? null : Math.round(to - from);
  const excused = new Set(records.filter((record) => isExcused(record, options.way, measured)));
  const warmAt = origin + settings.durations.warmUpMs;
  const warm = records.filter((record) => record.intendedAt >= warmAt);
  const counted = warm.filter((record) => !excused.has(record));
  const heldUp = measured.pauses.with(measured.control?.stalls ?? []);
  const disturbedFrom = orderedAt ?? Infinity;
  const lastEnd = records.reduce((last, record) => Math.max(last, record.endedAt), loadEndedAt ?? origin);
  return {
    version: 1,
    way: options.way,
    victim: options.victim,
    pool: options.pool,
    target: `${options.target.host}:${options.target.port}`,
    seed: settings.seed,
    startedAt: measured.startedAtIso,
    durationMs: Math.round(lastEnd - measured.startedAt),
    rate: { askedPerSecond: settings.load.ratePerSecond, achievedPerSecond: round((records.length * 1000) / loadMs) },
    times: {
      orderedAtMs: since(origin, orderedAt),
      failedAtMs: since(origin, failedAt),
      healedAtMs: since(origin, healedAt),
      toDownMs: since(orderedAt, downAt),
      toUpMs: since(healedAt, upAt),
    },
    kinds: kindReports(records, excused, warmAt),
    undisturbed: latencyOf(counted.filter((record) => record.endedAt < disturbedFrom).map(rawMs)),
    disturbed: latencyOf(counted.filter((record) => record.endedAt >= disturbedFrom).map(rawMs)),
    generator: {
      lag: latencyOf(warm.map((record) => record.sentAt - record.intendedAt)),
      pausedMs: measured.pauses.totalMs,
      heldUpMs: heldUp.totalMs,
      control: measured.control && { failed: measured.control.failed },
    },
    ceilings: settings.ceilings,
    judgedSlowestMs: round(counted.reduce((slowest, record) => Math.max(slowest, ownMs(record, heldUp)), 0)),
    answeredBy: countBy(records.flatMap((record) => record.backend ?? [])),
    stickyMoves: stickyMoves(records, (server, at) => mayLeave(options, orderedAt, server, at)),
    webSockets: summariseWebSockets(measured, heldUp, (server, at) => mayLeave(options, orderedAt, server, at)),
    executions: measured.executions && compareExecutions(records, measured.executions),
    streams: streamsOf(options, measured),
    ramp: ramp(records, options.victim, upAt, loadEndedAt),
    throttlePercents: measured.throttlePercents,
    slowest: slowest(counted, heldUp, origin),
    failures: failures(records, excused, origin),
    stateDump: measured.stateDump,
  };
}

function rawMs(record: RequestRecord): number {
  return record.endedAt - record.intendedAt;
}

/** Without the time in which the generator or the machine stood still. */
function ownMs(record: RequestRecord, heldUp: Pauses): number {
  return rawMs(record) - heldUp.within(record.intendedAt, record.endedAt);
}

/**
 * A failed POST without key that was in flight when its server died: whether it was executed is not to be known,
 * so nobody may send it again. Never on a graceful stop: that server answers what it has.
 */
function isExcused(record: RequestRecord, way: Way, measured: Measurement): boolean {
  const { orderedAt, failedAt, downAt } = measured;
  if (record.problem === null || record.kind !== 'post' || orderedAt === null) return false;
  if (!isAbrupt(way)) return false;
  const dead = failedAt ?? orderedAt;
  const until = way === 'crash' ? dead : Math.min(downAt ?? Infinity, foundOutBy(dead, measured));
  return record.sentAt <= Math.max(dead, until) && record.endedAt >= orderedAt;
}

/** A machine that stood still in between looked at no timer either. */
function foundOutBy(deadMs: number, { pauses, control }: Measurement): number {
  const atMs = deadMs + detectionMs + detectionSlackMs;
  return atMs + pauses.with(control?.stalls ?? []).within(deadMs, atMs);
}

function kindReports(
  records: readonly RequestRecord[],
  excused: ReadonlySet<RequestRecord>,
  warmAt: number,
): KindReport[] {
  const report = (kind: RequestKind | 'all', own: readonly RequestRecord[]): KindReport => {
    const failed = own.filter((record) => record.problem !== null);
    return {
      kind,
      requests: own.length,
      failed: failed.filter((record) => !excused.has(record)).length,
      excused: failed.filter((record) => excused.has(record)).length,
      ...latencyOf(own.filter((record) => record.intendedAt >= warmAt).map(rawMs)),
      reasons: countBy(failed.flatMap((record) => record.problem ?? [])),
    };
  };
  return [
    ...requestKinds.map((kind) =>
      report(
        kind,
        records.filter((record) => record.kind === kind),
      ),
    ),
    report('all', records),
  ];
}

function failures(
  records: readonly RequestRecord[],
  excused: ReadonlySet<RequestRecord>,
  origin: number,
): FailureSample[] {
  const failed = records.filter((record) => record.problem !== null).slice(0, failureSamples);
  return failed.map((record) => ({
    kind: record.kind,
    id: record.id,
    intendedAtMs: round(record.intendedAt - origin),
    durationMs: round(rawMs(record)),
    reason: record.problem ?? '',
    excused: excused.has(record),
  }));
}

function slowest(records: readonly RequestRecord[], heldUp: Pauses, origin: number): SlowSample[] {
  const sorted = [...records].sort((one, other) => ownMs(other, heldUp) - ownMs(one, heldUp)).slice(0, slowSamples);
  return sorted.map((record) => ({
    kind: record.kind,
    id: record.id,
    intendedAtMs: round(record.intendedAt - origin),
    durationMs: round(rawMs(record)),
    pausedMs: round(rawMs(record) - ownMs(record, heldUp)),
    backend: record.backend,
  }));
}

/** Whether a client had a reason to leave a server: the failed one, from then on; in a disturbance any. */
function mayLeave(
  { way, victim }: FailoverOptions,
  orderedAt: number | null,
  server: string | null,
  at: number,
): boolean {
  if (orderedAt === null || at < orderedAt) return false;
  return way === 'disturbance' || server === victim;
}

/** How often a request was answered by another server than its cookie's: with reason or without. */
function stickyMoves(
  records: readonly RequestRecord[],
  mayLeaveServer: (server: string | null, at: number) => boolean,
): { withReason: number; other: number } {
  const moved = records.filter(({ boundTo, backend }) => boundTo !== null && backend !== null && boundTo !== backend);
  const withReason = moved.filter(({ boundTo, endedAt }) => mayLeaveServer(boundTo, endedAt)).length;
  return { withReason, other: moved.length - withReason };
}

function streamsOf({ streams, victim }: FailoverOptions, measured: Measurement): FailoverReport['streams'] {
  if (!streams || !measured.streamsBefore) return null;
  const shape = { ...streams, victim: streams.victimServes ? victim : null };
  return compareStreams(measured.streamsBefore, measured.streamsDuring, shape);
}

/** Share of the plain GETs that the healed server answers, from UP to the end of the load. */
function ramp(
  records: readonly RequestRecord[],
  victim: string,
  upAt: number | null,
  endAt: number | null,
): RampPoint[] {
  if (upAt === null || endAt === null) return [];
  const gets = records.filter((record) => record.kind === 'get' && record.backend !== null);
  const points: RampPoint[] = [];
  for (let from = upAt; from + rampBucketMs <= endAt; from += rampBucketMs) {
    const own = gets.filter((record) => record.intendedAt >= from && record.intendedAt < from + rampBucketMs);
    const share = own.filter((record) => record.backend === victim).length / Math.max(1, own.length);
    points.push({ afterUpMs: Math.round(from - upAt), requests: own.length, share: round(share) });
  }
  return points;
}

function countBy(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
