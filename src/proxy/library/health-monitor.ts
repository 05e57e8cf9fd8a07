// Checks targets in rounds and tells when the healthy ones change. What a check is, is the caller's.
import { StateTracker, type Target } from './state-tracker.ts';

/** Resolves with whether the target is well; a rejection counts as not. The signal ends with the round. */
export type Check<T> = (target: T, signal: AbortSignal) => Promise<boolean>;

export interface MonitorSettings<T> {
  readonly targets: () => readonly T[];
  readonly check: Check<T>;
  /** Told once a round in which something changed; where it throws or rejects, again after the next round. */
  readonly onHealthChange: (healthy: readonly T[]) => unknown;
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  readonly fall?: number;
  readonly rise?: number;
  /** Checks at once. */
  readonly concurrency?: number;
}

export class HealthMonitor<T extends Target> {
  readonly tracker: StateTracker<T>;
  readonly #settings: MonitorSettings<T>;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  /** A round that waits for the one under way; all who ask meanwhile mean this one. */
  #next: Promise<void> | undefined;
  #untold = false;
  #stop = new AbortController();

  constructor(settings: MonitorSettings<T>) {
    this.#settings = settings;
    this.#intervalMs = settings.intervalMs ?? 15_000;
    this.tracker = new StateTracker(settings.fall, settings.rise);
  }

  /** The first round begins at once. Does nothing if it runs already. */
  start(): void {
    if (this.#timer) return;
    this.#stop = new AbortController();
    this.#timer = setInterval(() => void this.forceCheck(), this.#intervalMs);
    void this.forceCheck();
  }

  /** A round now, after the one under way; nothing unless it runs. */
  forceCheck(): Promise<void> {
    if (!this.#timer) return Promise.resolve();
    this.#next ??= this.#round.then(() => {
      this.#next = undefined;
      return this.#check();
    });
    this.#round = this.#next;
    return this.#round;
  }

  /** Resolves when the round under way has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#stop.abort();
    await this.#round;
  }

  async #check(): Promise<void> {
    const targets = this.#settings.targets();
    if (this.#stop.signal.aborted) return;
    if (this.tracker.syncTargets(targets)) this.#untold = true;
    const waiting = [...targets];
    const work = async (): Promise<void> => {
      while (waiting.length > 0) {
        const target = waiting.shift();
        if (target === undefined) return;
        const passed = await this.#one(target);
        if (this.#isStopped()) return;
        if (this.tracker.recordResult(target.id, passed)) this.#untold = true;
      }
    };
    await Promise.all(Array.from({ length: Math.max(1, this.#settings.concurrency ?? 10) }, work));
    if (this.#untold && !this.#isStopped()) await this.#tell();
  }

  async #tell(): Promise<void> {
    try {
      await this.#settings.onHealthChange(this.tracker.getHealthyTargets());
      this.#untold = false;
    } catch {
      // It was not applied: the next round tells it again.
    }
  }

  #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  async #one(target: T): Promise<boolean> {
    const signal = AbortSignal.any([AbortSignal.timeout(this.#settings.timeoutMs ?? 5000), this.#stop.signal]);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    signal.addEventListener('abort', () => resolve(false), { once: true });
    try {
      return await Promise.race([this.#settings.check(target, signal), promise]);
    } catch {
      return false;
    }
  }
}
