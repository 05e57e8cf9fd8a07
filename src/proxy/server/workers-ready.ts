// Waits until every worker runs a configuration: one that fails with it, dies, or says nothing, is told.

/** Generous: a worker may be busy; while it is asked the old configuration serves on. */
const patienceMs = 20_000;

export class WorkersReady {
  #generation = 0;
  #missing = new Set<number>();
  #done: ((problem: string | undefined) => void) | undefined;

  /** The number of the configuration that is sent next. */
  get generation(): number {
    return this.#generation;
  }

  /** Of a new configuration. */
  next(): number {
    this.#done?.('another configuration came meanwhile');
    this.#generation += 1;
    return this.#generation;
  }

  /** Resolves with undefined when all of them are ready, else with what went wrong. */
  wait(workers: Iterable<number>): Promise<string | undefined> {
    this.#missing = new Set(workers);
    if (this.#missing.size === 0) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const silent = (): void => this.#settle(`worker ${[...this.#missing].join(', ')} did not take the configuration`);
    const timer = setTimeout(silent, patienceMs);
    this.#done = (problem) => {
      clearTimeout(timer);
      this.#done = undefined;
      resolve(problem);
    };
    return promise;
  }

  ready(worker: number, generation: number): void {
    if (generation !== this.#generation) return;
    this.#missing.delete(worker);
    if (this.#missing.size === 0) this.#settle(undefined);
  }

  /** True if somebody waited for it. */
  failed(worker: number, problem: string): boolean {
    if (!this.#done || !this.#missing.has(worker)) return false;
    this.#settle(`worker ${worker}: ${problem}`);
    return true;
  }

  #settle(problem: string | undefined): void {
    this.#done?.(problem);
  }
}
