// After a run with failures: the words to add to the same command so that it goes on where it failed.
import { quote } from '../../lib/shell.ts';
import type { HostTotals, RunEvent, TaskInfo } from '../../engine/events.ts';

export interface RerunAdvice {
  handle(event: RunEvent): void;
  /** One line for each task that hosts failed at, and one for those that could not be reached. */
  lines(hosts: ReadonlyMap<string, HostTotals>): readonly string[];
}

export function createRerunAdvice(): RerunAdvice {
  const failedAt = new Map<string, TaskInfo>();
  return {
    handle(event) {
      if (event.type !== 'task-end') return;
      const { host, status, ignored, task } = event.result;
      if (status === 'failed' && !ignored) failedAt.set(host, task);
    },
    lines(hosts) {
      const names = [...hosts].filter(([, { failed, unreachable }]) => failed + unreachable > 0).map(([name]) => name);
      const groups = Map.groupBy(names, (name) => (hosts.get(name)?.failed ? startOf(failedAt.get(name)) : ''));
      return [...groups].map(([start, group]) => `to go on there, add: --limit ${quote(group.join(','))}${start}`);
    },
  };
}

/** Handlers and what is before the first task are no places to start at. */
function startOf(task: TaskInfo | undefined): string {
  return task === undefined || task.handler || task.id <= 0 ? '' : ` --start-at-task ${quote(task.name)}`;
}
