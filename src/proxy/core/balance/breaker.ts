// Takes a server out of the pick when traffic itself shows that it fails, though its check may pass: an outlier, or an open
// circuit. Pure. When the time is over some requests try it; a success closes the circuit, a failure opens it for longer.
import type { BreakerConfig } from '../config/model.ts';
import { Circuit } from './circuit.ts';

export class Breaker {
  readonly circuit = new Circuit();
  #inRow = 0;
  /** Openings so far, each longer than the one before; time in which it is well takes them back. */
  #openings = 0;
  #wellSinceMs = 0;

  /** Forgets what it saw. */
  close(): void {
    this.#inRow = 0;
    this.#openings = 0;
    this.circuit.close();
  }

  /** A failure was the last that was seen: what passes is news. */
  get isFailing(): boolean {
    return this.#inRow > 0;
  }

  /** `mayOpen`: enough others are left. Returns what it did. */
  record(config: BreakerConfig, passed: boolean, mayOpen: boolean, nowMs: number): 'opened' | 'closed' | undefined {
    const { circuit } = this;
    // Answers to what was sent before it opened say nothing new.
    if (circuit.isOpen(nowMs)) return undefined;
    const onTrial = !circuit.isClosed;
    if (passed) {
      this.#inRow = 0;
      if (!onTrial) return undefined;
      this.#wellSinceMs = nowMs;
      circuit.close();
      return 'closed';
    }
    this.#inRow += 1;
    const enough = onTrial || this.#inRow >= config.errors;
    if (!enough || !mayOpen) return undefined;
    this.open(config, nowMs);
    return 'opened';
  }

  /** Takes it out, the longer the more often that was necessary lately. */
  open({ openMs, maxMs, trials }: BreakerConfig, nowMs: number): void {
    // As long as it was well, it is forgiven.
    const forgiven = !this.circuit.isClosed || openMs === 0 ? 0 : Math.floor((nowMs - this.#wellSinceMs) / openMs);
    this.#openings = Math.max(0, this.#openings - forgiven) + 1;
    this.#inRow = 0;
    this.circuit.open(nowMs + Math.min(maxMs, openMs * this.#openings), trials);
  }
}

/** Does a status say that the server failed? 501 and 505 are answers of a healthy one (HAProxy's `observe layer7`). */
export function isFailure(status: number): boolean {
  return status >= 500 && status !== 501 && status !== 505;
}
