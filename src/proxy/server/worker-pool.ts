// The worker processes as the master sees them: started, replaced when they die, asked for their counters, stopped.
import { fork } from 'node:child_process';
import type { Counters } from '../core/counters.ts';
import type { RateTracker } from '../core/stats/rates.ts';
import type { DiagnosisAnswer, DiagnosisQuestion } from './diagnosis.ts';
import type { FromWorker, SessionFacts, ToWorker } from './ipc.ts';
import type { ListeningHandle } from './listening-sockets.ts';
import { RetiredRows } from './retired-rows.ts';
import { isAnswer, WorkerQuestions } from './worker-questions.ts';
import { hasEnded, noteBeginning, type WorkerSlot } from './worker-slot.ts';

/** A scrape does not wait longer for a busy worker; its last numbers are used. */
const reportTimeoutMs = 300;
const reopenTimeoutMs = 5000;
/** A worker that dies at once is not started again in a tight loop. */
const restartDelayMs = 500;
const lookMs = 1000;
/** A worker of a new version must serve within this time, or the old one stays. */
const beginMs = 20_000;
/** A worker that goes may need longer than its grace time to end all connections. */
const lastMs = 10_000;
/**
 * The young generation of a worker, in MiB a half. V8 lets it grow to 16 and keeps it, which is much with many idle connections;
 * with 2 it is 12 MiB less than this, and a request takes 5 to 10 % more CPU time.
 */
const workerFlags = ['--max-semi-space-size=8'];
/** The C library gives every thread that takes memory an arena of its own, 2 MB in all; one thread does nearly everything. */
const workerEnvironment = { MALLOC_ARENA_MAX: '1' };

export interface PoolEvents {
  /** A worker started: send it its configuration and sockets. */
  onStart(worker: number): void;
  onMessage(message: FromWorker): void;
  onDeath(worker: number, pid: number, reason: string): void;
}

