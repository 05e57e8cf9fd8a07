// Works one task on one host: its items, each as often as `until` wants it, on the host that it is delegated to.
import { isUnknown, type Unknown } from '../core/unknown.ts';
import { VezaError } from '../lib/errors.ts';
import { isJsonObject } from '../lib/json.ts';
import type { Node, Task } from '../playbook/ast.ts';
import { tasksOf } from '../playbook/walk.ts';
import type { Converger } from './converge.ts';
import { finishItem, finishRecord } from './finish.ts';
import { prepareItem, type Preparation, type Ready } from './item.ts';
import { openItem } from './include-item.ts';
import { endsLoop, expandLoop, newItem, warnOfClash, type LoopItem } from './loop.ts';
import type { Point } from './meeting.ts';
import { overSignal } from './options.ts';
import { performItem } from './perform.ts';
import { fail, problemOf, skip, unknownItem, type ItemRecord, type TaskRecord } from './record.ts';
import type { Place } from './place.ts';
import { connectionCodes, notPlanned } from './ports.ts';
import { gatherWanted } from './resolve.ts';
import { isOutOfReach } from './scheduling.ts';
import { scopeOf } from './variables.ts';
import { mustKnow, number } from './waiting.ts';

export class TaskRun {
  readonly #converger: Converger;

  constructor(converger: Converger) {
    this.#converger = converger;
  }

