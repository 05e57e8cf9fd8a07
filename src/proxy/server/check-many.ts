// Checks outside the schedule, for who wants to know now: many at once, or one with patience.
import type { BackendTlsConfig } from '../core/config/tls-model.ts';
import type { CheckConfig } from '../core/config/model.ts';
import type { CheckResult } from '../core/server-record.ts';
import { runCheck } from './health-check.ts';
import { UpstreamTls } from './upstream-tls.ts';

const noBackendMaterial = { ca: '', cert: '', key: '' };

export interface CheckTarget {
  readonly check: CheckConfig;
  /** What a check with TLS speaks it with; left out: the certificate must be of a well-known authority. */
  readonly tls?: UpstreamTls | undefined;
}

/** Runs all, at most `limit` at once; the results are in the order of the targets. Who is cancelled has failed. */
export async function checkAll(
  targets: readonly CheckTarget[],
  options: {
    readonly limit?: number;
    readonly signal?: AbortSignal;
    /** Each is checked with patience. */
    readonly retry?: Omit<RetryOptions, 'signal'> | undefined;
  } = {},
): Promise<CheckResult[]> {
  const { limit = 10, signal, retry } = options;
  const results = targets.map(() => cancelled());
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < targets.length && !isAborted(signal)) {
      const index = next++;
      const target = targets[index];
      if (!target) continue;
      results[index] = retry
        ? await checkWithRetry(target, { ...retry, ...(signal && { signal }) })
        : await orCancelled(run(target), signal);
    }
  };
  await Promise.all(Array.from({ length: Math.min(Math.max(1, limit), targets.length) }, work));
  return results;
}

export interface RetryOptions {
  /** Attempts after the first. */
  readonly retries?: number;
  /** Pause before the second attempt; doubles each time. */
  readonly firstMs?: number;
  readonly maxMs?: number;
  readonly signal?: AbortSignal;
  /** Told before each pause. */
  readonly onRetry?: (attempt: number, pauseMs: number, result: CheckResult) => void;
}

/** Checks until it passes or the retries are used up; the last result says how many there were. */
export async function checkWithRetry(target: CheckTarget, options: RetryOptions = {}): Promise<CheckResult> {
  const { retries = 5, firstMs = 500, maxMs = 8000, signal, onRetry } = options;
  for (let attempt = 1; ; attempt += 1) {
    if (isAborted(signal)) return cancelled();
    const result = await orCancelled(run(target), signal);
    if (result.passed || isAborted(signal)) return result;
    if (attempt > retries)
      return { ...result, detail: `health check failed after ${attempt} attempts: ${result.detail}` };
    const pauseMs = Math.min(maxMs, firstMs * 2 ** (attempt - 1));
    onRetry?.(attempt, pauseMs, result);
    await pause(pauseMs, signal);
  }
}

/** As a backend that says no more than `tls: {}`. */
const usualTls: BackendTlsConfig = {
  ...{ ca: undefined, cert: undefined, key: undefined, verify: true, verifyName: true },
  ...{ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', ciphers: undefined, cipherSuites: undefined, groups: undefined },
};

let wellKnown: UpstreamTls | undefined;

/** Never in the clear where TLS is wanted. */
function run({ check, tls }: CheckTarget): Promise<CheckResult> {
  if (!check.tls) return runCheck(check);
  wellKnown ??= new UpstreamTls(usualTls, noBackendMaterial);
  return runCheck(check, tls ?? wellKnown);
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function cancelled(): CheckResult {
  return { passed: false, code: 'SOCKERR', status: undefined, durationMs: 0, detail: 'cancelled' };
}

/** The check itself ends by its own timeout; nobody waits for it. */
function orCancelled(result: Promise<CheckResult>, signal: AbortSignal | undefined): Promise<CheckResult> {
  if (!signal) return result;
  const { promise, resolve } = Promise.withResolvers<CheckResult>();
  const stop = (): void => resolve(cancelled());
  signal.addEventListener('abort', stop, { once: true });
  void result.then((value) => {
    signal.removeEventListener('abort', stop);
    resolve(value);
  });
  return promise;
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const stop = (): void => {
    clearTimeout(timer);
    resolve(undefined);
  };
  const timer = setTimeout(() => {
    signal?.removeEventListener('abort', stop);
    resolve(undefined);
  }, ms);
  signal?.addEventListener('abort', stop, { once: true });
  return promise;
}
