// Questions of the master to all workers: their answers are waited for, but not longer than it takes.
import type { DiagnosisAnswer, DiagnosisQuestion } from './diagnosis.ts';
import type { FromWorker } from './ipc.ts';

/** A large heap takes its time to write. */
const diagnosisTimeoutMs = 120_000;

type Answer = Extract<FromWorker, { readonly id: number }>;

/** Whether a worker says it because it was asked. */
export function isAnswer(message: FromWorker): message is Answer {
  return 'id' in message;
}

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

  /** Asks one worker about itself. */
  async diagnosis({ seconds }: DiagnosisQuestion, send: (id: number) => void): Promise<DiagnosisAnswer> {
    let answer: DiagnosisAnswer = { problem: 'the worker did not answer' };
    const take = (message: Answer): void => {
      if (message.type === 'diagnosed') answer = message.answer;
    };
    await this.ask(1, send, take, seconds * 1000 + diagnosisTimeoutMs);
    return answer;
  }

  answered(answer: Answer): void {
    this.#waiting.get(answer.id)?.(answer);
  }
}
