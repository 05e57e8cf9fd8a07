// The items of a task's loop.
import { isUnknown, type Unknown } from '../core/unknown.ts';
import { VezaError } from '../lib/errors.ts';
import { extendScope } from '../language/scope.ts';
import type { Scope, Value } from '../language/value.ts';
import type { Task } from '../playbook/ast.ts';
import { toBoolean } from './identity.ts';
import { fail, problemOf, type ItemRecord } from './record.ts';

export interface LoopItem {
  readonly variables: Readonly<Record<string, Value>>;
}

/** The items to work, `[null]` for a task without a loop, or what is unknown. Throws VezaError `loop-not-list`. */
export function expandLoop(task: Task, scope: Scope): readonly (LoopItem | null)[] | Unknown {
  const { loop } = task;
  if (!loop) return [null];
  const items = loop.items.evaluate(scope);
  if (isUnknown(items)) return items;
  if (!Array.isArray(items)) {
    throw new VezaError('loop-not-list', `\`loop\` needs a list, but got ${JSON.stringify(items)}`, {
      where: loop.items.where,
      hint: 'for a map use `loop: "{{ the_map | dict2items }}"`',
    });
  }
  return (items as readonly Value[]).map((item, index) => ({
    variables: { [loop.variable]: item, ...(loop.indexVariable === undefined ? {} : { [loop.indexVariable]: index }) },
  }));
}

/** A fresh record of one item; failed from the beginning where its label or `no_log` cannot be evaluated. */
export function newItem(task: Task, scope: Scope, index: number, loopItem: LoopItem | null): ItemRecord {
  let hidden = false;
  let label: string | null = null;
  let problem: VezaError | null = null;
  try {
    hidden = task.noLog !== undefined && toBoolean(task.noLog.evaluate(scope), 'no_log');
    label = loopItem && labelOf(task, scope, loopItem);
  } catch (error) {
    if (!(error instanceof VezaError)) throw error;
    problem = error;
  }
  const item: ItemRecord = {
    scope,
    index,
    loopVariables: loopItem?.variables ?? {},
    ...(label === null ? {} : { label }),
    // That `no_log` cannot be read is no secret.
    hidden: hidden && problem === null,
    status: 'ok',
    finished: false,
    onlyPredicted: false,
    changes: [],
    outcome: [],
    result: () => ({}),
  };
  if (problem) fail(item, problemOf(problem, task.where));
  return item;
}

function labelOf(task: Task, scope: Scope, item: LoopItem): string {
  const value = task.loop?.label
    ? task.loop.label.evaluate(extendScope(scope, { kind: 'values', values: item.variables }))
    : item.variables[task.loop?.variable ?? 'item'];
  return typeof value === 'string' ? value : isUnknown(value) ? 'unknown' : JSON.stringify(value);
}
