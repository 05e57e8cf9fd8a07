// May a failed attempt be repeated, by method and by what was sent (RFC 9110 9.2.2). Pure.
import type { RetryNonIdempotent } from './config/model.ts';

const idempotentMethods = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT', 'SEARCH']);

export interface ReplayQuestion {
  readonly method: string;
  readonly hasIdempotencyKey: boolean;
  /** Bytes of the request reached a connected socket. */
  readonly sent: boolean;
  /** All of the body that was read so far is still in memory. */
  readonly bodyKept: boolean;
  readonly policy: RetryNonIdempotent;
}

function isIdempotent(method: string): boolean {
  return idempotentMethods.has(method);
}

/** May the request be executed a second time without harm. */
export function isReplayable(method: string, hasIdempotencyKey: boolean, policy: RetryNonIdempotent): boolean {
  return isIdempotent(method) || policy === 'always' || (policy === 'idempotency-key' && hasIdempotencyKey);
}

/** May this attempt be repeated on a server. */
export function mayRetry(question: ReplayQuestion): boolean {
  if (!question.bodyKept) return false;
  if (!question.sent) return question.policy !== 'never' || isIdempotent(question.method);
  return isReplayable(question.method, question.hasIdempotencyKey, question.policy);
}

/** Limits extra load: attempts after the first, as a share of the requests of the last ten seconds. */
export class RetryBudget {
  readonly #seconds = new Float64Array(10);
  readonly #spent = new Float64Array(10);
  #second = 0;

  /** Counts a request. */
  request(nowMs: number): void {
    this.#advance(nowMs);
    this.#add(this.#seconds);
  }

  /** Takes one extra attempt out of the budget; false if it is used up. Ten a second are always free. */
  take(nowMs: number, percent: number): boolean {
    this.#advance(nowMs);
    const requests = this.#seconds.reduce((sum, count) => sum + count, 0);
    const spent = this.#spent.reduce((sum, count) => sum + count, 0);
    if (spent >= 10 * this.#spent.length + (requests * percent) / 100) return false;
    this.#add(this.#spent);
    return true;
  }

  #add(to: Float64Array): void {
    const slot = this.#second % 10;
    to[slot] = (to[slot] ?? 0) + 1;
  }

  #advance(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (second - this.#second >= 10) {
      this.#seconds.fill(0);
      this.#spent.fill(0);
      this.#second = second;
    }
    while (this.#second < second) {
      this.#second += 1;
      this.#seconds[this.#second % 10] = 0;
      this.#spent[this.#second % 10] = 0;
    }
  }
}
