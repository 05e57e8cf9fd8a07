// Which certificate a name gets: one for exactly that name, one for its wildcard, else none.

/** Finds by name; wildcards stand for exactly one label (RFC 9525, 6.3). The first that was added for a name wins. */
export class NameMap<T> {
  readonly #exact = new Map<string, T>();
  readonly #wildcards = new Map<string, T>();

  add(name: string, value: T): void {
    const lower = name.toLowerCase();
    const wildcard = lower.startsWith('*.');
    const map = wildcard ? this.#wildcards : this.#exact;
    const key = wildcard ? lower.slice(1) : lower;
    if (!map.has(key)) map.set(key, value);
  }

  find(name: string): T | undefined {
    const lower = name.toLowerCase();
    const exact = this.#exact.get(lower);
    if (exact !== undefined) return exact;
    const dot = lower.indexOf('.');
    return dot > 0 ? this.#wildcards.get(lower.slice(dot)) : undefined;
  }
}
