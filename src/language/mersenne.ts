// Python's random numbers for a seed, so that `random(seed=...)`, `shuffle(seed=...)` and seeded passwords give what
// Ansible gives: the Mersenne Twister MT19937, seeded with SHA-512 as Python 3 does for texts.
import { createHash } from 'node:crypto';
import { limits } from '../lib/limits.ts';
import { fail } from './budget.ts';

const size = 624;
const middle = 397;

/** Whole numbers below a bound: a source of chance. */
export interface Chance {
  below(bound: number): number;
}

/** The generator that `random.Random(seed)` is. */
export function seededChance(seed: string | number): Chance {
  const twister = new Twister(keyOf(seed));
  return {
    below(bound) {
      if (bound <= 1) return 0;
      const bits = bound.toString(2).length;
      for (;;) {
        const value = twister.bits(bits);
        if (value < bound) return value;
      }
    },
  };
}

/** Chance from numbers between 0 and 1. */
export function freeChance(random: () => number): Chance {
  return { below: (bound) => Math.min(bound - 1, Math.floor(random() * bound)) };
}

/** A new list in another order, as Python's shuffle makes it. */
export function shuffled<T>(list: readonly T[], chance: Chance): readonly T[] {
  const items = [...list];
  for (let index = items.length - 1; index > 0; index--) {
    const other = chance.below(index + 1);
    const [left, right] = [items[index] as T, items[other] as T];
    items[index] = right;
    items[other] = left;
  }
  return items;
}

/** The seed as 32-bit words, lowest first. */
function keyOf(seed: string | number): readonly number[] {
  const words = typeof seed === 'number' ? wordsOfNumber(Math.abs(Math.trunc(seed))) : wordsOfText(seed);
  while (words.length > 1 && words.at(-1) === 0) words.pop();
  return words;
}

function wordsOfNumber(seed: number): number[] {
  return [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
}

/** The text and its hash as one large number. */
function wordsOfText(seed: string): number[] {
  if (seed.length > limits.seedLength) fail(`a seed has at most ${limits.seedLength} characters`);
  const bytes = Buffer.concat([Buffer.from(seed), createHash('sha512').update(seed).digest()]);
  const padded = Buffer.concat([Buffer.alloc((4 - (bytes.length % 4)) % 4), bytes]);
  return Array.from({ length: padded.length / 4 }, (_, index) => padded.readUInt32BE(padded.length - 4 - index * 4));
}

class Twister {
  readonly #state = new Uint32Array(size);
  #index = size;

  constructor(key: readonly number[]) {
    const state = this.#state;
    this.#fill(19650218);
    let [i, j] = [1, 0];
    for (let count = Math.max(size, key.length); count > 0; count--) {
      state[i] = (this.#mixed(i, 1664525) + (key[j] ?? 0) + j) >>> 0;
      i += 1;
      j += 1;
      if (i >= size) {
        state[0] = state[size - 1] ?? 0;
        i = 1;
      }
      if (j >= key.length) j = 0;
    }
    for (let count = size - 1; count > 0; count--) {
      state[i] = (this.#mixed(i, 1566083941) - i) >>> 0;
      i += 1;
      if (i >= size) {
        state[0] = state[size - 1] ?? 0;
        i = 1;
      }
    }
    state[0] = 0x80000000;
  }

  /** A number of up to 53 bits. */
  bits(count: number): number {
    if (count <= 32) return this.#next() >>> (32 - count);
    const low = this.#next();
    return low + (this.#next() >>> (64 - count)) * 2 ** 32;
  }

  #fill(seed: number): void {
    this.#state[0] = seed;
    for (let index = 1; index < size; index++) {
      const before = this.#state[index - 1] ?? 0;
      this.#state[index] = (Math.imul(1812433253, before ^ (before >>> 30)) + index) >>> 0;
    }
  }

  #mixed(index: number, factor: number): number {
    const before = this.#state[index - 1] ?? 0;
    return ((this.#state[index] ?? 0) ^ Math.imul(before ^ (before >>> 30), factor)) >>> 0;
  }

  #next(): number {
    if (this.#index >= size) this.#twist();
    let value = this.#state[this.#index++] ?? 0;
    value ^= value >>> 11;
    value ^= (value << 7) & 0x9d2c5680;
    value ^= (value << 15) & 0xefc60000;
    return (value ^ (value >>> 18)) >>> 0;
  }

  #twist(): void {
    const state = this.#state;
    for (let index = 0; index < size; index++) {
      const value = ((state[index] ?? 0) & 0x80000000) | ((state[(index + 1) % size] ?? 0) & 0x7fffffff);
      const other = state[(index + middle) % size] ?? 0;
      state[index] = (other ^ (value >>> 1) ^ (value & 1 ? 0x9908b0df : 0)) >>> 0;
    }
    this.#index = 0;
  }
}
