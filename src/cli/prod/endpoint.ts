// Asks an HTTP endpoint whether it is well.
import { messageOf } from '../../lib/errors.ts';

export interface EndpointState {
  readonly url: string;
  readonly status: number | null;
  readonly milliseconds: number;
  /** What is wrong; null if nothing is. */
  readonly problem: string | null;
}

const timeoutMs = 10_000;

/** Well is any answer of 2xx or 3xx within ten seconds. Never rejects. */
export async function probeEndpoint(url: string, signal: AbortSignal): Promise<EndpointState> {
  const started = performance.now();
  const elapsed = () => Math.round(performance.now() - started);
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    await response.body?.cancel();
    const well = response.status >= 200 && response.status < 400;
    return { url, status: response.status, milliseconds: elapsed(), problem: well ? null : `HTTP ${response.status}` };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const problem = elapsed() >= timeoutMs ? `no answer within ${timeoutMs / 1000} s` : messageOf(cause);
    return { url, status: null, milliseconds: elapsed(), problem };
  }
}
