// Questions of the master to all workers: their answers are waited for, but not longer than it takes.
import type { FromWorker } from './ipc.ts';

type Answer = Extract<FromWorker, { readonly id: number }>;

export class WorkerQuestions {
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #count = 0;

  /** `missing`: so many answer. False: some did not in time. */
  async ask(
    missing: number,
    send: (id: number) => void,
    take: (answer: Answer) => void,
    timeoutMs: number,
  ): Promise<boolean> {
    this.#count += 1;
    const id = this.#count;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#waiting.set(id, (answer) => {
      take(answer);
      missing -= 1;
      if (missing === 0) resolve(undefined);
    });
    const timer = setTimeout(() => resolve(undefined), timeoutMs);
    send(id);
    if (missing > 0) await promise;
    clearTimeout(timer);
    this.#waiting.delete(id);
    return missing === 0;
  }

  answered(answer: Answer): void {
    this.#waiting.get(answer.id)?.(answer);
  }
}
