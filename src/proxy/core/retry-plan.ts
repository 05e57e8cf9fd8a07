// What one request did so far and may still do: which servers failed it, how many attempts are left. Pure.
import type { ServerState } from './balance/server-state.ts';
import type { BackendConfig } from './config/model.ts';
import { mayRetry, type RetryBudget } from './retry.ts';
import { TurnAround } from './turn-around.ts';

/** Attempts that sent nothing cost nothing, but they must end too. */
const maxUnsentAttempts = 64;

export interface FailedAttempt {
  /** Bytes of the request reached a connected socket. */
  readonly sent: boolean;
  /** It was a kept connection that the server closed: says nothing about the server. */
  readonly stale: boolean;
  /** All of the body that was read so far is still in memory. */
  readonly bodyKept: boolean;
}

export class RetryPlan<S extends ServerState> {
  retries = 0;
  readonly #config: BackendConfig;
  readonly #method: string;
  readonly #hasIdempotencyKey: boolean;
  readonly #sinceMs: number;
  #tried: S[] = [];
  #sameServer: S | undefined;
  #unsentAttempts = 0;
  /** Undefined until a connection failed. */
  #rests: TurnAround<S> | undefined;

  /** `sinceMs`: when the request came. */
  constructor(config: BackendConfig, method: string, hasIdempotencyKey: boolean, sinceMs: number) {
    this.#config = config;
    this.#method = method;
    this.#hasIdempotencyKey = hasIdempotencyKey;
    this.#sinceMs = sinceMs;
  }

  /** Servers that failed this request. */
  get tried(): readonly S[] {
    return this.#tried;
  }

  markTried(server: S): void {
    if (!this.#tried.includes(server)) this.#tried.push(server);
  }

  /** When servers come back all of them deserve another attempt. */
  forgetTried(): void {
    this.#tried = [];
  }

  /** No connection came about: it is left alone for a while. */
  refused(server: S, nowMs: number, untilMs: number): void {
    this.#rests ??= new TurnAround(this.#config.retries);
    this.#rests.failed(server, nowMs, untilMs);
  }

  /** It must not be tried again yet. */
  rests(server: S, nowMs: number): boolean {
    return this.#rests?.mustWait(server, nowMs) ?? false;
  }

  /** Until when it is worth waiting for a server that failed; 0 = it is not. */
  get restUntilMs(): number {
    return this.#rests?.untilMs ?? 0;
  }

  /** Decides about another attempt after one failed, and remembers what it must mind. */
  again(server: S, attempt: FailedAttempt, budget: RetryBudget, nowMs: number): boolean {
    const { retries, retryForMs, retryNonIdempotent: policy, retryBudgetPercent } = this.#config;
    // A kept connection that was closed was no attempt.
    if (!attempt.stale && (retries === 0 || nowMs - this.#sinceMs >= retryForMs)) return false;
    const question = { method: this.#method, hasIdempotencyKey: this.#hasIdempotencyKey, policy };
    if (!mayRetry({ ...question, sent: attempt.sent, bodyKept: attempt.bodyKept })) return false;
    if (attempt.sent) {
      if (this.retries - this.#unsentAttempts >= retries || !budget.take(nowMs, retryBudgetPercent)) return false;
    } else {
      this.#unsentAttempts += 1;
      if (this.#unsentAttempts > maxUnsentAttempts) return false;
    }
    this.retries += 1;
    if (attempt.stale) this.#sameServer = server;
    else this.markTried(server);
    return true;
  }

  /** The server that deserves a fresh connection, once; undefined if it cannot be used. */
  takeSameServer(nowMs: number): S | undefined {
    const server = this.#sameServer;
    this.#sameServer = undefined;
    return server?.acceptsBound() === true && server.suspicionAt(nowMs) === 'none' ? server : undefined;
  }
}
