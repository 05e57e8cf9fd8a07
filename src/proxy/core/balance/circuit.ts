// Whether a server is out of the pick because traffic shows that it fails, as every worker knows it. The master decides; see
// breaker.ts. Pure.

/** What workers are told: how long it is out still, and how many requests may try it then, over all workers. */
export interface CircuitView {
  readonly forMs: number;
  readonly trials: number;
}

export class Circuit {
  /** -1: closed. */
  #untilMs = -1;
  #trials = 1;
  /** A request could have tried it, but the slots for that are with other workers. */
  isWanted = false;

  /** Nothing is wrong with it. */
  get isClosed(): boolean {
    return this.#untilMs < 0;
  }

  /** Out of the pick now. */
  isOpen(nowMs: number): boolean {
    return nowMs < this.#untilMs;
  }

  /** It may be tried by so many at a time, until one finds it well. */
  get trials(): number {
    return this.#trials;
  }

  open(untilMs: number, trials: number): void {
    this.#untilMs = untilMs;
    this.#trials = trials;
    this.isWanted = false;
  }

  close(): void {
    this.#untilMs = -1;
    this.isWanted = false;
  }

  /** Takes over what the master says. */
  apply(view: CircuitView | undefined, nowMs: number): void {
    if (view) this.open(nowMs + view.forMs, view.trials);
    else this.close();
  }

  view(nowMs: number): CircuitView | undefined {
    return this.isClosed ? undefined : { forMs: this.#untilMs - nowMs, trials: this.#trials };
  }
}
