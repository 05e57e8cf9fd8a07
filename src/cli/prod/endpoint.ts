// Asks an HTTP endpoint whether it is well: what it answers, how soon, and how long its certificate lasts.
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { TLSSocket } from 'node:tls';
import { defaultLimits } from '../../infra/status/alerts.ts';

export interface EndpointState {
  readonly url: string;
  readonly status: number | null;
  readonly milliseconds: number;
  /** Whole days until the certificate ends; null without TLS. */
  readonly certificateDays: number | null;
  /** What is wrong; null if nothing is. */
  readonly problem: string | null;
}

export interface EndpointLook {
  readonly signal: AbortSignal;
  readonly nowMs: number;
  /** Fewer days left are a problem. */
  readonly certificateDays?: number;
}

const timeoutMs = 10_000;
const dayMs = 86_400_000;

/** Well is any answer of 2xx or 3xx within ten seconds, with a certificate that is right and lasts. Never rejects. */
export async function probeEndpoint(url: string, look: EndpointLook): Promise<EndpointState> {
  const started = performance.now();
  const milliseconds = () => Math.round(performance.now() - started);
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await ask(url, AbortSignal.any([look.signal, timeout]));
    const status = response.statusCode ?? null;
    const certificateDays = daysOf(response, look.nowMs);
    response.destroy();
    const problem = problemOf(status, certificateDays, look.certificateDays ?? defaultLimits.certificate_days);
    return { url, status, milliseconds: milliseconds(), certificateDays, problem };
  } catch (error) {
    const problem = timeout.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(error, look.signal);
    return { url, status: null, milliseconds: milliseconds(), certificateDays: null, problem };
  }
}

function ask(url: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // A connection of its own: what is asked is whether one can be made.
    const options = { signal, agent: false, headers: { 'user-agent': 'veza-run' } };
    const sent: ClientRequest = url.startsWith('https:') ? httpsRequest(url, options) : httpRequest(url, options);
    sent.once('response', resolve);
    sent.once('error', reject);
    sent.end();
  });
}

function daysOf({ socket }: IncomingMessage, nowMs: number): number | null {
  if (!(socket instanceof TLSSocket)) return null;
  const end = Date.parse(socket.getPeerCertificate().valid_to);
  return Number.isNaN(end) ? null : Math.floor((end - nowMs) / dayMs);
}

function problemOf(status: number | null, daysLeft: number | null, wantedDays: number): string | null {
  if (status === null || status < 200 || status >= 400) return `HTTP ${status ?? '?'}`;
  return daysLeft !== null && daysLeft < wantedDays ? `its certificate ends in ${daysLeft} days` : null;
}

/** Several addresses of one name fail together: the first reason tells enough. */
function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted && signal.reason instanceof Error) return signal.reason.message;
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error ? first.message : String(first);
}
