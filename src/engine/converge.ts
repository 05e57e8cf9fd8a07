// Leads one host through the tasks of a section: blocks, rescues, and where hosts wait for each other. It has the decided
// changes applied in one go when something must be seen or run before it can go on. ARCHITECTURE.md, "How a host is converged".
import { VezaError } from '../lib/errors.ts';
import type { Block, Node, Task } from '../playbook/ast.ts';
import { ChangeQueue, HostStopped } from './change-queue.ts';
import type { TaskInfo } from './events.ts';
import type { HostRun } from './host.ts';
import { lookAhead, tasksOf } from './look-ahead.ts';
import { pointAfter, type Meeting, type Point } from './meeting.ts';
import { PlayEnded } from './perform.ts';
import type { Look } from './probe.ts';
import { isOver, overSignal } from './options.ts';
import { registered, registeredLoop, type TaskRecord } from './record.ts';
import { isOutOfReach, mayBeOnce, meets, planOf, type Plan } from './scheduling.ts';
import { TaskRun } from './task-run.ts';
import type { PlayVariables, RunState } from './variables.ts';

export interface SectionContext {
  readonly run: RunState;
  readonly host: HostRun;
  readonly play: PlayVariables;
  readonly meeting: Meeting;
  readonly infoOf: (task: Task) => TaskInfo;
  readonly selected: (task: Task) => boolean;
  /** Runs the notified handlers now (`meta: flush_handlers`). */
  readonly flushHandlers: () => Promise<void>;
  /** Lets the lost hosts of the play take part again, from the next section on (`meta: clear_host_errors`). */
  readonly clearErrors: () => Promise<void>;
}

/** Too many other hosts were lost: the play ends for this one too. */
export class PlayStopped extends Error {}

/** A list of tasks within the tasks around it. */
interface Level {
  readonly base: Point;
  readonly order: (task: Task) => number;
}

export class Converger {
  readonly context: SectionContext;
  readonly queue: ChangeQueue;
  readonly #tasks: TaskRun;
  readonly #over: AbortSignal;
  /** The tasks of the section that were not begun yet. */
  #upcoming: readonly Task[] = [];
  #level: Level = { base: [], order: () => 0 };
  #point: Point = [];
  /** Lists of tasks worked within the current one. */
  #within = 0;
  #changesBeside = 0;
  /** The play has ended; what is left is cleaning up. */
  #windsUp = false;

  constructor(context: SectionContext) {
    this.context = context;
    this.queue = new ChangeQueue({ ...context, onChange: () => context.meeting.changed(context.host.host.name) });
    this.#tasks = new TaskRun(this);
    this.#over = overSignal(context.run.options);
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
    this.#upcoming = tasksOf(nodes);
    const order = new Map(this.#upcoming.map((task, index) => [task, index]));
    this.#level = { base: [...this.#point, outer.within], order: (task) => order.get(task) ?? 0, ...level };
    await this.#lookFirst();
    await this.#nodes(nodes);
    await this.queue.flush();
    this.#upcoming = outer.upcoming;
    this.#level = outer.level;
    this.#within = outer.within;
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
      const tasks = this.#upcoming.filter((task) => this.context.selected(task));
      if (!isOutOfReach(error) || !tasks.some((task) => planOf(task, this.context).ignoresUnreachable)) throw error;
      await this.context.host.reset();
    }
  }

