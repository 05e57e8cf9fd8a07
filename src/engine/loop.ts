// The items of a task's loop.
import { isUnknown, type Unknown } from '../core/unknown.ts';
import { VezaError } from '../lib/errors.ts';
import { extendScope } from '../language/scope.ts';
import type { Scope, Value } from '../language/value.ts';
import type { Loop, Task } from '../playbook/ast.ts';
import type { ChangeQueue } from './change-queue.ts';
import { conditionsHold } from './decide.ts';
import { finishItem } from './finish.ts';
import { toBoolean } from './identity.ts';
import type { EngineOptions } from './options.ts';
import { fail, problemOf, registered, type ItemRecord, type TaskRecord } from './record.ts';

export interface LoopItem {
  readonly variables: Readonly<Record<string, Value>>;
}

/**
 * The items to work, `[null]` for a task without a loop, or what is unknown; none where the list cannot be had and
 * the task's condition does not hold anyway. Throws VezaError `loop-not-list`.
 */
export function expandLoop(task: Task, scope: Scope): readonly (LoopItem | null)[] | Unknown {
  const { loop } = task;
  if (!loop) return [null];
  const items = itemsOf(task, loop, scope);
  if (isUnknown(items)) return items;
  const extended = loop.extended !== undefined && toBoolean(loop.extended.evaluate(scope), 'extended');
  const allItems = !loop.allItems || toBoolean(loop.allItems.evaluate(scope), 'extended_allitems');
  const { variable, indexVariable } = loop;
  return items.map((item, index) => ({
    variables: {
      [variable]: item,
      ansible_loop_var: variable,
      ...(indexVariable === undefined ? {} : { [indexVariable]: index, ansible_index_var: indexVariable }),
      ...(extended ? { ansible_loop: placeIn(items, index, allItems) } : {}),
    },
  }));
}

function itemsOf(task: Task, loop: Loop, scope: Scope): readonly Value[] | Unknown {
  let items: Value;
  try {
    items = loop.items.evaluate(scope);
  } catch (error) {
    if (error instanceof VezaError && isSkipped(task, scope)) return [];
    throw error;
  }
  if (isUnknown(items) || isList(items)) return items;
  if (isSkipped(task, scope)) return [];
  throw new VezaError('loop-not-list', `\`loop\` needs a list, but got ${JSON.stringify(items)}`, {
    where: loop.items.where,
    hint: 'for a map use `loop: "{{ the_map | dict2items }}"`',
  });
}

/** Whether the condition is false already without an item. */
function isSkipped(task: Task, scope: Scope): boolean {
  if (task.when.length === 0) return false;
  try {
    return conditionsHold(task.when, scope) === false;
  } catch (error) {
    if (error instanceof VezaError) return false;
    throw error;
  }
}

/** `ansible_loop`. */
function placeIn(items: readonly Value[], index: number, allItems: boolean): Value {
  const { length } = items;
  const [before, after] = [items[index - 1], items[index + 1]];
  return {
    index: index + 1,
    index0: index,
    revindex: length - index,
    revindex0: length - index - 1,
    first: index === 0,
    last: index === length - 1,
    length,
    ...(index > 0 && before !== undefined ? { previtem: before } : {}),
    ...(after === undefined ? {} : { nextitem: after }),
    ...(allItems ? { allitems: items } : {}),
  };
}

/** Whether `break_when` ends the loop after this item, which is brought to its end for it. */
export async function endsLoop(queue: ChangeQueue, record: TaskRecord, index: number): Promise<boolean> {
  const { task, info } = record;
  const item = record.items[index];
  if (!item || !task.loop?.breakWhen) return false;
  await queue.flushFor(record);
  finishItem(record, item);
  const values: Record<string, Value> =
    task.register === undefined ? {} : { [task.register]: registered(item, info.name) };
  return conditionsHold(task.loop.breakWhen, extendScope(item.scope, { kind: 'values', values })) === true;
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

const warned = new WeakMap<EngineOptions, WeakSet<Loop>>();

/** Says once that a loop takes the name of a variable that is there already: most often that of a loop around it. */
export function warnOfClash(options: EngineOptions, task: Task, name: string): void {
  const { loop, includeParams } = task;
  if (!loop || !includeParams.some((layer) => layer.has(loop.variable))) return;
  const said = warned.get(options) ?? new WeakSet<Loop>();
  if (said.has(loop)) return;
  warned.set(options, said.add(loop));
  const message = `"${name}" loops with "${loop.variable}", which an include around it gives already: name it with loop_control.loop_var`;
  options.emit({ type: 'warning', message });
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
