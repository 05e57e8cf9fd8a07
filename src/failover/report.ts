// How people see a failover report: a table of requests, the times, and every check. Pure text, no colours.
import type { FailoverReport, KindReport } from './model.ts';
import { describeStates } from './stats.ts';

/** The whole report as text, ending without a newline. */
export function renderTable(report: FailoverReport): string {
  const { way, victim, pool, target, seed, startedAt, durationMs } = report;
  const seconds = (durationMs / 1000).toFixed(1);
  return [
    `failover: ${way} of ${victim} in ${pool} behind ${target} (seed ${seed}, ${startedAt}, ${seconds} s)`,
    '',
    ...(report.kinds.some((kind) => kind.requests > 0)
      ? [...requestTable(report.kinds), '', ...facts(report), '']
      : []),
    ...report.checks.map(
      ({ passed, title, detail }) => `${passed ? 'ok    ' : 'FAILED'}  ${title}${after(': ', detail)}`,
    ),
    ...slow(report),
    ...samples(report),
    ...states(report),
    '',
    verdictLine(report),
  ].join('\n');
}

/** One line for a list of runs. */
export function renderSummary(report: FailoverReport): string {
  const all = report.kinds.find((kind) => kind.kind === 'all');
  const { toDownMs, toUpMs } = report.times;
  return [
    report.verdict === 'passed' ? 'ok    ' : 'FAILED',
    report.way.padEnd(12),
    `${all?.requests ?? 0} requests`,
    `${all?.failed ?? 0} failed`,
    `${all?.excused ?? 0} apart`,
    `p50 ${all?.p50Ms ?? 0} ms`,
    `p99 ${all?.p99Ms ?? 0} ms`,
    `max ${all?.maxMs ?? 0} ms`,
    `DOWN ${duration(toDownMs)}`,
    `UP ${duration(toUpMs)}`,
  ].join('  ');
}

function requestTable(kinds: readonly KindReport[]): string[] {
  const head = ['', 'requests', 'failed', 'apart', 'p50 ms', 'p99 ms', 'max ms'];
  const rows = kinds.map(({ kind, requests, failed, excused, p50Ms, p99Ms, maxMs }) => [
    kind,
    ...[requests, failed, excused].map(String),
    ...[p50Ms, p99Ms, maxMs].map((ms) => ms.toFixed(2)),
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

function facts(report: FailoverReport): string[] {
  const { times, undisturbed, disturbed, webSockets, rate, generator, ramp } = report;
  const answered = Object.entries(report.answeredBy).map(([name, count]) => `${name} ${count}`);
  const latency = (of: FailoverReport['undisturbed']): string =>
    `p50 ${of.p50Ms} ms, p99 ${of.p99Ms} ms, max ${of.maxMs} ms`;
  const shares = ramp.map((point) => `${Math.round(point.share * 100)}`);
  const rows: readonly (readonly [string, string])[] = [
    ['time to DOWN', duration(times.toDownMs)],
    ['time to UP', duration(times.toUpMs)],
    ['undisturbed', latency(undisturbed)],
    ['from the failure on', times.orderedAtMs === null ? '-' : latency(disturbed)],
    ['answered by', answered.join(', ') || 'nobody'],
    ['share after UP', shares.length > 0 ? `${shares.join(' ')} % (every 500 ms)` : 'not measured'],
    [
      'WebSockets',
      `${webSockets.sessions}, ${webSockets.closed} closed (slowest ${duration(webSockets.slowestCloseMs)}), ` +
        `reconnected in ${duration(webSockets.slowestReconnectMs)} at most, echo ${latency(webSockets.echo)}`,
    ],
    [
      'generator',
      `${rate.achievedPerSecond} of ${rate.askedPerSecond} requests a second, itself held up ${generator.pausedMs} ms, ` +
        `with the machine ${generator.heldUpMs} ms${generator.control ? '' : ' (no control)'}`,
    ],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`);
}

/** Shown when the ceiling was broken: when it happened often says why. */
function slow({ slowest, checks }: FailoverReport): string[] {
  if (checks.every((check) => check.id !== 'ceiling' || check.passed)) return [];
  const shown = slowest.map(({ kind, intendedAtMs, durationMs, pausedMs, backend, id }) => {
    const where = backend === null ? '' : ` by ${backend}`;
    return `  at ${intendedAtMs} ms ${kind}: ${durationMs} ms${where}, held up for ${pausedMs} ms of it [${id}]`;
  });
  return ['', 'slowest requests:', ...shown];
}

function samples({ failures }: FailoverReport): string[] {
  const shown = failures.slice(0, 10).map(({ kind, intendedAtMs, durationMs, reason, excused, id }) => {
    return `  at ${intendedAtMs} ms ${kind}: ${reason} after ${durationMs} ms${excused ? ' (apart)' : ''} [${id}]`;
  });
  return shown.length > 0 ? ['', 'first failed requests:', ...shown] : [];
}

function states({ stateDump, pool }: FailoverReport): string[] {
  if (stateDump === null) return [];
  return ['', 'what the balancer said of its servers:', ...describeStates(stateDump, pool).map((line) => `  ${line}`)];
}

function verdictLine({ verdict, checks }: FailoverReport): string {
  const failed = checks.filter((check) => !check.passed).length;
  return verdict === 'passed' ? `passed: ${checks.length} checks` : `FAILED: ${failed} of ${checks.length} checks`;
}

function duration(ms: number | null): string {
  return ms === null ? '-' : `${ms} ms`;
}

function after(separator: string, text: string): string {
  return text === '' ? '' : `${separator}${text}`;
}
