// What one request did so far and may still do: how many attempts are left, and for what. Pure.
import type { ServerState } from './balance/server-state.ts';
import type { BackendConfig } from './config/model.ts';
import { FailedServers } from './failed-servers.ts';
import { mayRetry, type RetryBudget } from './retry.ts';

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

export class RetryPlan<S extends ServerState> extends FailedServers<S> {
  retries = 0;
  readonly #config: BackendConfig;
  readonly #method: string;
  readonly #hasIdempotencyKey: boolean;
  readonly #sinceMs: number;
  #sameServer: S | undefined;
  #unsentAttempts = 0;

  /** `sinceMs`: when the request came. */
  constructor(config: BackendConfig, method: string, hasIdempotencyKey: boolean, sinceMs: number) {
    super(config.retries);
    this.#config = config;
    this.#method = method;
    this.#hasIdempotencyKey = hasIdempotencyKey;
    this.#sinceMs = sinceMs;
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
