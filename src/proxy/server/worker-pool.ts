// The worker processes as the master sees them: started, replaced when they die, asked for their counters, stopped.
import { type ChildProcess, fork } from 'node:child_process';
import { Counters } from '../core/counters.ts';
import type { FromWorker, Report, ToWorker } from './ipc.ts';
import type { ListeningHandle } from './listening-sockets.ts';

/** A scrape does not wait longer for a busy worker; its last numbers are used. */
const reportTimeoutMs = 300;
/** A worker that dies at once is not started again in a tight loop. */
const restartDelayMs = 500;
/**
 * The young generation of a worker, in MiB a half. V8 lets it grow to 16 and keeps it; what a request allocates is gone after
 * a millisecond, so more costs memory and buys nothing (measured: no difference in CPU time a request).
 */
const workerFlags = ['--max-semi-space-size=2'];

interface WorkerSlot {
  readonly index: number;
  child: ChildProcess;
  last: Report;
  startedAt: number;
}

export interface PoolEvents {
  /** A worker started: send it its configuration and sockets. */
  onStart(worker: number): void;
  onMessage(message: FromWorker): void;
  onDeath(worker: number, pid: number, reason: string): void;
}

export class WorkerPool {
  readonly #slots = new Map<number, WorkerSlot>();
  readonly #events: PoolEvents;
  /** Counters of workers that are gone: totals must not fall. */
  readonly #retired = new Map<string, Counters>();
  readonly #waiting = new Map<number, () => void>();
  #reports = 0;
  #stopping = false;

  constructor(events: PoolEvents) {
    this.#events = events;
  }

  get size(): number {
    return this.#slots.size;
  }

  get workers(): readonly number[] {
    return [...this.#slots.keys()];
  }

  /** Grows or shrinks to `count` workers; surplus ones finish their work first. */
  resize(count: number, graceMs: number): void {
    for (let index = 0; index < count; index += 1) {
      if (!this.#slots.has(index)) this.#start(index);
    }
    for (const [index, slot] of this.#slots) {
      if (index < count) continue;
      this.#slots.delete(index);
      this.#retire(slot);
      slot.child.send({ type: 'stop', graceMs, keepAccepting: false } satisfies ToWorker);
    }
  }

  send(worker: number, message: ToWorker, handle?: ListeningHandle): void {
    const child = this.#slots.get(worker)?.child;
    // The types know sockets and servers only; bound handles are what node:cluster sends.
    if (child?.connected) child.send(message, handle as never);
  }

  /** Tells all of them, but perhaps one. */
  broadcast(message: ToWorker, except?: number): void {
    for (const index of this.#slots.keys()) if (index !== except) this.send(index, message);
  }

  /** Sums of all counters by row. */
  async collect(): Promise<Map<string, Counters>> {
    this.#reports += 1;
    const id = this.#reports;
    let missing = this.#slots.size;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#waiting.set(id, () => {
      missing -= 1;
      if (missing === 0) resolve(undefined);
    });
    const timer = setTimeout(() => resolve(undefined), reportTimeoutMs);
    this.broadcast({ type: 'report', id });
    if (missing > 0) await promise;
    clearTimeout(timer);
    this.#waiting.delete(id);
    const sums = new Map<string, Counters>();
    for (const [row, counters] of this.#retired) addTo(sums, row, counters.toArray());
    for (const slot of this.#slots.values()) {
      for (const [row, values] of Object.entries(slot.last)) addTo(sums, row, values);
    }
    return sums;
  }

  clearCounters(): void {
    this.#retired.clear();
    for (const slot of this.#slots.values()) slot.last = {};
    this.broadcast({ type: 'clear' });
  }

  /** Resolves when all workers are gone. */
  async stop(graceMs: number, keepAccepting: boolean): Promise<void> {
    this.#stopping = true;
    await Promise.all(
      [...this.#slots.values()].map(async ({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const { promise, resolve } = Promise.withResolvers<undefined>();
        child.once('exit', () => resolve(undefined));
        const timer = setTimeout(() => child.kill('SIGKILL'), graceMs + 2000);
        if (child.connected) child.send({ type: 'stop', graceMs, keepAccepting } satisfies ToWorker);
        await promise;
        clearTimeout(timer);
      }),
    );
  }

  #start(index: number): void {
    const [, script = ''] = process.argv;
    const child = fork(script, ['worker'], {
      serialization: 'json',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [...process.execArgv, ...workerFlags],
    });
    const slot: WorkerSlot = { index, child, last: {}, startedAt: performance.now() };
    this.#slots.set(index, slot);
    child.on('message', (message) => this.#receive(slot, message as FromWorker));
    child.on('error', () => undefined);
    child.on('exit', (code, signal) => this.#exited(slot, signal ?? `code ${code ?? 0}`));
    this.#events.onStart(index);
  }

  #receive(slot: WorkerSlot, message: FromWorker): void {
    if (message.type !== 'report') {
      this.#events.onMessage(message);
      return;
    }
    slot.last = message.rows;
    this.#waiting.get(message.id)?.();
  }

  #exited(slot: WorkerSlot, reason: string): void {
    if (this.#slots.get(slot.index) !== slot) return;
    this.#retire(slot);
    if (this.#stopping) {
      this.#slots.delete(slot.index);
      return;
    }
    this.#events.onDeath(slot.index, slot.child.pid ?? 0, reason);
    const delay = performance.now() - slot.startedAt < 1000 ? restartDelayMs : 0;
    setTimeout(() => {
      if (!this.#stopping && this.#slots.get(slot.index) === slot) this.#start(slot.index);
    }, delay);
  }

  #retire(slot: WorkerSlot): void {
    for (const [row, values] of Object.entries(slot.last)) addTo(this.#retired, row, values).dropGauges();
    slot.last = {};
  }
}

function addTo(sums: Map<string, Counters>, row: string, values: readonly number[]): Counters {
  const counters = sums.get(row) ?? new Counters();
  counters.add(values);
  sums.set(row, counters);
  return counters;
}
