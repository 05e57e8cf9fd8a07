// Leads one host through the tasks of a section: blocks, rescues, and where hosts wait for each other. It has the decided
// changes applied in one go when something must be seen or run before it can go on. ARCHITECTURE.md, "How a host is converged".
import { VezaError } from '../lib/errors.ts';
import { unknown } from '../core/unknown.ts';
import type { Block, Include, Inclusion, Node, Task } from '../playbook/ast.ts';
import { flattened } from '../playbook/walk.ts';
import { ChangeQueue, HostStopped } from './change-queue.ts';
import type { TaskInfo } from './events.ts';
import type { HostRun } from './host.ts';
import { lookAhead } from './look-ahead.ts';
import type { Meeting, Point } from './meeting.ts';
import type { Look } from './probe.ts';
import { isOver } from './options.ts';
import { registered, registeredLoop, type TaskRecord } from './record.ts';
import { isOutOfReach, mayBeOnce, meets, planOf } from './scheduling.ts';
import { TaskRun } from './task-run.ts';
import { PlayStopped, Turns } from './turns.ts';
import type { PlayVariables, RunState } from './variables.ts';

export interface SectionContext {
  readonly run: RunState;
  readonly host: HostRun;
  readonly play: PlayVariables;
  readonly meeting: Meeting;
  readonly infoOf: (task: Task) => TaskInfo;
  /** What an include brought is named as what the play has; it is handlers if the include is one. */
  readonly adopt: (inclusion: Inclusion, include: Task) => void;
  readonly selected: (task: Task) => boolean;
  /** Runs the notified handlers now (`meta: flush_handlers`). */
  readonly flushHandlers: () => Promise<void>;
  /** Lets the lost hosts of the play take part again, from the next section on (`meta: clear_host_errors`). */
  readonly clearErrors: () => Promise<void>;
}

/** A list of tasks within the tasks around it. */
interface Level {
  readonly base: Point;
  readonly order: (task: Task) => number;
}

export class Converger {
  readonly context: SectionContext;
  readonly queue: ChangeQueue;
  readonly #tasks: TaskRun;
  readonly #turns: Turns;
  /** The tasks and includes of the section that were not begun yet. */
  #upcoming: readonly (Task | Include)[] = [];
  #level: Level = { base: [], order: () => 0 };
  #point: Point = [];
  /** Lists of tasks worked within the current one. */
  #within = 0;

  constructor(context: SectionContext) {
    this.context = context;
    this.queue = new ChangeQueue({ ...context, onChange: () => context.meeting.changed(context.host.host.name) });
    this.#tasks = new TaskRun(this);
    this.#turns = new Turns(context, this.queue, this.#tasks);
  }

  /** Where the host is. */
  get point(): Point {
    return this.#point;
  }

  /** All tasks of the section are behind the host. */
  atEnd(section: number): void {
    this.#point = [section, Infinity];
    this.#within = 0;
  }

