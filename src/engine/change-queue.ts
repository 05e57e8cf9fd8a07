// Changes that are decided and wait to be applied together, and the tasks whose results wait for them.
import { applyPending } from './apply.ts';
import { finishRecord, register } from './finish.ts';
import { VezaError } from '../lib/errors.ts';
import type { HostRun } from './host.ts';
import { comparePoints, type Point } from './meeting.ts';
import { isOver } from './options.ts';
import type { Pending, TaskRecord } from './record.ts';
import type { RunState } from './variables.ts';

/** The host cannot go on with the play. */
export class HostStopped extends Error {
  /** The task that failed. */
  readonly record: TaskRecord;
  /** Another host did it for this one, and it was that host's failure that was counted. */
  readonly shared: boolean;
  constructor(record: TaskRecord, shared = false) {
    super('the host stopped');
    this.record = record;
    this.shared = shared;
  }
}

interface QueueContext {
  readonly run: RunState;
  readonly host: HostRun;
  /** A change was made. */
  readonly onChange: () => void;
}

export class ChangeQueue {
  readonly #context: QueueContext;
  /** The last failure that flushFor has returned. */
  #failure: Pending | null = null;
  #pending: Pending[] = [];
  /** In the order of the tasks. */
  #waiting: TaskRecord[] = [];

  constructor(context: QueueContext) {
    this.#context = context;
  }

  get empty(): boolean {
    return this.#pending.length === 0;
  }

  holds(record: TaskRecord): boolean {
    return this.#pending.some((pending) => pending.record === record);
  }

  push(pending: Pending): void {
    this.#pending.push(pending);
  }

  /** A task has been decided to its end: it is reported now, or when the changes before it and its own are done. */
  async conclude(record: TaskRecord): Promise<void> {
    this.#waiting.push(record);
    if (this.empty) {
      this.#report();
      return;
    }
    // What later tasks may know of it by now is what it is foreseen to do.
    register(this.#context, record);
    // Nothing may be decided after a failure.
    if (record.items.some(({ status }) => status === 'failed')) await this.flush();
  }

  /** Applies everything and reports it. Throws HostStopped if a change fails and is not ignored. */
  async flush(): Promise<void> {
    const failed = await this.#apply();
    if (failed) this.#stop(failed.record);
    this.#report();
  }

  /** As flush, but a failure of `record`'s own change is returned, for its task to judge; `record` is not reported. */
  async flushFor(record: TaskRecord): Promise<Pending | null> {
    const failed = await this.#apply();
    if (failed && failed.record !== record) this.#stop(failed.record);
    if (failed) this.#failure = failed;
    this.#report();
    return failed;
  }

  /** The index of the item of `record` whose change has failed since this was last asked. */
  takeFailure(record: TaskRecord): number | null {
    const failed = this.#failure;
    this.#failure = null;
    return failed?.record === record ? failed.item.index : null;
  }

  /** Forgets what was decided and not applied; all of it, or what came after a point. */
  drop(after: Point = []): void {
    const keeps = ({ point }: TaskRecord) => after.length > 0 && comparePoints(point, after) <= 0;
    this.#pending = this.#pending.filter(({ record }) => keeps(record));
    this.#waiting = this.#waiting.filter(keeps);
  }

  async #apply(): Promise<Pending | null> {
    const pending = this.#pending;
    this.#pending = [];
    if (pending.length === 0) return null;
    const { run, host } = this.#context;
    // What was decided and not yet sent stays undone, and its tasks untold.
    if (isOver(run.options)) throw new VezaError('cancelled', 'interrupted');
    const done = new Set<Pending>();
    try {
      const { failed } = await applyPending(run, pending, {
        onBegin: ({ record }) => {
          host.working = record.info;
          run.options.emit({ type: 'task-begin', host: host.host.name, task: record.info });
        },
        onDone: (one) => {
          done.add(one);
          this.#context.onChange();
        },
      });
      host.working = null;
      return failed;
    } catch (error) {
      const undone = pending.filter((one) => !done.has(one));
      for (const { item } of undone) item.status = 'unreachable';
      for (const { place } of pending) place.reach.state.forget();
      this.#cutOff(undone[0]?.record);
      throw error;
    }
  }

  /** Reports what was done before the connection was lost. */
  #cutOff(at: TaskRecord | undefined): void {
    const end = at === undefined ? -1 : this.#waiting.indexOf(at);
    const done = end === -1 ? this.#waiting : this.#waiting.slice(0, end);
    this.#waiting = [];
    for (const record of done) finishRecord(this.#context, record);
  }

  #report(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const record of waiting) if (!finishRecord(this.#context, record)) throw new HostStopped(record);
  }

  /** Reports what was done up to the task that failed, and stops; decisions taken after it were never applied. */
  #stop(failed: TaskRecord): never {
    const end = this.#waiting.indexOf(failed);
    const done = end === -1 ? [] : this.#waiting.slice(0, end);
    this.#waiting = [];
    for (const record of [...done, failed]) finishRecord(this.#context, record);
    throw new HostStopped(failed);
  }
}
