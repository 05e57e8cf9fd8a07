// One message of a batch on its way: live results, standard input, time limits and cancellation.
import { VezaError } from '../../lib/errors.ts';
import type { Batch, StepResult } from '../../engine/ports.ts';
import { BatchReader } from './batch-reader.ts';
import { Feeder } from './feeder.ts';
import type { StartedProgram } from './identity.ts';
import { batchMessage, feederProgram } from './program.ts';
import { type PersistentShell, exitCodeOf } from './shell.ts';

export interface RunHooks {
  /** Whether a second channel has been opened before: the server allows it then. */
  readonly hasFed: boolean;
  startFeeder(program: string): Promise<StartedProgram>;
  countFeed(): void;
  kill(pid: number): Promise<void>;
  lost(): VezaError;
}

/** A killed step must have ended by then; else its shell is given up. Above the two seconds that processes have to end by themselves. */
const killPatienceMs = 10_000;

export class MessageRun {
  readonly #batch: Batch;
  readonly #results: StepResult[];
  readonly #shell: PersistentShell;
  readonly #hooks: RunHooks;
  readonly #reader: BatchReader;
  readonly #feeders = new Map<number, Feeder>();
  readonly #done = Promise.withResolvers<true>();
  #isAbandoned = false;
  #timer: NodeJS.Timeout | undefined;
  #giveUpTimer: NodeJS.Timeout | undefined;

  /** Results are appended to `results`; the message holds the steps after those already there. */
  constructor(batch: Batch, results: StepResult[], shell: PersistentShell, hooks: RunHooks) {
    this.#batch = batch;
    this.#results = results;
    this.#shell = shell;
    this.#hooks = hooks;
    // Rejected by a cancellation before anyone waits for it.
    this.#done.promise.catch(() => undefined);
    this.#reader = new BatchReader(results.length, {
      begin: (index, pid) => this.#guarded(() => this.#onBegin(index, pid)),
      end: (index, result) => this.#guarded(() => this.#onEnd(index, result)),
      done: () => {
        if (!this.#isAbandoned) this.#done.resolve(true);
      },
    });
  }

  /** True when the batch is over; false when the shell was ended by a step and the rest needs a new one. */
  async finish(): Promise<boolean> {
    const { steps, haltOnFailure, signal } = this.#batch;
    const first = this.#results.length;
    const onAbort = (): void => this.#cancel();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const opening = this.#openNextFeeder(first);
      // A server that allows no second channel must say so before a step waits for its input, out of reach of any kill.
      if (this.#hooks.hasFed) opening.catch(() => undefined);
      else await opening;
      const message = batchMessage(
        this.#shell.nonce,
        steps,
        first,
        haltOnFailure,
        (index) => this.#feeder(index).pipeName,
      );
      let end = await this.#shell.send(message, this.#reader, this.#done.promise);
      // The shell ends because it is being killed: the reason comes through `done`.
      if (this.#isAbandoned && end.kind !== 'lost')
        end = await this.#done.promise.then(() => ({ kind: 'done' as const }));
      if (end.kind === 'lost') throw this.#hooks.lost();
      if (end.kind === 'done') return true;
      const exitCode = exitCodeOf(end.end);
      if (!this.#reader.endRunning(exitCode))
        throw new VezaError('unreachable', 'the shell on the host was ended from outside');
      return haltOnFailure && exitCode !== 0;
    } finally {
      signal?.removeEventListener('abort', onAbort);
      clearTimeout(this.#timer);
      clearTimeout(this.#giveUpTimer);
      for (const feeder of this.#feeders.values()) feeder.close();
    }
  }

  #onBegin(index: number, pid: number): void {
    const step = this.#batch.steps[index];
    if (!step) return;
    this.#timer = setTimeout(() => {
      this.#reader.markTimedOut(index);
      this.#killStep(pid);
    }, step.timeoutMs);
    if (step.script.stdin !== undefined) {
      this.#hooks.countFeed();
      this.#feeder(index)
        .feed(pid)
        .catch((error: unknown) => this.#abandon(error));
      this.#openNextFeeder(index + 1).catch(() => undefined);
    }
    this.#batch.onBegin?.(index);
  }

  #onEnd(index: number, result: StepResult): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#giveUpTimer);
    this.#feeders.get(index)?.close();
    this.#feeders.delete(index);
    if (this.#isAbandoned) return;
    this.#results.push(result);
    this.#batch.onEnd?.(index, result);
  }

  #killStep(pid: number): void {
    const giveUp = (): void => {
      this.#done.reject(new VezaError('unreachable', 'a step took too long and could not be killed'));
    };
    this.#giveUpTimer = setTimeout(giveUp, killPatienceMs);
    this.#hooks.kill(pid).catch(giveUp);
  }

  #cancel(): void {
    this.#abandon(new VezaError('cancelled', 'cancelled'));
  }

  /** Kills the shell with all that it runs, so that no later step starts, and then fails. */
  #abandon(error: unknown): void {
    if (this.#isAbandoned) return;
    this.#isAbandoned = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#giveUpTimer);
    const reject = (): void => this.#done.reject(error);
    this.#giveUpTimer = setTimeout(reject, killPatienceMs);
    this.#hooks.kill(this.#shell.pid).then(reject, reject);
  }

  /** At most one channel is open ahead: sshd allows ten a connection. */
  async #openNextFeeder(from: number): Promise<void> {
    const index = this.#batch.steps.findIndex((step, at) => at >= from && step.script.stdin !== undefined);
    if (index !== -1) await this.#feeder(index).open();
  }

  #feeder(index: number): Feeder {
    let feeder = this.#feeders.get(index);
    if (!feeder) {
      const input = this.#batch.steps[index]?.script.stdin ?? new Uint8Array();
      feeder = new Feeder(input, () => this.#hooks.startFeeder(feederProgram));
      this.#feeders.set(index, feeder);
    }
    return feeder;
  }

  /** An error in a listener fails the batch and not the process. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#abandon(error);
    }
  }
}
