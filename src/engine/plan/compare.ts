// Whether what is foreseen now is what a plan says: if not, what moved, in words.
import { sameStates } from './describe.ts';
import type { PlannedChange, PlannedHost, PlannedTask } from './model.ts';

/** One thing that is not as the plan says. */
export interface Moved {
  readonly host: string;
  readonly task?: string;
  readonly where?: string;
  readonly message: string;
}

/** Empty where both say the same of every host. */
export function compareHosts(planned: readonly PlannedHost[], now: readonly PlannedHost[]): readonly Moved[] {
  const names = new Set([...planned, ...now].map(({ name }) => name));
  return [...names].flatMap((name): readonly Moved[] => {
    const before = planned.find((host) => host.name === name);
    const after = now.find((host) => host.name === name);
    if (!after) return [{ host: name, message: 'is no longer worked on' }];
    if (!before) return [{ host: name, message: 'was not in the plan' }];
    return compareTasks(name, before.tasks, after.tasks);
  });
}

function compareTasks(host: string, planned: readonly PlannedTask[], now: readonly PlannedTask[]): readonly Moved[] {
  const key = ({ where, occurrence, delegatedBy = host }: PlannedTask) => `${where} ${occurrence} ${delegatedBy}`;
  const keys = new Set([...planned, ...now].map(key));
  return [...keys].flatMap((one): readonly Moved[] => {
    const before = planned.find((task) => key(task) === one);
    const after = now.find((task) => key(task) === one);
    const task = after ?? before;
    if (!task) return [];
    return compareTask(before, after).map((message) => ({ host, task: task.name, where: task.where, message }));
  });
}

function compareTask(before: PlannedTask | undefined, after: PlannedTask | undefined): readonly string[] {
  const messages = compareChanges(before?.changes ?? [], after?.changes ?? []);
  const [was, is] = [before?.unknown?.join('; '), after?.unknown?.join('; ')];
  if (was === is) return messages;
  if (is === undefined) return [...messages, `was unknown in the plan (${was ?? ''}), and is known now`];
  return [
    ...messages,
    `is unknown now (${is})${was === undefined ? '' : `, for another reason than in the plan (${was})`}`,
  ];
}

function compareChanges(planned: readonly PlannedChange[], now: readonly PlannedChange[]): readonly string[] {
  const key = ({ item, id }: PlannedChange) => `${item} ${id}`;
  const gone = planned.filter((change) => !now.some((one) => key(one) === key(change)));
  const moved = now.flatMap((change): readonly string[] => {
    const before = planned.find((one) => key(one) === key(change));
    if (!before) return [`${nameOf(change)}: ${change.action}, which the plan does not say`];
    if (before.action !== change.action)
      return [`${nameOf(change)}: ${change.action}, where the plan says ${before.action}`];
    const same = sameStates(before, change);
    if (!same.before)
      return [`${nameOf(change)} is not as it was when the plan was made${attributes(before.before, change.before)}`];
    return same.after
      ? []
      : [`${nameOf(change)} is to become something else than the plan says${attributes(before.after, change.after)}`];
  });
  return [...moved, ...gone.map((change) => `${nameOf(change)}: no ${change.action} any more, as the plan says`)];
}

function nameOf({ resource, action }: PlannedChange): string {
  return resource ?? (action === 'run' ? 'a command' : 'something that no_log hides');
}

/** Names of the attributes that moved; their values are not known to anybody. */
function attributes(left: PlannedChange['before'], right: PlannedChange['before']): string {
  const names = new Set([...Object.keys(left ?? {}), ...Object.keys(right ?? {})]);
  const moved = [...names].filter((name) => left?.[name] !== right?.[name]);
  return left === null || right === null || moved.length === 0 ? '' : ` (${moved.join(', ')})`;
}
