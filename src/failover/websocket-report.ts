// Sums up the WebSocket sessions of a run. Pure.
import type { Pauses } from './latency.ts';
import { latencyOf } from './latency.ts';
import type { Measurement } from './measurement.ts';
import type { WebSocketReport } from './model.ts';

/** `heldUp`: when generator or machine stood still; not part of the times to close and to reconnect. */
export function summariseWebSockets(
  measured: Measurement,
  heldUp: Pauses,
  mayLeave: (server: string | null, at: number) => boolean,
): WebSocketReport {
  const { sessions, orderedAt, failedAt } = measured;
  const cuts = sessions.flatMap((session) => session.cuts);
  const sum = (count: (session: (typeof sessions)[number]) => number): number =>
    sessions.reduce((total, session) => total + count(session), 0);
  const withReason = cuts.filter((cut) => mayLeave(cut.from, cut.closedAt));
  const own = (from: number, to: number): number => Math.max(0, to - from - heldUp.within(from, to));
  const dead = failedAt ?? orderedAt ?? 0;
  const closes = withReason.map((cut) => own(dead, cut.closedAt));
  const reconnects = cuts.flatMap((cut) => (cut.reconnectedAt === null ? [] : [own(cut.closedAt, cut.reconnectedAt)]));
  const closeCodes: Record<string, number> = {};
  for (const cut of cuts) closeCodes[cut.code] = (closeCodes[cut.code] ?? 0) + 1;
  return {
    sessions: sessions.length,
    messages: sum((session) => session.messages),
    echoed: sum((session) => session.echoMs.length),
    resent: sum((session) => session.resent),
    neverEchoed: sum((session) => session.neverEchoed),
    corrupt: sum((session) => session.corrupt),
    closed: cuts.length,
    closedWithoutReason: cuts.length - withReason.length,
    failedReconnects: sum((session) => session.failedConnects),
    closeCodes,
    slowestCloseMs: slowest(closes),
    slowestReconnectMs: slowest(reconnects),
    echo: latencyOf(sessions.flatMap((session) => session.echoMs)),
  };
}

function slowest(samples: readonly number[]): number | null {
  return samples.length === 0 ? null : Math.round(Math.max(...samples) * 100) / 100;
}
