// The defaults of the failover test, each with its reason, and the check of what the caller gave. Pure.
import { VezaError } from '../lib/errors.ts';
import type { Ceilings, CheckSettings, Durations, FailoverOptions, LoadShape, Way } from './model.ts';
import { requestKinds } from './model.ts';

export interface Settings {
  readonly healthPath: string;
  readonly load: LoadShape;
  readonly durations: Durations;
  readonly checks: CheckSettings;
  readonly ceilings: Ceilings;
  readonly tolerance: 'strict' | 'baseline';
  readonly baselineGets: number;
  readonly downGets: number;
  readonly preflightTimeoutMs: number;
  readonly downTimeoutMs: number;
  readonly upTimeoutMs: number;
  readonly slowStartMs: number;
  readonly seed: number;
}

/** Mostly GETs, as on a website; 15 POSTs without key a second are enough that some are in flight at any failure. */
const load: LoadShape = {
  ratePerSecond: 320,
  shares: { get: 0.5, sticky: 0.25, 'post-with-key': 0.2, post: 0.05 },
  stickyUsers: 20,
  webSockets: { sessions: 10, everyMs: 100 },
  // Longer than any detection, so that a stall is measured and not cut off.
  requestTimeoutMs: 35_000,
};

/** A server that is gone says so (refused, reset); one that is silent must first be waited for. */
const gone: Ceilings = { slowestMs: 50, webSocketClosedMs: 1000, webSocketReconnectedMs: 50 };
const silent: Ceilings = { slowestMs: 2000, webSocketClosedMs: 3000, webSocketReconnectedMs: 2000 };
const ceilings: Readonly<Record<Way, Ceilings>> = {
  stop: gone,
  crash: gone,
  none: gone,
  // For a moment no server at all may be up: then requests are held, not refused.
  disturbance: silent,
  hang: silent,
  'power-off': silent,
  'cable-pulled': silent,
};

/** Fills in the defaults. Throws VezaError for options that make no sense. */
export function settingsOf(options: FailoverOptions): Settings {
  if (!options.servers.includes(options.victim)) {
    throw new VezaError('unknown-server', `${options.victim} is none of ${options.servers.join(', ')}`);
  }
  if (options.servers.length < 2) throw new VezaError('too-few-servers', 'a failover needs two servers or more');
  const settings: Settings = {
    healthPath: options.healthPath ?? '/api/v1/health',
    load: { ...load, ...options.load },
    durations: { warmUpMs: 2000, baselineMs: 3000, downMs: 2000, recoveryMs: 6000, ...options.durations },
    // The role's: every 5 s, 3 to fall, 2 to rise.
    checks: { intervalMs: 5000, timeoutMs: 2000, fall: 3, rise: 2, ...options.checks },
    ceilings: { ...ceilings[options.way], ...options.ceilings },
    tolerance: options.tolerance ?? 'strict',
    baselineGets: options.baselineGets ?? 5,
    downGets: options.downGets ?? 5,
    preflightTimeoutMs: options.preflightTimeoutMs ?? 10_000,
    downTimeoutMs: options.downTimeoutMs ?? 30_000,
    upTimeoutMs: options.upTimeoutMs ?? 60_000,
    slowStartMs: options.slowStartMs ?? 0,
    seed: options.seed ?? 1,
  };
  checkLoad(settings.load);
  return settings;
}

/** Whether what was under way in the server is lost with it. */
export function isAbrupt(way: Way): boolean {
  return way !== 'stop' && way !== 'disturbance' && way !== 'none';
}

/** The longest that the active checks alone need to see a failure. */
export function downBoundMs({ fall, intervalMs, timeoutMs }: CheckSettings): number {
  return fall * (intervalMs + timeoutMs);
}

/** The longest from healed to UP: `rise` checks, and 2 s for the server to be ready. */
export function upBoundMs({ rise, intervalMs }: CheckSettings): number {
  return rise * intervalMs + 2000;
}

function checkLoad({ ratePerSecond, shares }: LoadShape): void {
  const total = requestKinds.reduce((sum, kind) => sum + shares[kind], 0);
  if (ratePerSecond > 0 && ratePerSecond <= 10_000 && total > 0) return;
  throw new VezaError(
    'bad-load',
    'the rate must be above 0 and at most 10000 a second, with one kind of request at least',
  );
}
