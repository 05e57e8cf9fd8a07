// Which client goes to which server: a bounded table of keys, each with a server, forgotten some time after its last use.
// One stands in each process; they tell each other what changed. Times are of the process that asks; between processes
// ages travel, since clocks differ.
import type { StickTableConfig } from '../config/stick-model.ts';
import { type StickCounts, StickData } from './stick-data.ts';

export interface StickEntry {
  /** Name of its server; '' = none. */
  server: string;
  setMs: number;
  usedMs: number;
  /** The last use that others know of. */
  toldMs: number;
  /** Not yet told. */
  counts: [number, number, number, number] | undefined;
  /** Only where counts come together. */
  data: StickData | undefined;
}

/** One entry as others hear of it. Without a server it was only used: who does not know it need not. */
export type StickChange = readonly [
  key: string,
  server: string | null,
  setAgeMs: number,
  usedAgeMs: number,
  counts?: StickCounts,
];

/** `late`: something newer is known. `unknown`: it says nothing about an entry that there is. */
export type Merged = 'taken' | 'late' | 'unknown';

/** A use is told only after this part of the time for which an entry lasts: it changes little for others. */
const tellPart = 8;

export class StickTable {
  config: StickTableConfig;
  /** In order of last use, the oldest first. */
  readonly #entries = new Map<string, StickEntry>();
  /** With another server than others know; used, or with counts. */
  readonly #written = new Set<string>();
  readonly #used = new Set<string>();

  constructor(config: StickTableConfig) {
    this.config = config;
  }

