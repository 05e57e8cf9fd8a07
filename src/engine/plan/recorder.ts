// Makes a plan of a dry run: it is told every decision and every event, and keeps what the run would do.
import type { Action } from '../../core/change.ts';
import type { RunEvent, TaskInfo, TaskResult } from '../events.ts';
import type { DecidedChange } from '../options.ts';
import { describeChange, type Describing } from './describe.ts';
import type { PlannedChange, PlannedHost, PlannedTask, PlanSummary } from './model.ts';

export interface PlanRecorder {
  observe(change: DecidedChange): void;
  handle(event: RunEvent): void;
  hosts(): readonly PlannedHost[];
}

/** `shownPath` makes paths of files what the plan calls them. */
export function createPlanRecorder(describing: Describing, shownPath: (path: string) => string): PlanRecorder {
  const hosts = new Map<string, PlannedTask[]>();
  const occurrences = new Map<string, number>();
  /** By task and the host that works it; then by the host whose things they are about. */
  const pending = new Map<string, Map<string, Found>>();
  const say = (text: string) => describing.redactor.redact(text);

  function foundAt(worker: string, task: TaskInfo, host: string): Found {
    const key = keyOf(worker, task);
    const byHost = pending.get(key) ?? new Map<string, Found>();
    pending.set(key, byHost);
    const found = byHost.get(host) ?? { changes: [], unknown: [] };
    byHost.set(host, found);
    return found;
  }

  function doubt(result: TaskResult): void {
    const reasons = doubtsOf(result);
    if (reasons.length > 0) foundAt(result.host, result.task, result.delegate ?? result.host).unknown.push(...reasons);
  }

  function finish(result: TaskResult): void {
    const key = keyOf(result.host, result.task);
    const items = [...(pending.get(key)?.values() ?? [])];
    // The items of a loop have told their doubts already, each of its own host.
    if (!items.some(({ unknown }) => unknown.length > 0)) doubt(result);
    const found = pending.get(key) ?? new Map<string, Found>();
    pending.delete(key);
    const where = placeOf(result.task, shownPath);
    const place = `${result.host} ${where}`;
    const occurrence = occurrences.get(place) ?? 0;
    occurrences.set(place, occurrence + 1);
    for (const [host, one] of found) add(host, result, one, { where, occurrence });
  }

  function add(host: string, result: TaskResult, found: Found, { where, occurrence }: Spot): void {
    const { task } = result;
    const { changes, unknown } = found;
    const tasks = hosts.get(host) ?? [];
    hosts.set(host, tasks);
    tasks.push({
      name: say(task.name),
      module: task.module,
      where,
      occurrence,
      ...(host === result.host ? {} : { delegatedBy: result.host }),
      ...(task.handler ? { handler: true } : {}),
      changes,
      ...(unknown.length > 0 ? { unknown: [...new Set(unknown.map(say))] } : {}),
      ...(result.assuming === undefined ? {} : { assuming: say(result.assuming) }),
    });
  }

  return {
    observe(change) {
      foundAt(change.worker, change.task, change.host).changes.push(describeChange(describing, change));
    },
    handle(event) {
      if (event.type === 'play-begin') for (const host of event.hosts) if (!hosts.has(host)) hosts.set(host, []);
      if (event.type === 'task-item') doubt(event.result);
      if (event.type === 'task-end') finish(event.result);
    },
    hosts: () => [...hosts].map(([name, tasks]) => ({ name, tasks })),
  };
}

/** What a task would do to things of one host, and what of that is not known. */
interface Found {
  readonly changes: PlannedChange[];
  readonly unknown: string[];
}

type Spot = Pick<PlannedTask, 'where' | 'occurrence'>;

function keyOf(host: string, task: TaskInfo): string {
  return `${task.id} ${host}`;
}

/** `file:line:column` as the plan has it. */
export function placeOf({ where }: TaskInfo, shownPath: (path: string) => string): string {
  return `${shownPath(where.file)}:${where.line}:${where.column}`;
}

function doubtsOf({ status, message }: TaskResult): string[] {
  return status === 'unknown' ? [message ?? 'not known before it runs'] : [];
}

/** Counts what the hosts' tasks would do. */
export function summaryOf(hosts: readonly PlannedHost[]): PlanSummary {
  const tasks = hosts.flatMap((host) => host.tasks);
  const changes = tasks.flatMap((task) => task.changes);
  const count = (action: Action) => changes.filter((change) => change.action === action).length;
  return {
    hosts: hosts.length,
    changedTasks: tasks.filter((task) => task.changes.length > 0).length,
    unknownTasks: tasks.filter((task) => task.unknown !== undefined).length,
    actions: { create: count('create'), update: count('update'), delete: count('delete'), run: count('run') },
  };
}