  async #nodes(nodes: readonly Node[]): Promise<void> {
    for (const node of nodes) {
      if (node.kind === 'task') await this.#task(node);
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

  async #task(task: Task): Promise<void> {
    const { run, host, infoOf, selected, meeting } = this.context;
    this.#upcoming = this.#upcoming.slice(this.#upcoming.indexOf(task) + 1);
    if (!selected(task)) return;
    this.#point = [...this.#level.base, this.#level.order(task)];
    this.#within = 0;
    if (isOver(run.options)) throw new VezaError('cancelled', 'interrupted');
    await this.#goesOn();
    const info = infoOf(task);
    const record: TaskRecord = {
      task,
      info,
      loop: task.loop !== undefined,
      point: this.#point,
      items: [],
      facts: new Map(),
    };
    const plan = planOf(task, this.context);
    if (meets(task, this.context)) return this.#meet(record, plan);
    // What waits to be applied is not done yet.
    if (this.queue.empty) meeting.pass(host.host.name, this.#point);
    await this.#work(record, plan);
  }

  /** Throws where the play is over for this host. */
  async #goesOn(): Promise<void> {
    const { host, meeting } = this.context;
    if (host.ended) throw new PlayEnded(false);
    const end = meeting.end;
    if (this.#windsUp || end === null || !meeting.endsBefore(this.#point)) return;
    this.#windsUp = true;
    // What comes after the task that ended the play was decided, but it shall not happen.
    this.queue.drop(end);
    await this.queue.flush();
    throw new PlayStopped();
  }

  /** All hosts come to the task before any works it, and nobody goes on before it is done. */
  async #meet(record: TaskRecord, plan: Plan): Promise<void> {
    const { run, host, meeting } = this.context;
    const { task, point } = record;
    const signal = this.#over;
    const { name } = host.host;
    await this.queue.flush();
    const works = plan.once
      ? await meeting.reachAndLead(name, point, task, signal)
      : await meeting.reach(name, point, signal).then(() => true);
    await this.#goesOn();
    this.#seeAnew();
    if (await meeting.agreed(point, task, () => run.gate.wants(record.info))) {
      if (works && plan.once) await this.#workForAll(record, plan);
      else if (works) await this.#work(record, plan);
      await this.queue.flush();
    }
    this.#point = pointAfter(point);
    await meeting.reach(name, this.#point, signal);
    if (!works) this.#follow(record);
  }

  async #workForAll(record: TaskRecord, plan: Plan): Promise<void> {
    const { run, play, meeting } = this.context;
    const tell = (failed: boolean) => {
      // Ansible's: the lost ones too, so that `hostvars` has it.
      for (const name of play.batchHosts)
        Object.assign(run.hosts.get(name)?.facts ?? {}, Object.fromEntries(record.facts));
      meeting.tell(record.point, record.task, { record, failed });
    };
    try {
      await this.#work(record, plan);
      await this.queue.flush();
      tell(false);
    } catch (error) {
      if (error instanceof HostStopped) tell(true);
      throw error;
    }
  }

  /** Takes part in what another host did for all. */
  #follow({ point, task }: TaskRecord): void {
    const { meeting } = this.context;
    if (meeting.refused(point, task)) return;
    const told = meeting.told(point, task);
    if (!told) throw new PlayStopped();
    if (told.failed) throw new HostStopped(told.record, true);
  }

  /** What others have changed in the meantime may matter here: shared storage, a cluster, a database. */
  #seeAnew(): void {
    const { run, host, meeting } = this.context;
    const changes = meeting.changesBeside(host.host.name);
    if (changes !== this.#changesBeside && !run.options.checkMode) host.forget();
    this.#changesBeside = changes;
  }

  async #work(record: TaskRecord, plan: Plan): Promise<void> {
    const { meeting } = this.context;
    const { throttle, ignoresUnreachable, problem } = plan;
    if (throttle === 0 && !ignoresUnreachable) return this.#tasks.work(record, problem);
    // What others may not do at the same time, and what may break off, is not mixed with the changes of other tasks.
    await this.queue.flush();
    const work = async () => {
      await this.#tasks.work(record, problem);
      await this.queue.flush();
    };
    try {
      await (throttle > 0 ? meeting.throttled(record.task, throttle, work) : work());
    } catch (error) {
      if (!ignoresUnreachable || !isOutOfReach(error)) throw error;
      await this.#tasks.outOfReach(record, error);
    }
  }
}
