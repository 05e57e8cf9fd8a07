// A limit over all workers: each has its part of the slots, and lends what it does not use. Slots have numbers, so that a lower
// limit (of a server that warms up, that is idle, or that may only be tried) holds over all of them too: only the slots up to
// it count, whoever has them. Pure.
import { Loans } from './loans.ts';

export class Quota {
  readonly loans = new Loans();
  #limit = Infinity;
  #worker = 0;
  #workers = 1;
  #slots = Infinity;
  /** Numbers of own slots that others have, and of slots of others that are here. Ascending. */
  #away: number[] = [];
  #here: number[] = [];

  /** Over all workers; Infinity = none. */
  get limit(): number {
    return this.#limit;
  }

  /** How many this worker has. */
  get slots(): number {
    return this.#slots;
  }

  get others(): number {
    return this.#workers - 1;
  }

  /** Everybody has its own part, and nothing is lent. 0 = no limit. */
  share(limit: number, worker: number, workers: number): void {
    this.#worker = worker;
    this.#workers = workers;
    this.#away = [];
    this.#here = [];
    this.loans.clear();
    this.resize(limit);
  }

  /** What is lent stays lent: each worker does the same, and they need not agree on when. 0 = no limit. */
  resize(limit: number): void {
    this.#limit = limit === 0 ? Infinity : limit;
    this.#slots = this.part(Infinity);
  }

  /** How many of the slots up to number `most` this worker has. */
  part(most: number): number {
    const upTo = Math.min(most, this.#limit);
    const own = Math.floor((upTo - this.#worker - 1 + this.#workers) / this.#workers);
    if (this.#away.length === 0 && this.#here.length === 0) return own;
    return own - countUpTo(this.#away, upTo) + countUpTo(this.#here, upTo);
  }

  /** May one more be used of those up to number `most`. */
  has(used: number, most: number): boolean {
    return used < (most >= this.#limit ? this.#slots : this.part(most));
  }

  /** May one more be used, as far as can be known without asking. */
  mayHave(used: number, nowMs: number): boolean {
    return used < this.#slots || (this.#workers > 1 && !this.loans.isRefused(nowMs));
  }

  /** Gives away a slot up to number `most` that is not used; returns its number, or undefined if there is none. */
  lend(used: number, most: number): number | undefined {
    const upTo = Math.min(most, this.#limit);
    if (upTo === Infinity || used >= this.part(upTo)) return undefined;
    // The highest: it is the first to be of no use when the limit is lower, and then rather elsewhere.
    let own = this.#worker + 1 + (Math.ceil((upTo - this.#worker) / this.#workers) - 1) * this.#workers;
    while (this.#away.includes(own)) own -= this.#workers;
    const borrowed = this.#here[countUpTo(this.#here, upTo) - 1] ?? 0;
    if (own > borrowed) insert(this.#away, own);
    else remove(this.#here, borrowed);
    this.#slots = this.part(Infinity);
    return Math.max(own, borrowed);
  }

  /** Takes a slot that another worker gave. */
  take(number: number): void {
    if ((number - 1) % this.#workers === this.#worker) remove(this.#away, number);
    else if (!this.#here.includes(number)) insert(this.#here, number);
    this.#slots = this.part(Infinity);
  }
}

/** How many of ascending numbers are not above a limit. */
function countUpTo(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? Infinity) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

function insert(numbers: number[], number: number): void {
  numbers.splice(countUpTo(numbers, number), 0, number);
}

function remove(numbers: number[], number: number): void {
  const at = countUpTo(numbers, number) - 1;
  if (numbers[at] === number) numbers.splice(at, 1);
}