  /** Keeps what it can: keys of another type mean nothing. */
  reconfigure(config: StickTableConfig, nowMs: number): void {
    const sameKeys = config.type === this.config.type && config.len === this.config.len;
    this.config = config;
    if (!sameKeys) this.clear();
    else while (this.#entries.size > config.size) this.#dropOldest();
    this.#sweep(nowMs);
  }

  /** Entries that count now. */
  count(nowMs: number): number {
    this.#sweep(nowMs);
    return this.#entries.size;
  }

  *entries(nowMs: number): Iterable<readonly [string, StickEntry]> {
    for (const [key, entry] of this.#entries) if (!this.#isOver(entry, nowMs)) yield [key, entry];
  }

  find(key: string, nowMs: number): StickEntry | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    if (!this.#isOver(entry, nowMs)) return entry;
    this.remove(key);
    return undefined;
  }

  /** The server of a client that comes now; '' if there is none. */
  use(key: string, nowMs: number): string {
    const entry = this.find(key, nowMs);
    if (!entry) return '';
    this.#refresh(key, entry, nowMs);
    return entry.server;
  }

  /** The client goes to this server from now on. Returns false if the table is full and stays so. */
  store(key: string, server: string, nowMs: number): boolean {
    const entry = this.find(key, nowMs) ?? this.#add(key, nowMs);
    if (!entry) return false;
    this.#refresh(key, entry, nowMs);
    if (entry.server === server) return true;
    entry.server = server;
    entry.setMs = nowMs;
    this.#written.add(key);
    return true;
  }

  /** Counts for an entry, to be told where counts come together. */
  addCounts(key: string, counts: StickCounts, nowMs: number): void {
    const entry = this.find(key, nowMs);
    if (!entry) return;
    entry.counts ??= [0, 0, 0, 0];
    counts.forEach((count, index) => {
      if (entry.counts) entry.counts[index] = (entry.counts[index] ?? 0) + count;
    });
    this.#used.add(key);
  }

  remove(key: string): void {
    this.#entries.delete(key);
    this.#written.delete(key);
    this.#used.delete(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#written.clear();
    this.#used.clear();
  }

  /** What others do not know yet, `limit` entries at most: other servers first. `all`: also what was only used. */
  drain(limit: number, all: boolean, nowMs: number): StickChange[] {
    const changes: StickChange[] = [];
    for (const changed of all ? [this.#written, this.#used] : [this.#written]) {
      for (const key of changed) {
        if (changes.length === limit) return changes;
        const isWritten = this.#written.delete(key);
        this.#used.delete(key);
        const entry = this.#entries.get(key);
        if (entry) changes.push(told(key, entry, isWritten, nowMs));
      }
    }
    return changes;
  }

  get keys(): string[] {
    return [...this.#entries.keys()];
  }

  /** What the one that all others follow says: holds, unless this process wrote something later that it did not tell. */
  follow(change: StickChange, nowMs: number): void {
    const [key, , setAgeMs] = change;
    const entry = this.#entries.get(key);
    if (entry && this.#written.has(key) && entry.setMs > nowMs - setAgeMs) return;
    this.#written.delete(key);
    this.#take(change, nowMs);
  }

  /** What one of the others says: holds unless something later is known. */
  merge(change: StickChange, nowMs: number): Merged {
    const [key, server, setAgeMs, usedAgeMs, counts] = change;
    const entry = this.find(key, nowMs);
    const isLate = server !== null && entry !== undefined && entry.setMs > nowMs - setAgeMs;
    this.#take(isLate ? [key, null, setAgeMs, usedAgeMs] : change, nowMs);
    const taken = this.#entries.get(key);
    if (!taken) return 'unknown';
    if (counts) this.dataOf(taken).add(this.config.data, counts, nowMs);
    return isLate ? 'late' : 'taken';
  }

  /** What another machine says of an entry: holds, whatever is known here. Undefined: the table is full and stays so. */
  learn(key: string, server: string, usedAgeMs: number, nowMs: number): StickEntry | undefined {
    const entry = this.find(key, nowMs) ?? this.#add(key, nowMs - usedAgeMs);
    if (!entry) return undefined;
    if (entry.server !== server) entry.setMs = nowMs;
    entry.server = server;
    this.#written.delete(key);
    if (nowMs - usedAgeMs > entry.usedMs) this.#move(key, entry, nowMs - usedAgeMs);
    return entry;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** Entries that it holds, those that are over and were not looked at since among them. */
  get size(): number {
    return this.#entries.size;
  }

  /** What is counted of an entry. */
  dataOf(entry: StickEntry): StickData {
    return (entry.data ??= new StickData());
  }

  /** How an entry stands now, for whoever was refused. */
  changeOf(key: string, nowMs: number): StickChange | undefined {
    const entry = this.find(key, nowMs);
    return entry && changeOf(key, entry.server, entry, nowMs);
  }

  #take([key, server, setAgeMs, usedAgeMs]: StickChange, nowMs: number): void {
    const usedMs = nowMs - usedAgeMs;
    const known = this.find(key, nowMs);
    if (!known && (server === null || this.#isOver({ usedMs }, nowMs))) return;
    const entry = known ?? this.#add(key, usedMs);
    if (!entry) return;
    if (server !== null) {
      entry.server = server;
      entry.setMs = nowMs - setAgeMs;
    }
    if (usedMs > entry.usedMs) this.#move(key, entry, usedMs);
    entry.toldMs = Math.max(entry.toldMs, usedMs);
  }

  #add(key: string, nowMs: number): StickEntry | undefined {
    if (this.#entries.size >= this.config.size) {
      this.#sweep(nowMs);
      if (this.#entries.size >= this.config.size) {
        if (this.config.nopurge) return undefined;
        this.#dropOldest();
      }
    }
    const entry = { server: '', setMs: nowMs, usedMs: nowMs, toldMs: nowMs, counts: undefined, data: undefined };
    this.#entries.set(key, entry);
    return entry;
  }

  #refresh(key: string, entry: StickEntry, nowMs: number): void {
    this.#move(key, entry, nowMs);
    if (nowMs - entry.toldMs > this.config.expireMs / tellPart) this.#used.add(key);
  }

  #move(key: string, entry: StickEntry, usedMs: number): void {
    entry.usedMs = usedMs;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
  }

  #isOver({ usedMs }: Pick<StickEntry, 'usedMs'>, nowMs: number): boolean {
    return this.config.expireMs > 0 && nowMs - usedMs >= this.config.expireMs;
  }

  #sweep(nowMs: number): void {
    for (const [key, entry] of this.#entries) {
      if (!this.#isOver(entry, nowMs)) return;
      this.remove(key);
    }
  }

  #dropOldest(): void {
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.remove(oldest);
  }
}

function told(key: string, entry: StickEntry, isWritten: boolean, nowMs: number): StickChange {
  const { counts } = entry;
  entry.counts = undefined;
  entry.toldMs = entry.usedMs;
  const change = changeOf(key, isWritten ? entry.server : null, entry, nowMs);
  return counts ? [change[0], change[1], change[2], change[3], counts] : change;
}

function changeOf(key: string, server: string | null, { setMs, usedMs }: StickEntry, nowMs: number): StickChange {
  return [key, server, Math.round(nowMs - setMs), Math.round(nowMs - usedMs)];
}
