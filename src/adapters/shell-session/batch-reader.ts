// Turns the two marked streams of a shell into results of steps, in order, while they arrive.
import { limits } from '../../lib/limits.ts';
import type { StepResult } from '../../engine/ports.ts';
import type { Mark } from './marks.ts';

export interface BatchEvents {
  /** `pid` is the subshell of the step. */
  begin(index: number, pid: number): void;
  end(index: number, result: StepResult): void;
  done(): void;
}

interface StepRecord {
  readonly stdout: Buffer[];
  readonly stderr: Buffer[];
  keptBytes: number;
  droppedBytes: number;
  startedAtMs: number;
  exitCode: number;
}

/** Follows one message. Output between steps (of background processes) counts for the step that comes next. */
export class BatchReader {
  readonly #events: BatchEvents;
  readonly #records = new Map<number, StepRecord>();
  readonly #timedOut = new Set<number>();
  readonly #next: { stdout: number; stderr: number };
  #waitingBegin: { readonly index: number; readonly pid: number } | null = null;
  #finished: number;
  #doneMarks = 0;
  running: { readonly index: number; readonly pid: number } | null = null;

  constructor(first: number, events: BatchEvents) {
    this.#events = events;
    this.#next = { stdout: first, stderr: first };
    this.#finished = first;
  }

  /** The step to go on with if the shell ends now. */
  get finishedSteps(): number {
    return this.#finished;
  }

  data(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    const record = this.#record(this.#next[stream]);
    const room = Math.max(0, limits.stepOutputBytes - record.keptBytes);
    const kept = Math.min(room, chunk.length);
    // A copy: the chunk is a view of a larger network buffer that would be kept alive.
    if (kept > 0) record[stream].push(Buffer.from(chunk.subarray(0, kept)));
    record.keptBytes += kept;
    record.droppedBytes += chunk.length - kept;
  }

  mark(stream: 'stdout' | 'stderr', mark: Mark): void {
    switch (mark.kind) {
      case 'ready':
        return;
      case 'begin':
        this.#waitingBegin = { index: mark.step, pid: mark.value };
        this.#beginIfNext();
        return;
      case 'end':
        this.#record(mark.step).exitCode = mark.value;
        this.#next[stream] = mark.step + 1;
        if (this.#next.stdout > mark.step && this.#next.stderr > mark.step) this.#finish(mark.step);
        return;
      case 'done':
        this.#doneMarks += 1;
        if (this.#doneMarks === 2) this.#events.done();
        return;
      default:
        mark.kind satisfies never;
    }
  }

  /** The step is being killed because it took too long. */
  markTimedOut(index: number): void {
    this.#timedOut.add(index);
  }

  /** The shell itself ended in the middle of a step: that is the end of the step. Returns false if none was running. */
  endRunning(exitCode: number): boolean {
    const { running } = this;
    if (!running) return false;
    this.#record(running.index).exitCode = exitCode;
    this.#finish(running.index);
    return true;
  }

  #finish(index: number): void {
    const record = this.#record(index);
    this.#records.delete(index);
    this.#finished = index + 1;
    this.running = null;
    this.#events.end(index, {
      exitCode: record.exitCode,
      stdout: Buffer.concat(record.stdout).toString('utf8'),
      stderr: Buffer.concat(record.stderr).toString('utf8'),
      startedAtMs: record.startedAtMs,
      endedAtMs: Date.now(),
      droppedBytes: record.droppedBytes,
      timedOut: this.#timedOut.has(index),
    });
    this.#beginIfNext();
  }

  /** The next step's begin may overtake the other stream's end of the step before. */
  #beginIfNext(): void {
    const waiting = this.#waitingBegin;
    if (waiting?.index !== this.#finished) return;
    this.#waitingBegin = null;
    this.running = waiting;
    this.#record(waiting.index).startedAtMs = Date.now();
    this.#events.begin(waiting.index, waiting.pid);
  }

  #record(index: number): StepRecord {
    let record = this.#records.get(index);
    if (!record) {
      record = { stdout: [], stderr: [], keptBytes: 0, droppedBytes: 0, startedAtMs: Date.now(), exitCode: 0 };
      this.#records.set(index, record);
    }
    return record;
  }
}
