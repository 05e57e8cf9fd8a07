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
  const pending = new Map<string, PlannedChange[]>();
  const doubts = new Map<string, string[]>();
  const say = (text: string) => describing.redactor.redact(text);

  function finish(result: TaskResult): void {
    const { host, task } = result;
    const key = keyOf(host, task);
    const changes = pending.get(key) ?? [];
    const unknown = [...(doubts.get(key) ?? []), ...doubtsOf(result)];
    pending.delete(key);
    doubts.delete(key);
    const where = placeOf(task, shownPath);
    const occurrence = occurrences.get(`${host} ${where}`) ?? 0;
    occurrences.set(`${host} ${where}`, occurrence + 1);
    if (changes.length === 0 && unknown.length === 0) return;
    hosts.get(host)?.push({
      name: say(task.name),
      module: task.module,
      where,
      occurrence,
      ...(task.handler ? { handler: true } : {}),
      changes,
      ...(unknown.length > 0 ? { unknown: [...new Set(unknown.map(say))] } : {}),
      ...(result.assuming === undefined ? {} : { assuming: say(result.assuming) }),
    });
  }

  return {
    observe(change) {
      const key = keyOf(change.host, change.task);
      pending.set(key, [...(pending.get(key) ?? []), describeChange(describing, change)]);
    },
    handle(event) {
      if (event.type === 'play-begin') for (const host of event.hosts) if (!hosts.has(host)) hosts.set(host, []);
      if (event.type === 'task-item') {
        const key = keyOf(event.result.host, event.result.task);
        doubts.set(key, [...(doubts.get(key) ?? []), ...doubtsOf(event.result)]);
      }
      if (event.type === 'task-end') finish(event.result);
    },
    hosts: () => [...hosts].map(([name, tasks]) => ({ name, tasks })),
  };
}

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
