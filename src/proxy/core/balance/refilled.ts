// A list that is filled anew for every request. Mostly with the same as before: then nothing is written, and nothing allocated.

export class Refilled<Item> {
  readonly #items: Item[] = [];
  #count = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  clear(): void {
    this.#count = 0;
  }

  add(item: Item): void {
    if (this.#items[this.#count] !== item) this.#items[this.#count] = item;
    this.#count += 1;
  }

  /** What was added since it was cleared, at most so many; valid until it is filled again. */
  items(atMost = Infinity): readonly Item[] {
    const count = Math.min(this.#count, atMost);
    // An assignment of a length costs more than all the rest.
    if (this.#items.length > count) this.#items.length = count;
    return this.#items;
  }
}
