// `--assert-idempotent`: collects what a run changes, and says which tasks a second run should not have changed.
import type { Emit, TaskInfo } from '../engine/events.ts';
import { printDiagnostics } from './output.ts';

export interface Changes {
  readonly emit: Emit;
  /** Tasks that changed something, and on which hosts. */
  readonly tasks: ReadonlyMap<TaskInfo, readonly string[]>;
}

/** Passes events on and remembers changes. */
export function changesOf(emit: Emit): Changes {
  const tasks = new Map<TaskInfo, string[]>();
  return {
    tasks,
    emit: (event) => {
      if (event.type === 'task-end' && event.result.status === 'changed') {
        const { task, host } = event.result;
        tasks.set(task, [...(tasks.get(task) ?? []), host]);
      }
      emit(event);
    },
  };
}

/** Says what is not idempotent, hosts in their order; false where there is nothing to say. */
export function tellChanges(tasks: Changes['tasks'], order: readonly string[]): boolean {
  printDiagnostics(
    [...tasks].map(([task, hosts]) => ({
      severity: 'error',
      code: 'not-idempotent',
      message: `"${task.name}" changed something again in the second run, on ${order.filter((host) => hosts.includes(host)).join(', ')}`,
      where: task.where,
      hint: 'a command needs `creates`, `removes`, `unless`, `onlyif` or `changed_when` to be able to change nothing',
    })),
  );
  return tasks.size > 0;
}
