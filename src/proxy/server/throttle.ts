// Lets the same thing through once in a while: thousands of requests can meet the same failure.

/** So many topics may be those of a configuration of long ago. */
const manyTopics = 1000;

export class Throttle {
  readonly #againMs: number;
  readonly #last = new Map<string, number>();

  constructor(againMs: number) {
    this.#againMs = againMs;
  }

  /** Whether this topic was not let through for a while; it then is. */
  passes(topic: string, nowMs: number): boolean {
    if (nowMs - (this.#last.get(topic) ?? -Infinity) < this.#againMs) return false;
    if (this.#last.size >= manyTopics)
      for (const [other, atMs] of this.#last) if (nowMs - atMs >= this.#againMs) this.#last.delete(other);
    this.#last.set(topic, nowMs);
    return true;
  }
}
