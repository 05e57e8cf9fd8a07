// What the keywords of a task say of waiting: for its outcome, between attempts, between items.
import { VezaError } from '../lib/errors.ts';
import type { Value } from '../language/value.ts';
import type { Task } from '../playbook/ast.ts';

/** Whether what follows cannot go on before this task's real outcome is known. */
export function mustKnow(task: Task): boolean {
  return (
    task.ignoreErrors !== undefined ||
    task.failedWhen !== undefined ||
    task.changedWhen !== undefined ||
    task.until !== undefined
  );
}

/** A number of seconds or attempts that is not below 0. Throws VezaError `not-a-number`. */
export function number(value: Value | undefined, otherwise: number): number {
  const given = Number(value ?? otherwise);
  if (Number.isFinite(given) && given >= 0) return given;
  throw new VezaError('not-a-number', `retries, delay and pause must be numbers, but one is ${JSON.stringify(value)}`);
}
