// What must hold over the whole run, each as one check with its evidence. Pure.
import type { Facts } from './judge.ts';
import type { Measurement } from './measurement.ts';
import type { Check, FailoverOptions } from './model.ts';
import type { Settings } from './settings.ts';
import { isAbrupt } from './settings.ts';

/** A generator that sends less than this part of the asked rate has measured something else. */
const minAchievedPart = 0.95;
/** Sends later than this are the generator's fault; more than one in a hundred spoils the measurement. */
const maxLagMs = 100;
/** A machine that stands still for more of the time than this can judge nobody. */
const maxHeldUpPart = 0.25;
/** In the first fifth of the slow start an even weight would give at most a sixth of the traffic; with room for chance. */
const rampPart = 0.2;
const rampMaxShare = 0.35;

/** Nothing when no load was started: then the steps already say why. */
export function promises(options: FailoverOptions, settings: Settings, measured: Measurement, facts: Facts): Check[] {
  if (measured.loadStartedAt === null) return [];
  const failing = options.way !== 'none' && options.way !== 'disturbance';
  return [
    noFailures(facts),
    ceiling(settings, facts),
    generator(facts),
    sticky(facts),
    ...(facts.webSockets.sessions > 0 ? webSockets(settings, measured, facts) : []),
    executions(options, measured, facts),
    ...(failing ? [recovery(facts)] : []),
    ...(failing && settings.slowStartMs > 0 ? [slowStart(settings, facts)] : []),
    ...(facts.streams ? [streams(facts.streams)] : []),
  ];
}

function onlyTimeIf(held: boolean): Pick<Check, 'onlyTime'> {
  return held ? { onlyTime: true } : {};
}

function noFailures({ kinds }: Facts): Check {
  const all = kinds.find((kind) => kind.kind === 'all');
  const reasons = Object.entries(all?.reasons ?? {}).map(([reason, count]) => `${count} x ${reason}`);
  const failed = all?.failed ?? 0;
  const apart = all?.excused ? `, and ${all.excused} POST without key in flight at the failure, apart` : '';
  const why = reasons.length > 0 ? `: ${reasons.join(', ')}` : '';
  const detail = `${failed} of ${all?.requests ?? 0}${apart}${why}`;
  return { id: 'no-failures', title: 'no request failed', passed: failed === 0 && (all?.requests ?? 0) > 0, detail };
}

function ceiling({ ceilings, tolerance }: Settings, { judgedSlowestMs, undisturbed, generator }: Facts): Check {
  const allowed = ceilings.slowestMs + (tolerance === 'baseline' ? undisturbed.maxMs : 0);
  const detail =
    `${judgedSlowestMs} ms, at most ${allowed} ms ` +
    `(undisturbed ${undisturbed.maxMs} ms; generator or machine held up for ${generator.heldUpMs} ms in all)`;
  const passed = judgedSlowestMs <= allowed;
  return { id: 'ceiling', title: 'the slowest request', passed, detail, ...onlyTimeIf(!passed) };
}

function generator({ rate, generator: own, durationMs }: Facts): Check {
  const steady = own.lag.p99Ms <= maxLagMs && own.heldUpMs <= durationMs * maxHeldUpPart;
  const passed = rate.achievedPerSecond >= rate.askedPerSecond * minAchievedPart && steady;
  const detail = `${rate.achievedPerSecond} of ${rate.askedPerSecond} requests a second, p99 ${own.lag.p99Ms} ms late, held up ${own.heldUpMs} ms`;
  return { id: 'generator', title: 'the load was as asked', passed, detail, ...onlyTimeIf(!passed) };
}

function sticky({ stickyMoves: { withReason, other } }: Facts): Check {
  const detail = `${withReason} moves away from it, ${other} others`;
  return { id: 'sticky', title: 'sticky users leave only a failed server', passed: other === 0, detail };
}

