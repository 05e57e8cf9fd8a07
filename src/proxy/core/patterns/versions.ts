// What commands make of one list of patterns: the patterns that count, and versions of them that are prepared to take their
// place in one step, numbered as in HAProxy.
import type { Pattern, PatternList } from './pattern-list.ts';

export interface HeldPattern extends Pattern {
  /** How a command means this one and no other: `0x1a2b`. */
  readonly reference: string;
}

/** Of other lists, too, each pattern has a number of its own. */
let latest = 0x1000;

export class PatternVersions {
  readonly list: PatternList;
  #current = 0;
  #next = 0;
  readonly #versions = new Map<number, readonly HeldPattern[]>();

  constructor(list: PatternList) {
    this.list = list;
    this.#versions.set(0, list.patterns.map(numbered));
  }

  get current(): number {
    return this.#current;
  }

  get next(): number {
    return this.#next;
  }

  /** Of all versions. */
  get count(): number {
    return [...this.#versions.values()].reduce((sum, patterns) => sum + patterns.length, 0);
  }

  of(version = this.#current): readonly HeldPattern[] {
    return this.#versions.get(version) ?? [];
  }

  prepare(): number {
    this.#next += 1;
    return this.#next;
  }

  /** Whether the version may be written to. */
  isPrepared(version: number): boolean {
    return version <= this.#next;
  }

  /** Whether the version may take the place of the current one. */
  mayCommit(version: number): boolean {
    return version > this.#current && version <= this.#next;
  }

  set(patterns: readonly Pattern[], version = this.#current): void {
    const held = patterns.map((pattern) => ('reference' in pattern ? (pattern as HeldPattern) : numbered(pattern)));
    this.#versions.set(version, held);
  }

  /** What is older is gone. */
  commit(version: number): void {
    this.#current = version;
    for (const each of this.#versions.keys()) if (each < version) this.#versions.delete(each);
  }
}

function numbered({ key, value }: Pattern): HeldPattern {
  latest += 0x10;
  return { key, value, reference: `0x${latest.toString(16)}` };
}
