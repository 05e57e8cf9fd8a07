// One client for all APIs: attempts, waits, limits, secrecy. What an API says is read by its own client.
import { messageOf, VezaError } from '../../lib/errors.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import type { Redactor } from '../../lib/redact.ts';
import { ApiError, codeOfStatus, type ApiErrorDetails } from './errors.ts';
import { backoffMs, defaultPolicy, mayRetry, retryAfterMs, type RetryPolicy } from './policy.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the base URL, with a leading slash; never holds a secret. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  /** Whether making it twice is as good as once. Default: every method but POST. */
  readonly repeatable?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface ApiClock {
  now(): number;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** From 0 to 1. */
  random(): number;
}

/** What every client of a service is given, whatever the service. */
export interface ApiAccess {
  readonly clock: ApiClock;
  readonly redactor: Redactor;
  /** Another place than the service's own. */
  readonly baseUrl?: string;
  readonly policy?: Partial<RetryPolicy>;
}

export interface ApiClientOptions extends ApiAccess {
  /** In front of messages: `hcloud API`. */
  readonly prefix: string;
  readonly baseUrl: string;
  /** Adds credentials; called for every attempt. Form fields go into the body. */
  readonly authorize: (headers: Headers, form: URLSearchParams | null) => void;
  /** Requests a second that we allow ourselves. */
  readonly requestsPerSecond?: number;
  /** Reads the API's own error out of an answer that is none of success; `null` leaves it to the status. */
  readonly explain?: (response: ApiResponse) => ApiFailure | null;
}

/** An API's own account of a failure. */
export interface ApiFailure {
  readonly code?: ConstructorParameters<typeof ApiError>[0];
  readonly message: string;
  readonly reason?: string;
  readonly hint?: string;
  /** Wait that long and try again: a rate limit told in other words than HTTP's. */
  readonly waitMs?: number;
}

/** Answers beyond this are a mistake: the largest page of any of these APIs is far below. */
const maxAnswerBytes = 16 * 1024 * 1024;
const shownBodyLength = 256;

export class ApiClient {
  readonly #options: ApiClientOptions;
  readonly #policy: RetryPolicy;
  /** No request begins before that: a rate limit holds for all of them. */
  #blockedUntilMs = 0;
  #nextSlotMs = 0;

  constructor(options: ApiClientOptions) {
    this.#options = options;
    this.#policy = { ...defaultPolicy, ...options.policy };
  }

  /** Makes the request, again where that may help. Rejects with ApiError. Resolves for 2xx. */
  async request(request: ApiRequest): Promise<ApiResponse> {
    const repeatable = request.repeatable ?? request.method !== 'POST';
    const { clock } = this.#options;
    let waitedMs = 0;
    for (let attempt = 0; ;) {
      try {
        waitedMs += await this.#turn(request.signal);
        return await this.#attempt(request);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error instanceof RateLimited) {
          // Others wait for it too; `#turn` does so for this one.
          const end = clock.now() + error.waitMs;
          this.#blockedUntilMs = Math.max(this.#blockedUntilMs, end);
          if (waitedMs + error.waitMs > this.#policy.rateLimitWaitMs) throw error;
          continue;
        }
        if (attempt >= this.#policy.retries || !mayRetry(error, repeatable)) throw error;
        await this.#sleep(backoffMs(this.#policy, attempt, clock.random()), request.signal);
        attempt += 1;
      }
    }
  }

  /** The answer's JSON. Rejects with ApiError `api-bad-response` where it is none. */
  async json(request: ApiRequest): Promise<unknown> {
    const response = await this.request(request);
    return response.text.trim() === '' ? null : this.decode(response);
  }

  decode(response: ApiResponse): unknown {
    try {
      return JSON.parse(response.text);
    } catch (error) {
      throw this.error('api-bad-response', `decode response: ${messageOf(error)}: ${shownBody(response.text)}`, {
        status: response.status,
      });
    }
  }

  /** An error with this client's prefix and without secrets. */
  error(code: ConstructorParameters<typeof ApiError>[0], message: string, details: ApiErrorDetails = {}): ApiError {
    return new ApiError(code, this.#said(message), details);
  }

  /** The error of a wait that was ended: for the reason that whoever ended it gave. */
  #cancelled(signal: AbortSignal | undefined, error: unknown): VezaError {
    const reason: unknown = signal?.reason;
    return reason instanceof VezaError ? reason : this.error('cancelled', 'cancelled', { cause: error });
  }

  #said(message: string): string {
    return this.#options.redactor.redact(`${this.#options.prefix}: ${message}`);
  }

