// The last things of a kind, for who asks later, and those who hear of each new one at once.

export class Recent<Item> {
  readonly #items: Item[] = [];
  readonly #limit: number;
  readonly #listeners = new Set<(item: Item) => void>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(item: Item): void {
    this.#items.push(item);
    if (this.#items.length > this.#limit) this.#items.shift();
    for (const listener of this.#listeners) listener(item);
  }

  /** Oldest first; at most the last `count`. */
  last(count = this.#limit): readonly Item[] {
    return count <= 0 ? [] : this.#items.slice(-count);
  }

  /** Returns what ends the subscription. */
  subscribe(listener: (item: Item) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
