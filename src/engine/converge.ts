// Converges one host through the tasks of a section: decides over what is known and foreseen, and has the decided changes
// applied in one go when something must be seen or run before it can go on. ARCHITECTURE.md, "How a host is converged".
import { isUnknown, unknown, type Unknown } from '../core/unknown.ts';
import { VezaError } from '../lib/errors.ts';
import { isJsonObject } from '../lib/json.ts';
import type { Block, Include, Inclusion, Node, Task } from '../playbook/ast.ts';
import { flattened, tasksOf } from '../playbook/walk.ts';
import { ChangeQueue, HostStopped } from './change-queue.ts';
import type { TaskInfo } from './events.ts';
import { finishItem } from './finish.ts';
import { mustKnow, number } from './waiting.ts';
import type { HostRun } from './host.ts';
import { addressOf } from './identity.ts';
import { prepareItem, type Preparation } from './item.ts';
import { openItem } from './include-item.ts';
import { lookAhead } from './look-ahead.ts';
import type { Look } from './probe.ts';
import { expandLoop, newItem, type LoopItem } from './loop.ts';
import { isForOthers } from './orders.ts';
import { performItem } from './perform.ts';
import { isOver, overSignal } from './options.ts';
import {
  fail,
  problemOf,
  skip,
  unknownItem,
  registered,
  registeredLoop,
  type ItemRecord,
  type TaskRecord,
} from './record.ts';
import { gatherWanted, resolve } from './resolve.ts';
import { connectionCodes, type Session } from './ports.ts';
import { scopeOf, type PlayVariables, type RunState } from './variables.ts';

export interface SectionContext {
  readonly run: RunState;
  readonly host: HostRun;
  readonly play: PlayVariables;
  readonly infoOf: (task: Task) => TaskInfo;
  /** What an include brought is named as what the play has; it is handlers if the include is one. */
  readonly adopt: (inclusion: Inclusion, include: Task) => void;
  readonly selected: (task: Task) => boolean;
  /** Runs the notified handlers now (`meta: flush_handlers`). */
  readonly flushHandlers: () => Promise<void>;
  /** Lets the lost hosts of the play take part again, from the next section on (`meta: clear_host_errors`). */
  readonly clearErrors: () => Promise<void>;
}

export class Converger {
  readonly context: SectionContext;
  readonly queue: ChangeQueue;
  /** The tasks and includes of the section that were not begun yet. */
  #upcoming: readonly (Task | Include)[] = [];

  constructor(context: SectionContext) {
    this.context = context;
    this.queue = new ChangeQueue(context, () => this.session());
  }

  /** Converges the host through `nodes`. Throws HostStopped, PlayEnded, and VezaError for a lost connection. */
  async section(nodes: readonly Node[]): Promise<void> {
    const outer = this.#upcoming;
    this.#upcoming = flattened(nodes);
    await this.look();
    await this.#nodes(nodes);
    await this.queue.flush();
    this.#upcoming = outer;
  }

  /** Looks at `looks`, and on the way at what the tasks to come can be seen to need: that costs no round trip more. */
  async look(looks: readonly Look[] = []): Promise<void> {
    await lookAhead(this.context, this.#upcoming, () => this.session(), looks);
  }

  session(): Promise<Session> {
    const { run, host, play } = this.context;
    const scope = scopeOf(run, host, play, null);
    return host.session(addressOf(host.host, scope, run.options.connection, play.play));
  }

  /** As resolve: what is computed may need facts, or changes that are pending. */
  resolved<T>(compute: () => T, open: (value: T) => boolean): Promise<T> {
    return resolve(this, compute, open);
  }

  async #nodes(nodes: readonly Node[]): Promise<void> {
    for (const node of nodes) {
      if (node.kind === 'task') await this.#task(node);
      else if (node.kind === 'include') await this.#include(node);
      else if (node.rescue.length === 0 && node.always.length === 0) await this.#nodes(node.nodes);
      else await this.#block(node);
    }
  }

