// Converges one host through the tasks of a section: decides over what is known and foreseen, applies what has been
// decided in one go when something must be seen or run before it can go on. See ARCHITECTURE.md, "How a host is converged".
import { isUnknown, type Unknown } from '../core/unknown.ts';
import { VezaError, messageOf } from '../lib/errors.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Node, Task } from '../playbook/ast.ts';
import type { TaskInfo } from './events.ts';
import type { HostRun } from './host.ts';
import { applyPending } from './apply.ts';
import { decideWant } from './decide.ts';
import { finishItem, finishRecord } from './finish.ts';
import { decisionFor, prepareItem, runControl, wantsOf, type Preparation, type Ready } from './item.ts';
import { expandLoop, newItem } from './loop.ts';
import { lookAhead } from './look-ahead.ts';
import { probe } from './probe.ts';
import { addressOf, toBoolean } from './identity.ts';
import { fail, type ItemRecord, type Pending, type TaskRecord } from './record.ts';
import { scopeOf, type PlayVariables, type RunState } from './variables.ts';
import type { Session } from './ports.ts';

/** The host cannot go on with the play. */
export class HostStopped extends Error {
  readonly record: TaskRecord;
  constructor(record: TaskRecord) {
    super('host stopped');
    this.record = record;
  }
}

/** `meta: end_host` and its like. */
export class PlayEnded extends Error {
  readonly everywhere: boolean;
  constructor(everywhere: boolean) {
    super('play ended');
    this.everywhere = everywhere;
  }
}

export interface SectionContext {
  readonly run: RunState;
  readonly host: HostRun;
  readonly play: PlayVariables;
  readonly infoOf: (task: Task) => TaskInfo;
  readonly selected: (task: Task) => boolean;
  /** Runs the notified handlers now (`meta: flush_handlers`). */
  readonly flushHandlers: () => Promise<void>;
}

export class Converger {
  readonly #context: SectionContext;
  #pending: Pending[] = [];
  /** Records whose result must wait for pending changes, in the order of the tasks. */
  #waiting: TaskRecord[] = [];

  constructor(context: SectionContext) {
    this.#context = context;
  }

  /** Converges the host through `nodes`. Throws HostStopped or PlayEnded. */
  async section(nodes: readonly Node[]): Promise<void> {
    await lookAhead(this.#context, nodes, () => this.#session());
    await this.#nodes(nodes);
    await this.#flush();
  }

  async #nodes(nodes: readonly Node[]): Promise<void> {
    for (const node of nodes) {
      if (node.kind === 'task') await this.#task(node);
      else if (node.rescue.length === 0 && node.always.length === 0) await this.#nodes(node.nodes);
      else await this.#guarded(node);
    }
  }

