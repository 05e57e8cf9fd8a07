// Who asked for slots that are shared by all workers: who has no use for one gives it to who waits for one. Of those that wait
// in different workers the oldest goes first. Pure.

/** A worker that waits for a slot, and since when (on the clock that all workers have). */
export interface Debt {
  readonly to: number;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** Who still waits asks again within this time. */
const debtMs = 1000;
/** An answer that does not come was lost with its worker. */
const askAgainMs = 400;

/** What one worker owes and was promised of one quota. */
export class Loans {
  #debts: Debt[] = [];
  #askedMs = -Infinity;
  /** An answer is missing. */
  #open = false;
  #refusals = 0;
  #refusedUntilMs = -Infinity;

  /** Whether it is time to ask the others for a slot. */
  mayAsk(nowMs: number): boolean {
    return nowMs - this.#askedMs >= askAgainMs;
  }

  asked(nowMs: number): void {
    this.giveUp(nowMs);
    this.#askedMs = nowMs;
    this.#refusals = 0;
    this.#open = true;
  }

  /** A slot came: the next one may be asked for. */
  got(): void {
    this.#askedMs = -Infinity;
    this.#refusedUntilMs = -Infinity;
    this.#open = false;
  }

  /** Another worker has none to lend now; it gives the next one unasked. Returns whether none of the `others` has one. */
  refused(others: number): boolean {
    this.#refusals += 1;
    if (this.#refusals < others) return false;
    this.#open = false;
    this.#refusedUntilMs = this.#askedMs + askAgainMs;
    return true;
  }

  /** It is known that nobody has one: there is no use in waiting for an answer. */
  isRefused(nowMs: number): boolean {
    return nowMs < this.#refusedUntilMs;
  }

  /** Whoever had time enough to answer and did not counts as one who refused. */
  giveUp(nowMs: number): void {
    if (!this.#open || !this.mayAsk(nowMs)) return;
    this.#open = false;
    this.#refusedUntilMs = nowMs + askAgainMs;
  }

  /** Another worker waits for a slot. */
  owe(to: number, sinceMs: number, nowMs: number): void {
    this.#debts = this.#debts.filter((debt) => debt.to !== to);
    this.#debts.push({ to, sinceMs, untilMs: nowMs + debtMs });
    this.#debts.sort((one, other) => one.sinceMs - other.sinceMs);
  }

  get owes(): boolean {
    return this.#debts.length > 0;
  }

  owesTo(worker: number): boolean {
    return this.#debts.some(({ to }) => to === worker);
  }

  /** Whom a free slot belongs to: the worker that waits longest, unless somebody here waits longer. */
  settle(ownSinceMs: number, nowMs: number): number | undefined {
    this.#debts = this.#debts.filter(({ untilMs }) => untilMs > nowMs);
    const [first] = this.#debts;
    if (!first || ownSinceMs <= first.sinceMs) return undefined;
    this.#debts.shift();
    return first.to;
  }

  /** Everybody has what is its own again. */
  clear(): void {
    this.#debts = [];
    this.got();
  }
}
