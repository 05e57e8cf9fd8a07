// Takes a server out of the pick when traffic itself shows that it fails, though its check may pass: an outlier, or an open
// circuit. Pure. When the time is over one request tries it; a success closes the circuit, a failure opens it for longer.
import type { BreakerConfig } from '../config/model.ts';

export class Breaker {
  #inRow = 0;
  /** Openings in a row, each longer than the one before. */
  #openings = 0;
  #untilMs = 0;

  /** Out of the pick now. */
  isOpen(nowMs: number): boolean {
    return nowMs < this.#untilMs;
  }

  /** Forgets what it saw. */
  close(): void {
    this.#inRow = 0;
    this.#openings = 0;
    this.#untilMs = 0;
  }

  /** May a request go there: any number while closed, one at a time until a success after it was open. */
  admits(nowMs: number, inFlight: number): boolean {
    return !this.isOpen(nowMs) && (this.#openings === 0 || inFlight === 0);
  }

  /** `mayOpen`: enough others are left. Returns true if this opened it. */
  record(config: BreakerConfig, passed: boolean, mayOpen: boolean, nowMs: number): boolean {
    // Answers to what was sent before it opened say nothing new.
    if (this.isOpen(nowMs)) return false;
    if (passed) {
      this.#inRow = 0;
      this.#openings = 0;
      return false;
    }
    this.#inRow += 1;
    const enough = this.#openings > 0 || this.#inRow >= config.errors;
    if (!enough || !mayOpen) return false;
    this.#openings += 1;
    this.#inRow = 0;
    this.#untilMs = nowMs + Math.min(config.maxMs, config.openMs * this.#openings);
    return true;
  }
}

/** Does a status say that the server failed? 501 and 505 are answers of a healthy one (HAProxy's `observe layer7`). */
export function isFailure(status: number): boolean {
  return status >= 500 && status !== 501 && status !== 505;
}
