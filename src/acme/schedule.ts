// When a certificate is renewed, and when one tries again after a failure. Pure: the clock and the dice are arguments.

export interface Life {
  /** Milliseconds since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface Failures {
  /** In a row. */
  readonly count: number;
  readonly lastMs: number;
  /** What the authority asked to wait for, from the last failure on. */
  readonly retryAfterMs?: number | undefined;
}

export const noFailures: Failures = { count: 0, lastMs: 0 };

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Let's Encrypt allows 5 failed validations of a name an hour: 0, 5, 15, 35 and 75 minutes are within that. */
export const firstRetryMs = 5 * minuteMs;
export const longestRetryMs = 12 * hourMs;
/** Between two orders of one certificate, whatever its life and whatever happened: a mistake must not become a flood. */
export const shortestPauseMs = minuteMs;
/** Timers cannot be set further, and a clock that was put right should be seen. */
const longestSleepMs = 6 * hourMs;

/** The moment from which on it is renewed: when a third of its life is left. */
export function renewalMs({ notBeforeMs, notAfterMs }: Life): number {
  return notAfterMs - Math.max(0, notAfterMs - notBeforeMs) / 3;
}

export function isDue(life: Life | null, nowMs: number): boolean {
  return life === null || nowMs >= renewalMs(life);
}

/**
 * The pause after `count` failures: doubled each time, capped, longer at random by up to a quarter so that many hosts
 * do not come back together; never shorter than what the authority asked for.
 */
export function retryPauseMs({ count, retryAfterMs = 0 }: Failures, random: number): number {
  const doubled = Math.min(firstRetryMs * 2 ** Math.max(0, count - 1), longestRetryMs);
  return Math.max(doubled, retryAfterMs) * (1 + random / 4);
}

/** When the next order is to be placed. After failures never before their pause is over, whatever is due. */
export function nextOrderMs(life: Life | null, failures: Failures, nowMs: number, random: number): number {
  const due = life === null ? nowMs : renewalMs(life);
  if (failures.count === 0) return due;
  const pause = retryPauseMs(failures, random);
  return Math.max(due, failures.lastMs + pause);
}

/** How long to sleep until `atMs`, within what timers can do. */
export function sleepMs(atMs: number, nowMs: number): number {
  return Math.min(Math.max(0, atMs - nowMs), longestSleepMs);
}

/** The names that `allowed` (exact, or `*.example.com` for itself and one label below example.com) does not cover. */
export function refusedDomains(domains: readonly string[], allowed: readonly string[]): readonly string[] {
  const names = new Set(allowed.map((name) => name.toLowerCase()));
  return domains.filter((domain) => !names.has(domain) && !names.has(`*${domain.slice(domain.indexOf('.'))}`));
}