function webSockets(
  { ceilings }: Settings,
  { sessions, victimSessions, orderedAt }: Measurement,
  facts: Facts,
): Check[] {
  const { webSockets: sums } = facts;
  const stuck = victimSessions.filter(
    (number) => !sessions[number]?.cuts.some((cut) => cut.reconnectedAt !== null && cut.closedAt >= (orderedAt ?? 0)),
  );
  const closedInTime = (sums.slowestCloseMs ?? 0) <= ceilings.webSocketClosedMs;
  const backInTime = (sums.slowestReconnectMs ?? 0) <= ceilings.webSocketReconnectedMs;
  return [
    {
      id: 'websocket-closed',
      title: 'WebSockets of the failed server are closed fast',
      passed: closedInTime && sums.closedWithoutReason === 0,
      ...onlyTimeIf(!closedInTime && sums.closedWithoutReason === 0),
      detail: `slowest ${text(sums.slowestCloseMs)}, at most ${ceilings.webSocketClosedMs} ms; ${sums.closedWithoutReason} closed without reason`,
    },
    {
      id: 'websocket-reconnected',
      title: 'and reconnect to another one',
      passed: backInTime && stuck.length === 0,
      ...onlyTimeIf(!backInTime && stuck.length === 0),
      detail: `slowest ${text(sums.slowestReconnectMs)}, at most ${ceilings.webSocketReconnectedMs} ms; ${stuck.length} of ${victimSessions.length} never`,
    },
    {
      id: 'websocket-messages',
      title: 'every WebSocket message came back',
      passed: sums.neverEchoed === 0 && sums.corrupt === 0,
      detail: `${sums.echoed} of ${sums.messages}, ${sums.resent} sent again, ${sums.corrupt} wrong`,
    },
  ];
}

function executions({ way }: FailoverOptions, { executionsProblem }: Measurement, facts: Facts): Check {
  const id = 'executions';
  const title = 'no POST was executed twice, none was made up';
  const { executions: sums } = facts;
  if (!sums) return { id, title, passed: false, detail: executionsProblem ?? 'the backends were not asked' };
  // After a graceful stop nothing was in doubt: then a key is no reason to repeat either.
  const doubtful = isAbrupt(way);
  const passed = sums.duplicates.length === 0 && sums.missing.length === 0 && (doubtful || sums.repeatedWithKey === 0);
  const detail =
    `${sums.requests} sent, ${sums.executed} executed, ${sums.duplicates.length} twice, ${sums.missing.length} made up, ` +
    `${sums.repeatedWithKey} repeated by key, failed but executed ${sums.failedButExecuted}`;
  return { id, title, passed, detail };
}

function recovery({ ramp, victim }: Facts): Check {
  const answered = ramp.reduce((sum, point) => sum + Math.round(point.share * point.requests), 0);
  const detail = `${answered} plain GETs answered by ${victim} after it was UP`;
  return { id: 'recovery', title: 'traffic returns to the healed server', passed: answered > 0, detail };
}

function slowStart({ slowStartMs }: Settings, { ramp, throttlePercents }: Facts): Check {
  const early = ramp.filter((point) => point.afterUpMs < slowStartMs * rampPart);
  const share = early.reduce((sum, point) => sum + point.share, 0) / Math.max(1, early.length);
  const throttled = throttlePercents.filter((percent) => percent < 100).length;
  const detail =
    `share of the healed server at first ${Math.round(share * 100)} %, at most ${rampMaxShare * 100} %; ` +
    `throttled in ${throttled} of ${throttlePercents.length} looks`;
  return {
    id: 'slow-start',
    title: 'the healed server starts slowly',
    passed: early.length > 0 && share <= rampMaxShare,
    detail,
  };
}

function streams(sums: NonNullable<Facts['streams']>): Check {
  const passed = sums.split + sums.splitWhileDown + sums.movedWithoutReason + sums.corrupt === 0;
  const detail =
    `${sums.tracks} tracks of ${sums.segments} segments: ${sums.split} split, ${sums.splitWhileDown} split while down, ` +
    `${sums.moved} moved, ${sums.movedWithoutReason} without reason, ${sums.corrupt} wrong answers`;
  return { id: 'streams', title: 'a track stays on one server', passed, detail };
}

function text(ms: number | null): string {
  return ms === null ? 'none' : `${ms} ms`;
}