  /**
   * Converges the host through `nodes`. Where they are not part of the task that is worked now, `level` says their place
   * among all tasks. Throws HostStopped, PlayStopped, PlayEnded, and VezaError for a lost connection.
   */
  async section(nodes: readonly Node[], level: Partial<Level> = {}): Promise<void> {
    const outer = { upcoming: this.#upcoming, level: this.#level, point: this.#point, within: this.#within + 1 };
    this.#upcoming = flattened(nodes);
    this.#level = { ...levelOf(nodes, [...this.#point, outer.within]), ...level };
    try {
      await this.#lookFirst();
      await this.#nodes(nodes);
      await this.queue.flush();
    } finally {
      this.#upcoming = outer.upcoming;
      this.#level = outer.level;
      this.#within = outer.within;
    }
    // Points only grow; those of other places are none of the task around.
    if (!level.base) this.#point = outer.point;
  }

  /** Looks at `looks`, and on the way at what the tasks to come can be seen to need: that costs no round trip more. */
  async look(looks: readonly Look[] = []): Promise<void> {
    const { host, meeting } = this.context;
    const foreseeable = (task: Task) =>
      mayBeOnce(task) ? meeting.isFirst(host.host.name) : task.delegateTo === undefined || !meets(task, this.context);
    await lookAhead({ ...this.context, foreseeable }, this.#upcoming, looks);
  }

  /** Computes; if that meets an error or something unknown, applies what is pending and computes again. */
  async resolved<T>(compute: () => T, open: (value: T) => boolean): Promise<T> {
    if (!this.queue.empty) {
      try {
        const value = compute();
        if (!open(value)) return value;
      } catch (error) {
        if (!(error instanceof VezaError)) throw error;
      }
      await this.queue.flush();
    }
    return compute();
  }

  /** Where tasks may have it that the host cannot be reached, they say so when their turn comes. */
  async #lookFirst(): Promise<void> {
    try {
      await this.look();
    } catch (error) {
      const tasks = this.#upcoming.map(headOf).filter((task) => this.context.selected(task));
      if (!isOutOfReach(error) || !tasks.some((task) => planOf(task, this.context).ignoresUnreachable)) throw error;
      await this.context.host.reset();
    }
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
    if (stopped instanceof HostStopped && block.rescue.length > 0) {
      this.#rescue(stopped);
      stopped = await this.#stopped(block.rescue);
    }
    const again = await this.#stopped(block.always);
    if (again) throw again;
    if (stopped) throw stopped;
  }

  async #stopped(nodes: readonly Node[]): Promise<HostStopped | PlayStopped | null> {
    try {
      await this.#nodes(nodes);
      await this.queue.flush();
      return null;
    } catch (error) {
      this.queue.drop();
      if (error instanceof HostStopped || error instanceof PlayStopped) return error;
      throw error;
    }
  }

  /** What Ansible tells a rescue of what failed. */
  #rescue({ record, shared }: HostStopped): void {
    const { host } = this.context;
    const { info, items } = record;
    if (!shared) host.rescued();
    const failed = items.find(({ status }) => status === 'failed');
    host.facts['ansible_failed_task'] = { name: info.name.split(' : ').at(-1) ?? info.name, action: info.module };
    host.facts['ansible_failed_result'] = record.loop
      ? registeredLoop(record, info.name)
      : failed
        ? registered(failed, info.name)
        : {};
  }

  /** Opens an include: what its items lead to comes before all else. */
  async #include(include: Include): Promise<void> {
    const record = await this.#task(include.task, include);
    const inclusions = record?.items.map(({ inclusion }) => inclusion?.nodes ?? []) ?? [];
    this.#upcoming = [...flattened(inclusions.flat()), ...this.#upcoming];
    const outer = this.#level;
    const base = this.#point;
    try {
      for (const [index, nodes] of inclusions.entries()) {
        const item = record?.items[index];
        this.#level = levelOf(nodes, [...base, index]);
        if (item?.status === 'unknown') await this.#tasks.doubt(nodes, base, unknown(item.message ?? 'not known'));
        else await this.#nodes(nodes);
      }
    } finally {
      this.#level = outer;
    }
  }

  async #task(task: Task, include?: Include): Promise<TaskRecord | null> {
    const { run, infoOf, selected } = this.context;
    this.#upcoming = this.#upcoming.slice(this.#upcoming.indexOf(include ?? task) + 1);
    if (!selected(task)) return null;
    this.#point = [...this.#level.base, this.#level.order(task)];
    this.#within = 0;
    if (isOver(run.options)) throw new VezaError('cancelled', 'interrupted');
    await this.#turns.goesOn(this.#point);
    const info = infoOf(task);
    const record: TaskRecord = {
      task,
      info,
      loop: task.loop !== undefined,
      point: this.#point,
      items: [],
      facts: new Map(),
      ...(include && { include }),
    };
    this.#point = await this.#turns.take(record);
    return record;
  }
}

function levelOf(nodes: readonly Node[], base: Point): Level {
  const order = new Map(flattened(nodes).map((step, index) => [headOf(step), index]));
  return { base, order: (task) => order.get(task) ?? 0 };
}

function headOf(step: Task | Include): Task {
  return step.kind === 'task' ? step : step.task;
}
