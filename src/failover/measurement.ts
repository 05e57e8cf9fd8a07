// What a run saw, before anybody judges it. Times are on the clock of performance.now().
import type { RequestRecord } from './load.ts';
import type { Span } from './latency.ts';
import { Pauses } from './latency.ts';
import type { BackendExecutions, Check } from './model.ts';
import type { Placement } from './streams.ts';
import type { WebSocketSession } from './websocket-session.ts';

export interface Measurement {
  readonly startedAtIso: string;
  readonly startedAt: number;
  loadStartedAt: number | null;
  loadEndedAt: number | null;
  orderedAt: number | null;
  failedAt: number | null;
  downAt: number | null;
  healedAt: number | null;
  upAt: number | null;
  /** The steps that looked at something: preflight, baseline, down, up, ... */
  readonly steps: Check[];
  records: readonly RequestRecord[];
  /** Of the generator. */
  pauses: Pauses;
  /** Of the machine, as the control saw them; null without a control. */
  control: { readonly stalls: readonly Span[]; readonly failed: number } | null;
  sessions: readonly WebSocketSession[];
  /** Numbers of the sessions that were on the victim when it failed. */
  victimSessions: readonly number[];
  executions: readonly BackendExecutions[] | null;
  executionsProblem: string | null;
  streamsBefore: Placement | null;
  streamsDuring: Placement | null;
  readonly throttlePercents: number[];
  stateDump: string | null;
}

/** A measurement that begins now. */
export function newMeasurement(): Measurement {
  return {
    startedAtIso: new Date().toISOString(),
    startedAt: performance.now(),
    loadStartedAt: null,
    loadEndedAt: null,
    orderedAt: null,
    failedAt: null,
    downAt: null,
    healedAt: null,
    upAt: null,
    steps: [],
    records: [],
    pauses: new Pauses(),
    control: null,
    sessions: [],
    victimSessions: [],
    executions: null,
    executionsProblem: null,
    streamsBefore: null,
    streamsDuring: null,
    throttlePercents: [],
    stateDump: null,
  };
}