  async #guarded(block: Node & { kind: 'block' }): Promise<void> {
    await this.#flush();
    try {
      await this.#nodes(block.nodes);
      await this.#flush();
    } catch (error) {
      if (!(error instanceof HostStopped) || block.rescue.length === 0) throw error;
      this.#drop();
      this.#context.host.rescued();
      await this.#nodes(block.rescue);
      await this.#flush();
    } finally {
      this.#drop();
      await this.#nodes(block.always);
      await this.#flush();
    }
  }

  async #task(task: Task): Promise<void> {
    const { run, host, play, infoOf, selected } = this.#context;
    if (!selected(task)) return;
    run.options.signal.throwIfAborted();
    const info = infoOf(task);
    run.options.emit({ type: 'task-begin', host: host.host.name, task: info });
    const scope = () => scopeOf(run, host, play, task);
    const items = await this.#resolved(() => expandLoop(task, scope()));
    const record: TaskRecord = { task, info, loop: task.loop !== undefined, items: [] };
    if (isUnknown(items)) this.#add(record, newItem(task, scope(), 0, null), (item) => setUnknown(item, items));
    else if (items instanceof VezaError) this.#add(record, newItem(task, scope(), 0, null), (item) => failWith(item, items));
    else for (const [index, loopItem] of items.entries()) await this.#item(record, index, loopItem);
    await this.#settle(record);
  }

  #add(record: TaskRecord, item: ItemRecord, set: (item: ItemRecord) => void): void {
    set(item);
    record.items.push(item);
  }

  async #item(record: TaskRecord, index: number, loopItem: Parameters<typeof newItem>[3]): Promise<void> {
    const { run, host, play } = this.#context;
    const { task } = record;
    const attempts = task.until ? 1 + Number(task.retries?.evaluate(scopeOf(run, host, play, task)) ?? 3) : 1;
    const delayMs = 1000 * Number(task.delaySeconds?.evaluate(scopeOf(run, host, play, task)) ?? 5);
    for (let attempt = 1; ; attempt += 1) {
      const item = newItem(task, scopeOf(run, host, play, task, loopItem?.variables ?? {}), index, loopItem);
      record.items[index] = item;
      await this.#attempt(record, item, loopItem?.variables ?? {});
      if (mustKnow(task)) await this.#flushOwn(record);
      if (!task.until) return;
      const done = finishItem(this.#context, record, item).untilHolds;
      if (done || attempt >= attempts || item.status === 'skipped' || item.onlyPredicted) return;
      host.state.forget();
      await run.options.clock.sleep(delayMs, run.options.signal);
    }
  }

  /** Works an item once; its failures land in the item. */
  async #attempt(record: TaskRecord, item: ItemRecord, variables: Record<string, never> | object): Promise<void> {
    const { run, host, play } = this.#context;
    const { task, info } = record;
    const fresh = () => scopeOf(run, host, play, task, variables as Record<string, never>);
    try {
      const preparation = await this.#resolved<Preparation>(() => prepareItem(run.options, task, fresh(), play.playbookDirectory, info.name), (one) => one.kind === 'unknown');
      if (preparation instanceof VezaError) return failWith(item, preparation);
      if (isUnknown(preparation) || preparation.kind === 'unknown') return setUnknown(item, isUnknown(preparation) ? preparation : preparation.unknown);
      if (preparation.kind === 'skip') {
        item.status = 'skipped';
        return;
      }
      await this.#perform(record, item, preparation);
    } catch (error) {
      if (!(error instanceof VezaError) || error.code === 'unreachable' || error.code === 'cancelled') throw error;
      failWith(item, error);
    }
  }

  async #perform(record: TaskRecord, item: ItemRecord, ready: Ready): Promise<void> {
    switch (ready.module.kind) {
      case 'state':
        return this.#state(record, item, ready);
      case 'control': {
        const result = runControl(ready.module, ready, item, record.task);
        return isUnknown(result) ? setUnknown(item, result) : this.#control(item, result);
      }
      case 'contact':
        return this.#contact(record, item, ready);
      default:
        ready.module satisfies never;
    }
  }

  async #state(record: TaskRecord, item: ItemRecord, ready: Ready): Promise<void> {
    if (ready.module.kind !== 'state') return;
    const { host, run } = this.#context;
    const module = ready.module;
    const wants = await this.#resolved(() => wantsOf(ready, module));
    if (wants instanceof VezaError) throw wants;
    if (isUnknown(wants)) return setUnknown(item, wants);
    const decision = decisionFor(run.options, record, item, ready, module);
    item.result = (done) => {
      if (!module.result) return {};
      const output = done.output;
      return module.result({ changed: done.status === 'changed', changes: done.outcome, ...(output ? { output } : {}) }, ready.args);
    };
    for (const want of wants) {
      if (!host.state.knows(want)) {
        // What is decided must have happened before the host is looked at again.
        if (this.#pending.length > 0) await this.#flushFor(record);
        await probe(await this.#session(), host.state, wants.map((one) => ({ identity: ready.identity, want: one })), run.options.signal);
      }
      const pending = decideWant(decision, want, host.state);
      if (pending) this.#pending.push(pending);
    }
  }

  async #control(item: ItemRecord, outcome: Exclude<ReturnType<typeof runControl>, Unknown>): Promise<void> {
    const { host, flushHandlers } = this.#context;
    if (outcome.result) item.result = () => outcome.result ?? {};
    if (outcome.message !== undefined) item.shown = outcome.message;
    if (outcome.failed !== undefined) fail(item, { message: outcome.failed });
    Object.assign(host.facts, outcome.facts);
    if (outcome.meta === undefined || outcome.meta === 'noop') return;
    await this.#flush();
    if (outcome.meta === 'flush_handlers') await flushHandlers();
    else if (outcome.meta === 'reset_connection') await host.reset();
    else if (outcome.meta === 'end_host' || outcome.meta === 'end_play') throw new PlayEnded(outcome.meta === 'end_play');
  }

  async #contact(record: TaskRecord, item: ItemRecord, ready: Ready): Promise<void> {
    if (ready.module.kind !== 'contact') return;
    const { run, host } = this.#context;
    if (run.options.checkMode && !(ready.module.readOnly(ready.args) && host.totals.changed === 0)) {
      return setUnknown(item, { reason: 'not asked in a dry run' });
    }
    await this.#flushFor(record);
    const contact = run.options.contact(await this.#session(), ready.identity, run.options.signal);
    const { result, failed } = await ready.module.contact(ready.args, contact);
    item.result = () => result;
    if (failed !== undefined) fail(item, { message: failed });
  }

  /** Computes; if that needs something not yet applied (unknown, or an error), applies what is pending and computes again. */
  async #resolved<T>(compute: () => T, open: (value: T) => boolean = (value) => isUnknown(value)): Promise<T | VezaError> {
    const first = attempt(compute);
    if (this.#pending.length === 0 || !(first instanceof VezaError || open(first))) return first;
    await this.#flush();
    return attempt(compute);
  }

  async #settle(record: TaskRecord): Promise<void> {
    this.#waiting.push(record);
    const mine = this.#pending.some((pending) => pending.record === record);
    if (mine && (record.loop || mustKnow(record.task))) await this.#flushOwn(record);
    if (this.#pending.length === 0) this.#report();
    else for (const item of record.items) finishItem(this.#context, record, item);
  }

  /** Applies pending changes of which some are the record's own: its failure is the record's, not yet the host's. */
  async #flushOwn(record: TaskRecord): Promise<void> {
    const failed = await this.#apply();
    if (!failed) return;
    if (failed.record !== record) throw this.#stop(failed.record);
    const index = failed.item.index;
    // Ansible works all items of a loop, whatever became of one: the rest is decided anew.
    const rest = record.items.splice(index + 1);
    if (rest.length === 0) return;
    const items = expandLoop(record.task, scopeOf(this.#context.run, this.#context.host, this.#context.play, record.task));
    if (isUnknown(items)) return;
    for (const [next, loopItem] of items.entries()) if (next > index) await this.#item(record, next, loopItem);
    await this.#flushOwn(record);
  }

  async #flushFor(record: TaskRecord): Promise<void> {
    const failed = await this.#apply();
    if (failed && failed.record !== record) throw this.#stop(failed.record);
    if (failed) throw new VezaError('step-failed', failed.item.message ?? 'failed');
  }

  /** Applies all that is pending and reports it. Throws HostStopped if a change fails. */
  async #flush(): Promise<void> {
    const failed = await this.#apply();
    if (failed) throw this.#stop(failed.record);
    this.#report();
  }

  async #apply(): Promise<Pending | null> {
    const pending = this.#pending;
    this.#pending = [];
    if (pending.length === 0) return null;
    const { run, host } = this.#context;
    const { failed } = await applyPending(await this.#session(), host.state, pending, {
      signal: run.options.signal,
      onBegin: ({ record }) => run.options.emit({ type: 'task-begin', host: host.host.name, task: record.info }),
    });
    return failed;
  }

  /** Reports every waiting record. Throws HostStopped for one that failed and is not ignored. */
  #report(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const record of waiting) if (!finishRecord(this.#context, record)) throw new HostStopped(record);
  }

  #stop(record: TaskRecord): HostStopped {
    const end = this.#waiting.indexOf(record);
    const done = this.#waiting.slice(0, end === -1 ? this.#waiting.length : end);
    this.#waiting = [];
    for (const earlier of done) finishRecord(this.#context, earlier);
    finishRecord(this.#context, record);
    return new HostStopped(record);
  }

  #drop(): void {
    this.#pending = [];
    this.#waiting = [];
  }

  #session(): Promise<Session> {
    const { run, host, play } = this.#context;
    return host.session(() => addressOf(host.host, scopeOf(run, host, play, null), run.options.connection));
  }
}

/** Whether later tasks cannot go on before this one's real outcome is known. */
function mustKnow(task: Task): boolean {
  return task.ignoreErrors !== undefined || task.failedWhen !== undefined || task.changedWhen !== undefined || task.until !== undefined;
}

function attempt<T>(compute: () => T): T | VezaError {
  try {
    return compute();
  } catch (error) {
    if (error instanceof VezaError) return error;
    throw error;
  }
}

function setUnknown(item: ItemRecord, open: { readonly reason: string }): void {
  item.status = 'unknown';
  item.message = open.reason;
}

function failWith(item: ItemRecord, error: VezaError): void {
  fail(item, { message: messageOf(error), ...(error.hint ? { hint: error.hint } : {}), ...(error.where ? { where: error.where } : {}) });
}

export type { JsonObject };
export { toBoolean };
