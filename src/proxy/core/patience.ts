// How long a request waits for its server: an early warning when the server is silent, then the end. Pure.

export class Patience {
  /** Silence that is worth a warning; 0 = none (any more). */
  #earlyMs = 0;
  #sinceMs = 0;
  #expiresMs = Infinity;

  /** Waits from `sinceMs` until `expiresMs`; warns after `earlyMs` of silence. */
  begin(sinceMs: number, earlyMs: number, expiresMs: number): void {
    this.#sinceMs = sinceMs;
    this.#earlyMs = earlyMs;
    this.#expiresMs = expiresMs;
  }

  /**
   * What it has come to. `lastByteMs`: when the server last sent anything, to anyone: one that answers others is alive,
   * and this request merely slow. `silent` is said once.
   */
  judge(nowMs: number, lastByteMs: number): 'wait' | 'silent' | 'expired' {
    if (nowMs >= this.#expiresMs) return 'expired';
    if (this.#earlyMs === 0 || nowMs - this.#quietSince(lastByteMs) < this.#earlyMs) return 'wait';
    this.#earlyMs = 0;
    return 'silent';
  }

  /** When to ask again, at least a millisecond from now. */
  nextMs(nowMs: number, lastByteMs: number): number {
    const endMs = this.#expiresMs - nowMs;
    const earlyMs = this.#earlyMs === 0 ? endMs : this.#quietSince(lastByteMs) + this.#earlyMs - nowMs;
    return Math.max(1, Math.min(endMs, earlyMs));
  }

  #quietSince(lastByteMs: number): number {
    return Math.max(this.#sinceMs, lastByteMs);
  }
}
