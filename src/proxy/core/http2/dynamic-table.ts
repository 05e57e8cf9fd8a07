// The dynamic table of HPACK (RFC 7541, 2.3.2), as both sides keep it: the oldest entries go when the newest need their room.
import { defaultTableBytes } from './protocol.ts';

/** Evicted entries are kept in the list until so many have gathered. */
const slack = 128;

export class DynamicTable<Entry extends { readonly bytes: number }> {
  /** How many entries were added so far, those that are gone too. */
  added = 0;
  #limit = defaultTableBytes;
  /** Newest last. */
  #entries: Entry[] = [];
  /** Entries before this one were evicted. */
  #first = 0;
  #bytes = 0;
  readonly #onEvicted: ((entry: Entry) => void) | undefined;

  constructor(onEvicted?: (entry: Entry) => void) {
    this.#onEvicted = onEvicted;
  }

  /** What its entries may count together. */
  get limit(): number {
    return this.#limit;
  }

  resize(limit: number): void {
    this.#limit = limit;
    this.#evict();
  }

  /** The entry that was added `age` entries ago, the newest being 1. */
  at(age: number): Entry | undefined {
    const index = this.#entries.length - age;
    return index >= this.#first ? this.#entries[index] : undefined;
  }

  /** Adds the newest; one that is larger than the table empties it. */
  add(entry: Entry): void {
    this.#entries.push(entry);
    this.added += 1;
    this.#bytes += entry.bytes;
    this.#evict();
  }

  #evict(): void {
    while (this.#bytes > this.#limit) {
      const oldest = this.#entries[this.#first];
      if (!oldest) break;
      this.#bytes -= oldest.bytes;
      this.#onEvicted?.(oldest);
      this.#first += 1;
    }
    if (this.#first < slack) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#first = 0;
  }
}
