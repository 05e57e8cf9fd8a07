// Too many wrong passwords lock a name and an address out for a while. Pure: the time comes with the attempt.

const attempts = 5;
const windowMs = 15 * 60_000;
/** Names that are invented without end must not fill the memory. */
const maxTracked = 10_000;

export class Lockout {
  readonly #failures = new Map<string, number[]>();

  /** Milliseconds until another attempt is allowed; 0 = now. */
  waitMs(key: string, nowMs: number): number {
    const recent = this.#recent(key, nowMs);
    return recent.length < attempts ? 0 : (recent.at(-attempts) ?? nowMs) + windowMs - nowMs;
  }

  failed(key: string, nowMs: number): void {
    const recent = [...this.#recent(key, nowMs), nowMs].slice(-attempts);
    this.#failures.delete(key);
    this.#failures.set(key, recent);
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > maxTracked && oldest !== undefined) this.#failures.delete(oldest);
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }

  #recent(key: string, nowMs: number): readonly number[] {
    return (this.#failures.get(key) ?? []).filter((at) => at > nowMs - windowMs);
  }
}
