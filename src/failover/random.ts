// A small seeded generator of random numbers (mulberry32): the same seed gives the same load. Not for secrets.

export type Random = () => number;

/** Numbers from 0 (inclusive) to 1 (exclusive). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An integer from 0 to `below` - 1. */
export function integerBelow(random: Random, below: number): number {
  return Math.floor(random() * below);
}