  /** A rescue is for what failed; `always` is for that too, but not for a host that is out of reach or out of the play. */
  async #block(block: Block): Promise<void> {
    await this.queue.flush();
    let stopped = await this.#stopped(block.nodes);
    if (stopped && block.rescue.length > 0) {
      this.#rescue(stopped.record);
      stopped = await this.#stopped(block.rescue);
    }
    const again = await this.#stopped(block.always);
    if (again) throw again;
    if (stopped) throw stopped;
  }

  async #stopped(nodes: readonly Node[]): Promise<HostStopped | null> {
    try {
      await this.#whole(nodes);
      return null;
    } catch (error) {
      this.queue.drop();
      if (error instanceof HostStopped) return error;
      throw error;
    }
  }

  /** What Ansible tells a rescue of what failed. */
  #rescue(record: TaskRecord): void {
    const { host } = this.context;
    const { info, items } = record;
    host.rescued();
    const failed = items.find(({ status }) => status === 'failed');
    host.facts['ansible_failed_task'] = { name: info.name.split(' : ').at(-1) ?? info.name, action: info.module };
    host.facts['ansible_failed_result'] = record.loop
      ? registeredLoop(record, info.name)
      : failed
        ? registered(failed, info.name)
        : {};
  }

  async #whole(nodes: readonly Node[]): Promise<void> {
    await this.#nodes(nodes);
    await this.queue.flush();
  }

  /** Opens an include: what its items lead to comes before all else. */
  async #include(include: Include): Promise<void> {
    const record = await this.#task(include.task, include);
    const inclusions = record?.items.map(({ inclusion }) => inclusion?.nodes ?? []) ?? [];
    this.#upcoming = [...flattened(inclusions.flat()), ...this.#upcoming];
    for (const [index, nodes] of inclusions.entries()) {
      const item = record?.items[index];
      if (item?.status === 'unknown') await this.#doubt(nodes, unknown(item.message ?? 'not known'));
      else await this.#nodes(nodes);
    }
  }

  /** What may be included or not: nothing is known of what it would do. */
  async #doubt(nodes: readonly Node[], open: Unknown): Promise<void> {
    const { run, host, play, infoOf, selected } = this.context;
    for (const task of tasksOf(nodes).filter(selected)) {
      const item = newItem(task, scopeOf(run, host, play, task), 0, null);
      const record: TaskRecord = { task, info: infoOf(task), loop: false, items: [item] };
      this.#unknown(record, item, open);
      await this.queue.conclude(record);
    }
  }

  async #task(task: Task, include?: Include): Promise<TaskRecord | null> {
    const { run, host, play, infoOf, selected } = this.context;
    this.#upcoming = this.#upcoming.slice(this.#upcoming.indexOf(include ?? task) + 1);
    if (!selected(task) || isForOthers(this.context, task)) return null;
    if (isOver(run.options)) throw new VezaError('cancelled', 'interrupted');
    const info = infoOf(task);
    run.options.emit({ type: 'task-begin', host: host.host.name, task: info });
    const record: TaskRecord = { task, info, loop: task.loop !== undefined, items: [], ...(include && { include }) };
    try {
      const items = await this.#loop(task);
      if (isUnknown(items))
        record.items.push(unknownItem(newItem(task, scopeOf(run, host, play, task), 0, null), items));
      else
        for (const [index, item] of items.entries()) {
          if (index > 0) await this.#pause(record);
          await this.#item(record, index, item);
        }
    } catch (error) {
      record.items.push(
        failedItem(record, newItem(task, scopeOf(run, host, play, task), record.items.length, null), error),
      );
    }
    if (record.loop && this.queue.holds(record)) await this.#flushItems(record);
    // Orders to the run are no work on the host.
    if (task.module !== 'meta' || record.items.some(({ status }) => status === 'failed' || status === 'unknown'))
      await this.queue.conclude(record);
    return record;
  }

  #loop(task: Task): Promise<readonly (LoopItem | null)[] | Unknown> {
    const { run, host, play } = this.context;
    return this.resolved(() => expandLoop(task, scopeOf(run, host, play, task)), isUnknown);
  }

  /** `loop_control: pause`. */
  async #pause(record: TaskRecord): Promise<void> {
    const { run, host, play } = this.context;
    const { task } = record;
    if (!task.loop?.pauseSeconds || run.options.checkMode) return;
    await this.queue.flushFor(record);
    const pause = number(task.loop.pauseSeconds.evaluate(scopeOf(run, host, play, task)), 0);
    await run.options.clock.sleep(1000 * pause, overSignal(run.options));
  }

  /** One item, again while `until` does not hold. */
  async #item(record: TaskRecord, index: number, loopItem: LoopItem | null): Promise<void> {
    const { run, host, play } = this.context;
    const { task } = record;
    const scope = () => scopeOf(run, host, play, task, loopItem?.variables);
    // As Ansible counts: `retries` come after the first attempt, but without it there are 3 attempts in all; 5 s apart.
    const retries = task.until ? number(task.retries?.evaluate(scope()), 2) : 0;
    const delayMs = 1000 * (task.until ? number(task.delaySeconds?.evaluate(scope()), 5) : 0);
    for (let attempt = 0; ; attempt += 1) {
      const item = newItem(task, scope(), index, loopItem);
      record.items[index] = item;
      if (task.until) item.attempts = attempt + 1;
      // Its label or `no_log` could not be evaluated.
      if (item.status === 'failed') return;
      await this.#attempt(record, item, scope);
      // A template that was rendered late has asked for facts.
      if (item.status === 'unknown' && (await gatherWanted(this))) {
        attempt -= 1;
        continue;
      }
      if (!mustKnow(task)) return;
      await this.queue.flushFor(record);
      const done = finishItem(record, item);
      if (done || item.onlyPredicted || item.status === 'unknown') return;
      if (attempt >= retries) {
        fail(item, { message: item.message ?? `\`until\` did not hold after ${attempt + 1} attempts` });
        return;
      }
      host.state.forget();
      const next = { attempt: attempt + 2, attempts: retries + 1, delayMs };
      run.options.emit({ type: 'task-retry', host: host.host.name, task: record.info, ...next });
      await run.options.clock.sleep(delayMs, overSignal(run.options));
    }
  }

  /** Works an item once; what is wrong with it lands in the item. */
  async #attempt(record: TaskRecord, item: ItemRecord, scope: () => ItemRecord['scope']): Promise<void> {
    const { run, play } = this.context;
    try {
      if (record.include) {
        await openItem(this, record.include, item, scope);
        return;
      }
      const prepare = (): Preparation =>
        prepareItem(run.options, record.task, scope(), play.playbookDirectory, record.info.name);
      const prepared = await this.resolved(prepare, (preparation) => preparation.kind === 'unknown');
      if (prepared.kind === 'skip') skip(item, prepared.condition);
      else if (prepared.kind === 'unknown') this.#unknown(record, item, prepared.unknown);
      else await performItem(this, record, item, prepared);
    } catch (error) {
      failedItem(record, item, error);
    }
  }

  /** What it would have set is not known either. */
  #unknown({ task }: TaskRecord, item: ItemRecord, open: Unknown): void {
    unknownItem(item, open);
    if (task.module !== 'set_fact' || !isJsonObject(task.args.raw)) return;
    for (const name of Object.keys(task.args.raw)) this.context.host.facts[name] = open;
  }

  /** Applies the changes of a loop. Where one fails, the items after it are worked all the same, as Ansible does. */
  async #flushItems(record: TaskRecord): Promise<void> {
    const failed = await this.queue.flushFor(record);
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

/** Takes a VezaError as the item's failure; anything else, and a lost connection, is not the task's. */
function failedItem(record: TaskRecord, item: ItemRecord, error: unknown): ItemRecord {
  if (!(error instanceof VezaError) || connectionCodes.has(error.code)) throw error;
  fail(item, problemOf(error, record.task.moduleWhere));
  return item;
}
