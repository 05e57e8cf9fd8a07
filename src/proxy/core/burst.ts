// Bursts of connections. All workers accept from one queue, and whoever is awake first could take a whole burst while the
// others have not got a processor yet; on connections that are kept it would do all the work from then on. Pure.

/** So many within so short a time: the worker does nothing but accept. With a request each they take longer. */
const many = 4;
const withinMs = 0.5;

export class Burst {
  #sinceMs = -Infinity;
  #count = 0;

  /** Another connection was accepted. Returns true when it is time to let others have some. */
  another(nowMs: number): boolean {
    if (nowMs - this.#sinceMs > withinMs) {
      this.#sinceMs = nowMs;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count < many) return false;
    this.#sinceMs = -Infinity;
    return true;
  }
}
