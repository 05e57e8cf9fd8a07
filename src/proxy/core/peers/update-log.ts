// In which order entries of a table were last changed: each peer is somewhere in it and is told what follows. An entry
// stands in it once, so that it never holds more than about twice the table, however far behind a peer is.

export interface LogItem {
  readonly id: number;
  readonly key: string;
  /** Changed here; otherwise another peer told it, and tells it to all others itself. */
  readonly isLocal: boolean;
}

/** The table that it is about. */
export interface LoggedTable {
  readonly size: number;
  has(key: string): boolean;
}

/** So many that are out of date may always stay. */
const slack = 1024;

export class UpdateLog {
  readonly #table: LoggedTable;
  #items: LogItem[] = [];
  readonly #newest = new Map<string, LogItem>();
  #last = 0;

  constructor(table: LoggedTable) {
    this.#table = table;
  }

  /** Number of the last change; 0 = there was none. */
  get last(): number {
    return this.#last;
  }

  get size(): number {
    return this.#items.length;
  }

  touch(key: string, isLocal: boolean): void {
    this.#last += 1;
    const item = { id: this.#last, key, isLocal };
    this.#items.push(item);
    this.#newest.set(key, item);
    if (this.#items.length > 2 * this.#table.size + slack) this.#compact();
  }

  /** The first that still holds of those after `id` up to `end`; `onlyLocal`: of those that were changed here. */
  after(id: number, end: number, onlyLocal: boolean): LogItem | undefined {
    for (let at = this.#indexAfter(id); at < this.#items.length; at += 1) {
      const item = this.#items[at];
      if (!item || item.id > end) return undefined;
      if (onlyLocal && !item.isLocal) continue;
      if (this.#newest.get(item.key) === item && this.#table.has(item.key)) return item;
    }
    return undefined;
  }

  #indexAfter(id: number): number {
    let [low, high] = [0, this.#items.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#items[middle]?.id ?? 0) <= id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compact(): void {
    this.#items = this.#items.filter((item) => {
      if (this.#newest.get(item.key) !== item) return false;
      if (this.#table.has(item.key)) return true;
      this.#newest.delete(item.key);
      return false;
    });
  }
}
