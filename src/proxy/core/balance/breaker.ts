// Takes a server out of the pick when traffic itself shows that it fails, though its check may pass: an outlier, or an open
// circuit. Pure. When the time is over one request tries it; a success closes the circuit, a failure opens it for longer.
import type { BreakerConfig } from '../config/model.ts';

export class Breaker {
  #inRow = 0;
  /** Openings so far, each longer than the one before; time in which it is well takes them back. */
  #openings = 0;
  /** It was open, and nobody found it well since. */
  #unproven = false;
  #untilMs = 0;
  #wellSinceMs = 0;

  /** Out of the pick now. */
  isOpen(nowMs: number): boolean {
    return nowMs < this.#untilMs;
  }

  /** Forgets what it saw. */
  close(): void {
    this.#inRow = 0;
    this.#openings = 0;
    this.#unproven = false;
    this.#untilMs = 0;
  }

  /** May a request go there: any number while closed, one at a time until a success after it was open. */
  admits(nowMs: number, inFlight: number): boolean {
    return !this.isOpen(nowMs) && (!this.#unproven || inFlight === 0);
  }

  /** `mayOpen`: enough others are left. Returns true if this opened it. */
  record(config: BreakerConfig, passed: boolean, mayOpen: boolean, nowMs: number): boolean {
    // Answers to what was sent before it opened say nothing new.
    if (this.isOpen(nowMs)) return false;
    if (passed) {
      this.#inRow = 0;
      if (this.#unproven) this.#wellSinceMs = nowMs;
      this.#unproven = false;
      return false;
    }
    this.#inRow += 1;
    const enough = this.#unproven || this.#inRow >= config.errors;
    if (!enough || !mayOpen) return false;
    this.open(config, nowMs);
    return true;
  }

  /** Takes it out, the longer the more often that was necessary lately. */
  open({ openMs, maxMs }: BreakerConfig, nowMs: number): void {
    // As long as it was well, it is forgiven.
    const forgiven = this.#unproven || openMs === 0 ? 0 : Math.floor((nowMs - this.#wellSinceMs) / openMs);
    this.#openings = Math.max(0, this.#openings - forgiven) + 1;
    this.#inRow = 0;
    this.#unproven = true;
    this.#untilMs = nowMs + Math.min(maxMs, openMs * this.#openings);
  }
}

/** Does a status say that the server failed? 501 and 505 are answers of a healthy one (HAProxy's `observe layer7`). */
export function isFailure(status: number): boolean {
  return status >= 500 && status !== 501 && status !== 505;
}
