// How often something that costs us work and its sender nothing may happen: so many at once, so many a second after.

export class FloodGuard {
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;
  #atMs = -Infinity;

  constructor(burst: number, perSecond: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#left = burst;
  }

  /** It happened once more; false when that is too often. */
  passes(nowMs: number): boolean {
    const grown = this.#left + (Math.max(0, nowMs - this.#atMs) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#burst, grown) - 1;
    this.#atMs = nowMs;
    return this.#left >= 0;
  }
}
