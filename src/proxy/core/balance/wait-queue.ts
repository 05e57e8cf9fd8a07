// Requests that wait, the one that goes first in front: by priority, then by age. Pure.

export interface Waiter {
  /** Lower goes first, as with HAProxy's priority classes. */
  readonly priority: number;
  /** Number of its arrival: no two are equal, and it keeps it wherever it waits. */
  readonly order: number;
}

/** Does `a` go before `b`. */
export function goesBefore(a: Waiter, b: Waiter): boolean {
  return a.priority === b.priority ? a.order < b.order : a.priority < b.priority;
}

export class WaitQueue<T extends Waiter> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The one at a place; 0 goes first. */
  at(index: number): T | undefined {
    return this.#items[index];
  }

  add(item: T): void {
    const last = this.#items.at(-1);
    // Nearly always the youngest.
    if (!last || goesBefore(last, item)) this.#items.push(item);
    else this.#items.splice(this.#placeOf(item), 0, item);
  }

  /** False if it does not wait here. */
  delete(item: T): boolean {
    const place = this.#placeOf(item);
    if (this.#items[place] !== item) return false;
    this.#items.splice(place, 1);
    return true;
  }

  all(): readonly T[] {
    return [...this.#items];
  }

  /** Where it is, or would be. */
  #placeOf(item: T): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#items[middle];
      if (other && goesBefore(other, item)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A limit over all workers: their shares add up to it; where there are more workers than that, some have none. */
export function shareOf(limit: number, worker: number, workers: number): number {
  return Math.floor(limit / workers) + (worker < limit % workers ? 1 : 0);
}