export class WorkerPool {
  readonly #slots = new Map<number, WorkerSlot>();
  /** Workers that another has taken the place of, or is about to. */
  readonly #leaving = new Set<WorkerSlot>();
  readonly #events: PoolEvents;
  readonly #retired = new RetiredRows();
  readonly #questions = new WorkerQuestions();
  #collecting: Promise<Map<string, Counters>> | undefined;
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
      this.#letGo(slot, graceMs);
    }
  }

  /**
   * Starts each worker anew from the file of the program as it is now, one after the other: the old one stops accepting when
   * the new one does. Returns what went wrong; then the old one serves on.
   */
  async replaceAll(graceMs: number): Promise<string | undefined> {
    for (const index of [...this.#slots.keys()]) {
      const problem = this.#stopping ? 'the proxy is stopping' : await this.#replace(index, graceMs);
      if (problem !== undefined) return `worker ${index}: ${problem}`;
    }
    return undefined;
  }

  async #replace(index: number, graceMs: number): Promise<string | undefined> {
    const old = this.#slots.get(index);
    if (!old) return undefined;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#leaving.add(old);
    const slot = this.#start(index, resolve);
    const timer = setTimeout(() => resolve('did not serve in time'), beginMs);
    const problem = await promise;
    clearTimeout(timer);
    slot.begun = undefined;
    if (problem === undefined) {
      this.#letGo(old, graceMs);
      return undefined;
    }
    this.#leaving.delete(old);
    this.#slots.set(index, old);
    slot.child.kill('SIGKILL');
    if (hasEnded(old)) this.#start(index);
    return problem;
  }

  /** Lets it finish what is under way; its counters count until it is gone. */
  #letGo(slot: WorkerSlot, graceMs: number): void {
    this.#leaving.add(slot);
    if (hasEnded(slot)) this.#exited(slot, '');
    else if (slot.child.connected) slot.child.send({ type: 'stop', graceMs, keepAccepting: false } satisfies ToWorker);
    const timer = setTimeout(() => slot.child.kill('SIGKILL'), graceMs + lastMs).unref();
    slot.child.once('exit', () => clearTimeout(timer));
  }

  send(worker: number, message: ToWorker, handle?: ListeningHandle): void {
    const slot = this.#slots.get(worker);
    if (!slot?.child.connected) return;
    if (message.type === 'listen') slot.silent += 1;
    // The types know sockets and servers only; bound handles are what node:cluster sends.
    slot.child.send(message, handle as never);
  }

  /** Tells all of them, but perhaps one. Those that are leaving still serve. */
  broadcast(message: ToWorker, except?: number): void {
    for (const { index, child } of this.#all()) if (index !== except && child.connected) child.send(message);
  }

  /** Tells a worker, and the one that it takes the place of, which serves still. */
  sendBoth(worker: number, message: ToWorker): void {
    for (const { index, child } of this.#all()) if (index === worker && child.connected) child.send(message);
  }

  #all(): WorkerSlot[] {
    return [...this.#slots.values(), ...this.#leaving];
  }

  /** Sums of all counters by row. Who asks while others wait for the same gets the same. */
  collect(): Promise<Map<string, Counters>> {
    this.#collecting ??= this.#collect().finally(() => (this.#collecting = undefined));
    return this.#collecting;
  }

  async #collect(): Promise<Map<string, Counters>> {
    await this.#ask(
      (id) => this.broadcast({ type: 'report', id }),
      () => undefined,
    );
    return this.#retired.sums(this.#all().map(({ last }) => last));
  }

  /** Asks all workers; false: some did not answer in time. */
  #ask(send: (id: number) => void, take: (message: FromWorker) => void, timeoutMs = reportTimeoutMs): Promise<boolean> {
    const connected = this.#all().filter(({ child }) => child.connected).length;
    return this.#questions.ask(connected, send, take, timeoutMs);
  }

  /** Counters of other rows are forgotten: no configuration names them any more. */
  keepRows(rows: ReadonlySet<string>): void {
    this.#retired.keep(rows);
  }

  clearCounters(all: boolean): void {
    if (all) {
      this.#retired.clear();
      for (const slot of this.#all()) slot.last = {};
    }
    this.broadcast({ type: 'clear', all });
  }

  /** Mean of what the workers told last. */
  get idlePercent(): number {
    const slots = [...this.#slots.values()];
    if (slots.length === 0) return 100;
    return Math.round(slots.reduce((sum, { idlePercent }) => sum + idlePercent, 0) / slots.length);
  }

  /** Connections of clients in all workers. */
  async sessions(): Promise<SessionFacts[]> {
    const found: SessionFacts[] = [];
    await this.#ask(
      (id) => this.broadcast({ type: 'sessions', id }),
      (message) => {
        if (message.type === 'sessions') found.push(...message.sessions);
      },
    );
    return found;
  }

  /** Lets all open their log files again; true when nobody writes to renamed ones any more. */
  async reopenLogs(): Promise<boolean> {
    let ok = true;
    const answered = await this.#ask(
      (id) => this.broadcast({ type: 'reopen-log', id }),
      (message) => (ok &&= message.type !== 'log-reopened' || message.ok),
      reopenTimeoutMs,
    );
    return answered && ok;
  }

  /** Asks one worker about itself. */
  diagnose(worker: number, question: DiagnosisQuestion): Promise<DiagnosisAnswer> {
    return this.#questions.diagnosis(question, (id) => this.send(worker, { type: 'diagnose', id, question }));
  }

  /** Resolves when all workers are gone. */
  async stop(graceMs: number, keepAccepting: boolean): Promise<void> {
    this.#stopping = true;
    await Promise.all(
      this.#all().map(async ({ child }) => {
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

  #start(index: number, begun?: WorkerSlot['begun']): WorkerSlot {
    const [, script = ''] = process.argv;
    const child = fork(script, ['worker'], {
      serialization: 'json',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [...process.execArgv, ...workerFlags],
      env: { ...workerEnvironment, ...process.env },
    });
    const slot: WorkerSlot = {
      index,
      child,
      last: {},
      startedAt: performance.now(),
      idlePercent: 100,
      silent: 0,
      begun,
    };
    this.#slots.set(index, slot);
    child.on('message', (message) => this.#receive(slot, message as FromWorker));
    child.on('error', () => undefined);
    child.on('exit', (code, signal) => this.#exited(slot, signal ?? `code ${code ?? 0}`));
    this.#events.onStart(index);
    return slot;
  }

  #receive(slot: WorkerSlot, message: FromWorker): void {
    if (message.type === 'report') {
      slot.last = message.rows;
      slot.idlePercent = message.idlePercent;
    } else if (!isAnswer(message)) {
      if (slot.begun) noteBeginning(slot, message);
      this.#events.onMessage(message);
      return;
    }
    this.#questions.answered(message);
  }

  #exited(slot: WorkerSlot, reason: string): void {
    slot.begun?.(`ended with ${reason}`);
    if (this.#leaving.has(slot)) {
      this.#retire(slot);
      this.#leaving.delete(slot);
    }
    if (slot.begun) return;
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
    this.#retired.add(slot.last);
    slot.last = {};
  }
}

/** Looks at the counters once a second: rates and the live page need to know how they grow. */
export function watchRates(pool: WorkerPool, rates: RateTracker): NodeJS.Timeout {
  const look = async (): Promise<void> => rates.look(await pool.collect(), performance.now());
  return setInterval(() => void look(), lookMs).unref();
}