  /** Works the task; `problem` is a failure that it has from the beginning. Throws as Converger.section. */
  async work(record: TaskRecord, problem: VezaError | null): Promise<void> {
    const { task, info } = record;
    const { run, host } = this.#context;
    const { queue } = this.#converger;
    run.options.emit({ type: 'task-begin', host: host.host.name, task: info });
    warnOfClash(run.options, task, info.name);
    try {
      if (problem) throw problem;
      const items = await this.#loop(task);
      if (isUnknown(items)) record.items.push(unknownItem(this.#newItem(record, 0, null), items));
      else
        for (let index = 0; index < items.length; index += 1) {
          if (index > 0) await this.#pause(record);
          await this.#item(record, index, items[index] ?? null);
          if (await endsLoop(queue, record, index)) break;
          // Where an earlier item has failed by now, what was decided after it was not applied: it is worked again.
          index = Math.min(index, queue.takeFailure(record) ?? index);
        }
    } catch (error) {
      record.items.push(failedItem(record, this.#newItem(record, record.items.length, null), error));
    }
    if (record.loop && queue.holds(record)) await this.#flushItems(record);
    // Orders to the run are no work on the host.
    if (task.module === 'meta' && record.items.every(({ status }) => status !== 'failed' && status !== 'unknown'))
      return;
    await queue.conclude(record);
  }

  /** The host was out of reach, and the task says that it may be: the next one tries again. */
  async outOfReach(record: TaskRecord, error: VezaError): Promise<void> {
    const { host } = this.#context;
    this.#converger.queue.drop();
    host.working = null;
    host.workingOn = null;
    host.forget();
    await host.reset();
    if (record.items.length === 0) record.items.push(this.#newItem(record, 0, null));
    const cut = record.items.find(({ status }) => status === 'unreachable') ?? record.items.at(-1);
    if (cut) cut.status = 'unreachable';
    for (const item of record.items.filter(({ status }) => status === 'unreachable')) {
      Object.assign(item, problemOf(error), { finished: true, ignored: true });
    }
    finishRecord(this.#context, record);
  }

  /** What may be included or not: nothing is known of what it would do. */
  async doubt(nodes: readonly Node[], point: Point, open: Unknown): Promise<void> {
    const { infoOf, selected } = this.#context;
    for (const task of tasksOf(nodes).filter(selected)) {
      const record: TaskRecord = { task, info: infoOf(task), loop: false, point, items: [], facts: new Map() };
      const item = this.#newItem(record, 0, null);
      record.items.push(item);
      this.#unknown(record, item, open);
      await this.#converger.queue.conclude(record);
    }
  }

  get #context(): Converger['context'] {
    return this.#converger.context;
  }

  #newItem({ task }: TaskRecord, index: number, loopItem: LoopItem | null): ItemRecord {
    const { run, host, play } = this.#context;
    return newItem(task, scopeOf(run, host, play, task, loopItem?.variables), index, loopItem);
  }

  #loop(task: Task): Promise<readonly (LoopItem | null)[] | Unknown> {
    const { run, host, play } = this.#context;
    return this.#converger.resolved(() => expandLoop(task, scopeOf(run, host, play, task)), isUnknown);
  }

  /** `loop_control: pause`. */
  async #pause(record: TaskRecord): Promise<void> {
    const { run, host, play } = this.#context;
    const { task } = record;
    if (!task.loop?.pauseSeconds || run.options.checkMode) return;
    await this.#converger.queue.flushFor(record);
    const pause = number(task.loop.pauseSeconds.evaluate(scopeOf(run, host, play, task)), 0);
    await run.options.clock.sleep(1000 * pause, overSignal(run.options));
  }

  /** One item, again while `until` does not hold. */
  async #item(record: TaskRecord, index: number, loopItem: LoopItem | null): Promise<void> {
    const { run, host, play } = this.#context;
    const { task } = record;
    const scope = () => scopeOf(run, host, play, task, loopItem?.variables);
    // As Ansible counts: `retries` come after the first attempt, but without it there are 3 attempts in all; 5 s apart.
    const retries = task.until ? number(task.retries?.evaluate(scope()), 2) : 0;
    const delayMs = 1000 * (task.until ? number(task.delaySeconds?.evaluate(scope()), 5) : 0);
    let place: Place | null = null;
    for (let attempt = 0; ; attempt += 1) {
      const item = newItem(task, scope(), index, loopItem);
      record.items[index] = item;
      if (task.until) item.attempts = attempt + 1;
      // Its label or `no_log` could not be evaluated.
      if (item.status === 'failed') return;
      if (place) await forget(place);
      place = await this.#attempt(record, item, loopItem);
      // A template that was rendered late has asked for facts.
      if (item.status === 'unknown' && (await gatherWanted(this.#converger))) {
        attempt -= 1;
        place = null;
        continue;
      }
      if (!mustKnow(task)) return;
      await this.#converger.queue.flushFor(record);
      const done = finishItem(record, item);
      if (done || item.onlyPredicted || item.status === 'unknown') return;
      if (attempt >= retries) {
        fail(item, { message: item.message ?? `\`until\` did not hold after ${attempt + 1} attempts` });
        return;
      }
      host.forget();
      const next = { attempt: attempt + 2, attempts: retries + 1, delayMs };
      run.options.emit({ type: 'task-retry', host: host.host.name, task: record.info, ...next });
      await run.options.clock.sleep(delayMs, overSignal(run.options));
    }
  }

  /** Works an item once; what is wrong with it lands in the item. Returns where it was worked, if for another host. */
  async #attempt(record: TaskRecord, item: ItemRecord, loopItem: LoopItem | null): Promise<Place | null> {
    const { run, host, play } = this.#context;
    const { task, info } = record;
    const extra = loopItem?.variables ?? {};
    try {
      if (record.include) {
        await openItem(this.#converger, record.include, item, () => scopeOf(run, host, play, task, extra));
        return null;
      }
      const prepare = (): Preparation =>
        prepareItem(this.#context, task, scopeOf(run, host, play, task, extra), extra, info.name);
      const prepared = await this.#converger.resolved(prepare, (preparation) => preparation.kind === 'unknown');
      if (prepared.kind === 'skip') skip(item, prepared.condition);
      else if (prepared.kind === 'unknown') this.#unknown(record, item, prepared.unknown);
      else if (task.delegateTo) return await this.#delegate(record, item, prepared);
      else await performItem(this.#converger, record, item, prepared);
    } catch (error) {
      failedItem(record, item, error);
    }
    return null;
  }

  /** One host at a time changes another; what is decided there is done before the next one decides. */
  async #delegate(record: TaskRecord, item: ItemRecord, ready: Ready): Promise<Place | null> {
    const { queue } = this.#converger;
    const { host } = this.#context;
    const { delegate } = ready;
    if (delegate) item.delegate = delegate.host.name;
    // Variables need no host, and waiting for a port or a page disturbs nobody.
    if (ready.module.kind !== 'state') {
      await this.#naming(record, ready, () => performItem(this.#converger, record, item, ready));
      return null;
    }
    if (await queue.flushFor(record)) return null;
    const place = ready.place();
    await place.host.turns.hold(() =>
      this.#naming(record, ready, async () => {
        this.#converger.visiting = true;
        await performItem(this.#converger, record, item, ready);
        await queue.flushFor(record);
      }).finally(() => (this.#converger.visiting = false)),
    );
    return delegate ? place : host === place.host ? null : place;
  }

  /** Where the connection to the other host fails, it is this task that tells of it, and the next one tries anew. */
  async #naming(record: TaskRecord, { delegate, place }: Ready, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (delegate && isOutOfReach(error)) {
        this.#context.host.working = record.info;
        this.#context.host.workingOn = delegate.host.name;
        await place().reach.close();
      }
      throw error;
    }
  }

  /** What it would have set is not known either. */
  #unknown({ task, facts }: TaskRecord, item: ItemRecord, open: Unknown): void {
    unknownItem(item, open);
    if (task.module !== 'set_fact' || !isJsonObject(task.args.raw)) return;
    for (const name of Object.keys(task.args.raw)) {
      this.#context.host.facts[name] = open;
      facts.set(name, open);
    }
  }

  /** Applies the changes of a loop. Where one fails, the items after it are worked all the same, as Ansible does. */
  async #flushItems(record: TaskRecord): Promise<void> {
    const failed = await this.#converger.queue.flushFor(record);
    if (!failed) return;
    const count = record.items.length;
    const items = await this.#loop(record.task);
    record.items.length = failed.item.index + 1;
    if (isUnknown(items)) return;
    for (const [index, item] of items.entries()) {
      if (index > failed.item.index && index < count) await this.#item(record, index, item);
    }
    await this.#flushItems(record);
  }
}

/** What was seen on another host before a wait may not be so after it. */
async function forget({ host, reach }: Place): Promise<void> {
  await host.turns.hold(() => {
    reach.state.forget();
    return Promise.resolve();
  });
}

/** Takes a VezaError as the item's failure; anything else, and a lost connection, is not the task's. */
function failedItem(record: TaskRecord, item: ItemRecord, error: unknown): ItemRecord {
  if (!(error instanceof VezaError) || connectionCodes.has(error.code) || error.code === notPlanned) throw error;
  fail(item, problemOf(error, record.task.moduleWhere));
  return item;
}
