// When a request is made again, and after how long. Pure: the clock and the dice are arguments.
import type { ApiError } from './errors.ts';

export interface RetryPolicy {
  /** Attempts after the first one, for failures that may pass. */
  readonly retries: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  /** One attempt, from the connect to the last byte. */
  readonly timeoutMs: number;
  /** All waiting for rate limits that one request may do. */
  readonly rateLimitWaitMs: number;
}

export const defaultPolicy: RetryPolicy = {
  retries: 3,
  initialBackoffMs: 100,
  maxBackoffMs: 5000,
  timeoutMs: 30_000,
  rateLimitWaitMs: 300_000,
};

/** The pause after attempt `attempt` (from 0): doubled each time, capped, and shortened at random by up to a half. */
export function backoffMs(policy: RetryPolicy, attempt: number, random: number): number {
  const full = Math.min(policy.initialBackoffMs * 2 ** attempt, policy.maxBackoffMs);
  return full * (0.5 + random / 2);
}

/** How long a `Retry-After` asks to wait: seconds or an HTTP date; a second where it says nothing of use. */
export function retryAfterMs(header: string | null, nowMs: number): number {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) > 0 ? Number(text) * 1000 : 1000;
  // Date.parse takes negative and broken numbers for years.
  const date = /[A-Za-z]/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) || date <= nowMs ? 1000 : date - nowMs;
}

/**
 * The pause until one more request is free, by `RateLimit-*`: what is used up flows back evenly, and is all there at `Reset`
 * (seconds since 1970). `null` where the headers do not say.
 */
export function refillMs(headers: Pick<Headers, 'get'>, nowMs: number): number | null {
  const number = (name: string) => Number(headers.get(`ratelimit-${name}`) ?? Number.NaN);
  const [limit, remaining, reset] = [number('limit'), number('remaining'), number('reset')];
  const used = limit - remaining;
  // NaN fails every comparison.
  if (!(used > 0) || !(reset > 0)) return null;
  return Math.max(0, (reset * 1000 - nowMs) / used);
}

/**
 * Whether a failed attempt may be followed by another one. A request that may have been acted upon already is
 * repeated only if that does no harm (`repeatable`).
 */
export function mayRetry(error: ApiError, repeatable: boolean): boolean {
  const passing = error.code === 'api-failed' || error.code === 'api-timeout' || error.code === 'api-unreachable';
  return passing && (repeatable || !error.uncertain);
}
