// Where the hosts of a batch are on their way through the same tasks, and where they wait for each other.
// Every host has a point; points only grow. Whoever waits at a point goes on when nobody is before it any more, so the
// host that is furthest back never waits, and there is no deadlock, whatever the others do: fail, skip blocks, or end.
import { VezaError } from '../lib/errors.ts';
import type { Task } from '../playbook/ast.ts';
import { Slots } from './slots.ts';
import type { TaskRecord } from './record.ts';

/** A place in the order of tasks; longer ones are within that of which they are a continuation. */
export type Point = readonly number[];

/** What became of a task that one host did for all. */
export interface Told {
  readonly record: TaskRecord;
  /** The others cannot go on either. */
  readonly failed: boolean;
}

interface Waiting {
  readonly point: Point;
  readonly go: () => void;
}

export interface MeetingOptions {
  /** In the order of the play. */
  readonly hosts: readonly string[];
  /** Places of those who work, given back while they wait. */
  readonly forks: Slots;
  /** All meet before and after every task (`strategy: linear`, `--step`). */
  readonly everyTask: boolean;
}

export class Meeting {
  readonly everyTask: boolean;
  readonly #points: Map<string, Point>;
  readonly #forks: Slots;
  #waiting: Waiting[] = [];
  /** Hosts at the points that one of them works for all, in the order of the play. */
  readonly #takers = new Map<string, Set<string>>();
  readonly #told = new Map<string, Told>();
  readonly #agreed = new Map<string, Promise<boolean>>();
  readonly #refused = new Set<string>();
  readonly #throttles = new Map<Task, Slots>();
  readonly #order: readonly string[];
  #end: Point | null = null;
  /** How many changes each host has made. */
  readonly #changes = new Map<string, number>();
  #changesOfAll = 0;

  constructor({ hosts, forks, everyTask }: MeetingOptions) {
    this.everyTask = everyTask;
    this.#order = hosts;
    this.#points = new Map(hosts.map((host) => [host, []]));
    this.#forks = forks;
  }

  /** The host is at a point, and all before it is done. */
  pass(host: string, point: Point): void {
    const before = this.#points.get(host);
    if (before && comparePoints(point, before) > 0) this.#points.set(host, point);
    this.#goOn();
  }

  /** As pass, and waits until nobody is before that point. Rejects with VezaError `cancelled`. */
  async reach(host: string, point: Point, signal: AbortSignal): Promise<void> {
    this.pass(host, point);
    if (!this.#isReached(point)) {
      this.#forks.give();
      await this.#wait(point, signal);
      await this.#forks.take();
    }
    if (signal.aborted) throw new VezaError('cancelled', 'interrupted');
  }

  /** As reach, for something that one host does for all who meet there: true for the first of them in the play. */
  async reachAndLead(host: string, point: Point, task: Task, signal: AbortSignal): Promise<boolean> {
    const key = keyOf(point, task);
    const takers = this.#takers.get(key) ?? new Set();
    this.#takers.set(key, takers.add(host));
    await this.reach(host, point, signal);
    return this.#order.find((name) => takers.has(name)) === host;
  }

  tell(point: Point, task: Task, told: Told): void {
    this.#told.set(keyOf(point, task), told);
  }

  /** What the host that led has told; null where it was lost before. */
  told(point: Point, task: Task): Told | null {
    return this.#told.get(keyOf(point, task)) ?? null;
  }

  /** One question for all hosts, asked when the first of them comes to it. */
  async agreed(point: Point, task: Task, ask: () => Promise<boolean>): Promise<boolean> {
    const key = keyOf(point, task);
    const answer = this.#agreed.get(key) ?? ask();
    this.#agreed.set(key, answer);
    if (!(await answer)) this.#refused.add(key);
    return answer;
  }

  /** Whether the answer was no. */
  refused(point: Point, task: Task): boolean {
    return this.#refused.has(keyOf(point, task));
  }

  /** Whether this is the first of the hosts that take part. */
  isFirst(host: string): boolean {
    return this.#order.find((name) => this.#points.has(name)) === host;
  }

  /** The host has nothing more to do here. */
  leave(host: string): void {
    this.#points.delete(host);
    this.#goOn();
  }

  /** The point after which nobody begins a task; null: none. */
  get end(): Point | null {
    return this.#end;
  }

  endAfter(point: Point): void {
    if (this.#end === null || comparePoints(point, this.#end) < 0) this.#end = point;
  }

  /** Whether the play ends before this point. */
  endsBefore(point: Point): boolean {
    return this.#end !== null && comparePoints(point, this.#end) > 0 && !within(point, this.#end);
  }

  /** At most `limit` hosts work at a task at once. */
  throttled<T>(task: Task, limit: number, work: () => Promise<T>): Promise<T> {
    const slots = this.#throttles.get(task) ?? new Slots(limit);
    this.#throttles.set(task, slots);
    return slots.hold(work);
  }

  changed(host: string): void {
    this.#changes.set(host, (this.#changes.get(host) ?? 0) + 1);
    this.#changesOfAll += 1;
  }

  /** Grows with every change that another host has made. */
  changesBeside(host: string): number {
    return this.#changesOfAll - (this.#changes.get(host) ?? 0);
  }

  #isReached(point: Point): boolean {
    for (const other of this.#points.values()) if (comparePoints(other, point) < 0) return false;
    return true;
  }

  #wait(point: Point, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiting: Waiting = {
        point,
        go: () => {
          signal.removeEventListener('abort', stop);
          resolve();
        },
      };
      const stop = () => {
        this.#waiting = this.#waiting.filter((one) => one !== waiting);
        resolve();
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#waiting.push(waiting);
    });
  }

  #goOn(): void {
    if (this.#waiting.length === 0) return;
    const last = [...this.#points.values()].reduce<Point | null>(
      (least, point) => (least === null || comparePoints(point, least) < 0 ? point : least),
      null,
    );
    const free = this.#waiting.filter(({ point }) => last === null || comparePoints(point, last) <= 0);
    if (free.length === 0) return;
    this.#waiting = this.#waiting.filter((one) => !free.includes(one));
    for (const { go } of free) go();
  }
}

/** Below 0 where `left` comes first. */
export function comparePoints(left: Point, right: Point): number {
  for (const [index, one] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (one !== other) return one - other;
  }
  return left.length - right.length;
}

/** The point at which a task is done: after all that is within it. */
export function pointAfter(point: Point): Point {
  return [...point.slice(0, -1), (point.at(-1) ?? 0) + 0.5];
}

function within(point: Point, outer: Point): boolean {
  return point.length > outer.length && outer.every((one, index) => point[index] === one);
}

/** Hosts may be at the same point with different tasks, where an include reads another file for each. */
function keyOf(point: Point, { where }: Task): string {
  return `${point.join()} ${where.file}:${where.line}:${where.column}`;
}
