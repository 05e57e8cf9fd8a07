// Slots of a server that workers lend each other: each has its share of `maxconn`, and who has no use for a slot gives it to who
// waits for one. Of those that wait in different workers the oldest goes first. Pure.

/** A worker that waits for a slot of a server, and since when (on the clock that all workers have). */
export interface Debt {
  readonly to: number;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** Who still waits asks again within this time. */
const debtMs = 1000;
/** An answer that does not come was lost with its worker. */
const askAgainMs = 400;

/** What one worker owes and was promised of one server. */
export class Loans {
  #debts: Debt[] = [];
  #askedMs = -Infinity;

  /** Whether it is time to ask the others for a slot; it then counts as asked. */
  ask(nowMs: number): boolean {
    if (nowMs - this.#askedMs < askAgainMs) return false;
    this.#askedMs = nowMs;
    return true;
  }

  /** A slot came: the next one may be asked for. */
  got(): void {
    this.#askedMs = -Infinity;
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
    this.#askedMs = -Infinity;
  }
}