  /** Waits for this request's turn; resolves to the milliseconds waited for a rate limit. */
  async #turn(signal: AbortSignal | undefined): Promise<number> {
    const { clock, requestsPerSecond } = this.#options;
    let waited = 0;
    for (let now = clock.now(); now < this.#blockedUntilMs; now = clock.now()) {
      const pause = this.#blockedUntilMs - now;
      await this.#sleep(pause, signal);
      waited += pause;
    }
    if (requestsPerSecond === undefined) return waited;
    const slot = Math.max(clock.now(), this.#nextSlotMs);
    this.#nextSlotMs = slot + 1000 / requestsPerSecond;
    if (slot > clock.now()) await this.#sleep(slot - clock.now(), signal);
    return waited;
  }

  async #sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#options.clock.sleep(milliseconds, signal);
    } catch (error) {
      throw this.#cancelled(signal, error);
    }
  }

  async #attempt(request: ApiRequest): Promise<ApiResponse> {
    const response = await this.#exchange(request);
    if (response.status >= 200 && response.status < 300) return response;
    const failure = this.#options.explain?.(response) ?? null;
    const wait = waitOf(response, failure, this.#options.clock.now());
    const told = failure
      ? [failure.reason, failure.message].filter((part) => part !== undefined && part !== '').join(': ')
      : shownBody(response.text);
    const details = {
      status: response.status,
      reason: failure?.reason,
      uncertain: response.status >= 500,
      ...(failure?.hint === undefined ? {} : { hint: failure.hint }),
    };
    if (wait !== null) {
      const limited =
        response.status === 429 ? `rate limited: HTTP 429` : `rate limited: HTTP ${response.status}: ${told}`;
      throw new RateLimited(this.#said(limited), wait, details);
    }
    throw this.error(failure?.code ?? codeOfStatus(response.status), `HTTP ${response.status}: ${told}`, details);
  }

  /** Sends a request made anew (body and credentials included) and reads the whole answer. */
  async #exchange(request: ApiRequest): Promise<ApiResponse> {
    const { timeoutMs } = this.#policy;
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout;
    const { url, init } = this.#build(request);
    try {
      const response = await fetch(url, { ...init, signal, redirect: 'error' });
      return { status: response.status, headers: response.headers, text: await readText(response) };
    } catch (error) {
      if (error instanceof ApiError) throw error;
      if (request.signal?.aborted) throw this.#cancelled(request.signal, error);
      const place = `${request.method} ${request.path}`;
      if (timeout.aborted) {
        throw this.error('api-timeout', `no answer within ${timeoutMs / 1000} s to ${place}`, { uncertain: true });
      }
      const reason = causeOf(error);
      const uncertain = !neverSent.has(reason.code);
      const message = uncertain ? `the connection broke during ${place}` : `cannot connect to ${new URL(url).host}`;
      throw this.error('api-unreachable', `${message}: ${reason.message}`, { uncertain });
    }
  }

  #build(request: ApiRequest): { readonly url: string; readonly init: RequestInit } {
    const url = new URL(this.#options.baseUrl.replace(/\/$/, '') + request.path);
    for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, String(value));
    const headers = new Headers({ accept: 'application/json' });
    const form = request.form ? new URLSearchParams(request.form) : null;
    this.#options.authorize(headers, form);
    const body = form ?? (request.json === undefined ? null : JSON.stringify(request.json));
    if (request.json !== undefined) headers.set('content-type', 'application/json');
    return { url: url.href, init: { method: request.method, headers, body } };
  }
}

class RateLimited extends ApiError {
  readonly waitMs: number;
  constructor(message: string, waitMs: number, details: ApiErrorDetails) {
    super('api-rate-limited', message, details);
    this.waitMs = waitMs;
  }
}

/** Nothing of the request has left this machine. */
const neverSent: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function waitOf(response: ApiResponse, failure: ApiFailure | null, nowMs: number): number | null {
  if (failure?.waitMs !== undefined) return failure.waitMs;
  if (response.status !== 429) return null;
  const reset = Number(response.headers.get('ratelimit-reset'));
  const header = response.headers.get('retry-after');
  if (header === null && reset * 1000 > nowMs) return Math.max(1000, reset * 1000 - nowMs);
  return retryAfterMs(header, nowMs);
}

/** The JSON object that an answer holds; null where it holds none. For reading an API's own error out of it. */
export function objectOf({ text }: ApiResponse): JsonObject | null {
  try {
    const body: unknown = JSON.parse(text);
    return isJsonObject(body) ? body : null;
  } catch {
    return null;
  }
}

/** fetch hides what happened in its cause, sometimes as one of several. */
function causeOf(error: unknown): { readonly code: string; readonly message: string } {
  let cause: unknown = error;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) cause = cause.errors[0];
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return { code, message: messageOf(cause) };
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  if (!body) return '';
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > maxAnswerBytes)
      throw new ApiError('api-bad-response', `the answer is larger than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function shownBody(text: string): string {
  return text.length > shownBodyLength ? `${text.slice(0, shownBodyLength)}...(truncated)` : text;
}
