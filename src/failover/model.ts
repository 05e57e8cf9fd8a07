// What the failover test is asked to do and what it says afterwards: plain data, the report is JSON.
// Times in a report are milliseconds since the load began, unless the name says otherwise.

/**
 * What happens under load. `none`: nothing, to see that the test can pass. `disturbance`: what must not be noticed at
 * all, such as a reload or restart of the balancer or a rolling deployment; the rest: one server fails that way.
 */
export type Way = 'stop' | 'crash' | 'hang' | 'power-off' | 'cable-pulled' | 'disturbance' | 'none';
export const ways: readonly Way[] = ['stop', 'crash', 'hang', 'power-off', 'cable-pulled', 'disturbance', 'none'];

export type RequestKind = 'get' | 'sticky' | 'post-with-key' | 'post';
export const requestKinds: readonly RequestKind[] = ['get', 'sticky', 'post-with-key', 'post'];

export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Makes the server fail and work again. Both resolve when it is done on the host, and reject when it was not.
 * Of a disturbance, `fail` is all of it; `heal` is called as well and may do nothing.
 */
export interface Actuator {
  /** Logs in, and whatever else must not fall into the moment of the failure, where it would cost the machine time. */
  prepare?(): Promise<void>;
  fail(): Promise<void>;
  heal(): Promise<void>;
}

/** What one backend executed: `count` is how often, `key` its Idempotency-Key. */
export interface BackendExecutions {
  readonly name: string;
  readonly executions: readonly { readonly id: string; readonly count: number; readonly key: string | null }[];
}

/** Parts of the load, in requests a second; `sessions` are WebSockets that send every `everyMs`. */
export interface LoadShape {
  readonly ratePerSecond: number;
  readonly shares: Readonly<Record<RequestKind, number>>;
  readonly stickyUsers: number;
  readonly webSockets: { readonly sessions: number; readonly everyMs: number };
  /** A request without an answer after this long has failed. */
  readonly requestTimeoutMs: number;
}

export interface Durations {
  /** Load whose latencies do not count (failures do): new connections and processes that have just started. */
  readonly warmUpMs: number;
  /** Undisturbed load before the failure: the yardstick for the machine. */
  readonly baselineMs: number;
  /** Load while the server is down, at least. */
  readonly downMs: number;
  /** Load after the server is UP again, at least. */
  readonly recoveryMs: number;
}

/** The health checks that the balancer is configured with: they bound the time to DOWN and to UP. */
export interface CheckSettings {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly fall: number;
  readonly rise: number;
}

export interface Ceilings {
  /** The slowest request of the whole run, measured from its intended start. */
  readonly slowestMs: number;
  /** From the failure until the client of a WebSocket sees it closed. */
  readonly webSocketClosedMs: number;
  /** From there until it is connected to another server. */
  readonly webSocketReconnectedMs: number;
}

export interface StreamsCheck {
  readonly target?: Address;
  readonly tracks: number;
  readonly segments: number;
  /** Whether the failing server serves the streams too: only its tracks may then move. */
  readonly victimServes: boolean;
}

