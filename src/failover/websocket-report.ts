// Sums up the WebSocket sessions of a run. Pure.
import { latencyOf } from './latency.ts';
import type { Measurement } from './measurement.ts';
import type { WebSocketReport } from './model.ts';

export function summariseWebSockets(measured: Measurement, victim: string): WebSocketReport {
  const { sessions, orderedAt, failedAt } = measured;
  const cuts = sessions.flatMap((session) => session.cuts);
  const sum = (count: (session: (typeof sessions)[number]) => number): number =>
    sessions.reduce((total, session) => total + count(session), 0);
  const withReason = cuts.filter((cut) => cut.from === victim && orderedAt !== null && cut.closedAt >= orderedAt);
  const dead = failedAt ?? orderedAt ?? 0;
  const closes = withReason.map((cut) => Math.max(0, cut.closedAt - dead));
  const reconnects = cuts.flatMap((cut) => (cut.reconnectedAt === null ? [] : [cut.reconnectedAt - cut.closedAt]));
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
