// Watches a run that applies a plan: a change that the plan does not say stops its host before it is made.
// A task that the plan could not foresee may do what it says. A task that was foreseen on an assumption ("this command leaves
// it alone") may find less to do, or another state before it; what it leads to must be what the plan says.
import { VezaError } from '../../lib/errors.ts';
import type { DecidedChange } from '../options.ts';
import { notPlanned } from '../ports.ts';
import { describeChange, sameStates, within, type Describing } from './describe.ts';
import type { PlannedChange, PlannedTask, SavedPlan } from './model.ts';
import { placeOf } from './recorder.ts';

/** Throws VezaError `not-planned`. */
export function guardOf(
  plan: Pick<SavedPlan, 'hosts'>,
  describing: Describing,
  shownPath: (path: string) => string,
): (decided: DecidedChange) => void {
  const tasks = new Map<string, PlannedTask[]>();
  for (const host of plan.hosts) {
    for (const task of host.tasks) {
      const key = keyOf(host.name, task.delegatedBy ?? host.name, task.where);
      tasks.set(key, [...(tasks.get(key) ?? []), task]);
    }
  }
  return (decided) => {
    const where = placeOf(decided.task, shownPath);
    const { host, worker } = decided;
    // What was not known may have been the very host that it is delegated to.
    const open = tasks.get(keyOf(worker, worker, where))?.filter(({ unknown }) => unknown !== undefined) ?? [];
    const planned = [...(tasks.get(keyOf(host, worker, where)) ?? []), ...open];
    const change = describeChange(describing, decided);
    if (planned.some((task) => allows(task, change))) return;
    const what = change.resource ?? (change.action === 'run' ? 'a command' : 'something that no_log hides');
    throw new VezaError(notPlanned, `${what}: ${change.action}, which the plan does not say`, {
      where: decided.task.where,
      hint: 'this change was not made, and nothing after it; look at what happened, then make a new plan',
    });
  };
}

function keyOf(host: string, worker: string, where: string): string {
  return JSON.stringify([host, worker, where]);
}

function allows(task: PlannedTask, change: PlannedChange): boolean {
  if (task.unknown !== undefined) return true;
  const planned = task.changes.find(({ id, item }) => id === change.id && item === change.item);
  if (!planned) return false;
  if (task.assuming === undefined) {
    const same = sameStates(planned, change);
    return planned.action === change.action && same.before && same.after;
  }
  return (planned.action === 'delete') === (change.action === 'delete') && within(change.after, planned.after);
}