export interface FailoverOptions {
  readonly target: Address;
  /** Where `show stat` is answered: an address, or a function that hands the command over. */
  readonly stats: Address | ((command: string) => Promise<string>);
  readonly pool: string;
  /** All servers of the pool; as the stats call them, and as the demo backends call themselves. */
  readonly servers: readonly string[];
  readonly victim: string;
  readonly way: Way;
  readonly actuator: Actuator;
  /** What all backends executed; only ids that begin with the prefix matter. */
  executions(prefix: string): Promise<readonly BackendExecutions[]>;
  /**
   * A server that does not fail, reached past the balancer: small requests to it tell stalls of the machine from
   * those of the balancer. Without it only the generator's own pauses are known.
   */
  readonly control?: Address;
  readonly healthPath?: string;
  readonly load?: Partial<LoadShape>;
  readonly durations?: Partial<Durations>;
  readonly checks?: Partial<CheckSettings>;
  readonly ceilings?: Partial<Ceilings>;
  /** `baseline`: a ceiling is raised by the slowest undisturbed request, for machines that are busy with other things. */
  readonly tolerance?: 'strict' | 'baseline';
  readonly baselineGets?: number;
  readonly downGets?: number;
  readonly preflightTimeoutMs?: number;
  readonly downTimeoutMs?: number;
  readonly upTimeoutMs?: number;
  /** Of the pool; above 0 the ramp is asserted. */
  readonly slowStartMs?: number;
  readonly streams?: StreamsCheck;
  /** The same seed sends the same requests in the same order. */
  readonly seed?: number;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

export interface Progress {
  readonly step: StepName;
  readonly text: string;
}

export type StepName = 'preflight' | 'baseline' | 'load' | 'fail' | 'down' | 'heal' | 'up' | 'recovery' | 'verdict';

export interface Check {
  readonly id: string;
  readonly title: string;
  readonly passed: boolean;
  readonly detail: string;
  /** It failed, and by a time alone: nothing was lost, and a busy machine may be to blame as well. */
  readonly onlyTime?: boolean;
}

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface KindReport extends Latency {
  readonly kind: RequestKind | 'all';
  readonly requests: number;
  readonly failed: number;
  /** Failed, but a POST without key that was in flight when its server failed: nobody could know better. */
  readonly excused: number;
  readonly reasons: Readonly<Record<string, number>>;
}

/** One of the slowest requests: to see when and where it happened. */
export interface SlowSample {
  readonly kind: RequestKind;
  readonly id: string;
  readonly intendedAtMs: number;
  readonly durationMs: number;
  /** What of it the generator or the machine was held up. */
  readonly pausedMs: number;
  readonly backend: string | null;
}

export interface FailureSample {
  readonly kind: RequestKind;
  readonly id: string;
  readonly intendedAtMs: number;
  readonly durationMs: number;
  readonly reason: string;
  readonly excused: boolean;
}

export interface WebSocketReport {
  readonly sessions: number;
  readonly messages: number;
  readonly echoed: number;
  /** Sent again after a reconnect, because the echo had not come. */
  readonly resent: number;
  readonly neverEchoed: number;
  readonly corrupt: number;
  readonly closed: number;
  /** Closed although their server was not the failed one, or before it failed or the disturbance began. */
  readonly closedWithoutReason: number;
  readonly failedReconnects: number;
  readonly closeCodes: Readonly<Record<string, number>>;
  /** These two without the time in which generator or machine stood still. */
  readonly slowestCloseMs: number | null;
  readonly slowestReconnectMs: number | null;
  readonly echo: Latency;
}

export interface ExecutionsReport {
  readonly requests: number;
  readonly executed: number;
  /** Ids of POSTs without key that were executed more than once. */
  readonly duplicates: readonly string[];
  /** Ids that the client was told succeeded and no backend executed. */
  readonly missing: readonly string[];
  /** POSTs with key that more than one backend executed: allowed after a crash, the key is for that. */
  readonly repeatedWithKey: number;
  /** POSTs without key that failed for the client, apart by what the backends know. */
  readonly failedButExecuted: number;
  readonly failedAndNotExecuted: number;
}

export interface StreamsReport {
  readonly tracks: number;
  readonly segments: number;
  readonly split: number;
  readonly splitWhileDown: number;
  readonly moved: number;
  readonly movedWithoutReason: number;
  readonly corrupt: number;
}

export interface Times {
  readonly orderedAtMs: number | null;
  readonly failedAtMs: number | null;
  readonly healedAtMs: number | null;
  /** From the order to fail until the stats say DOWN. */
  readonly toDownMs: number | null;
  /** From healed until the stats say UP. */
  readonly toUpMs: number | null;
}

export interface RampPoint {
  readonly afterUpMs: number;
  readonly requests: number;
  /** Part of the plain GETs that the healed server answered, 0 to 1. */
  readonly share: number;
}

export interface FailoverReport {
  readonly version: 1;
  readonly verdict: 'passed' | 'failed';
  readonly way: Way;
  readonly victim: string;
  readonly pool: string;
  readonly target: string;
  readonly seed: number;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly rate: { readonly askedPerSecond: number; readonly achievedPerSecond: number };
  readonly checks: readonly Check[];
  readonly times: Times;
  readonly kinds: readonly KindReport[];
  readonly undisturbed: Latency;
  readonly disturbed: Latency;
  /**
   * How long the generator itself was held up, and with the control's stalls the machine: part of the raw latencies,
   * not of the judged ones. `control` is null when there was none.
   */
  readonly generator: {
    readonly lag: Latency;
    readonly pausedMs: number;
    readonly heldUpMs: number;
    readonly control: { readonly failed: number } | null;
  };
  readonly ceilings: Ceilings;
  /** The slowest request without these: what the ceiling is compared with. */
  readonly judgedSlowestMs: number;
  readonly answeredBy: Readonly<Record<string, number>>;
  readonly stickyMoves: { readonly withReason: number; readonly other: number };
  readonly webSockets: WebSocketReport;
  readonly executions: ExecutionsReport | null;
  readonly streams: StreamsReport | null;
  readonly ramp: readonly RampPoint[];
  readonly throttlePercents: readonly number[];
  /** By judged time, the slowest first. */
  readonly slowest: readonly SlowSample[];
  readonly failures: readonly FailureSample[];
  readonly stateDump: string | null;
}
