// What is being found out about one task on one host, from its first item to its result.
import { isUnknown, unknown, type Unknown } from '../core/unknown.ts';
import type { Change } from '../core/change.ts';
import type { OutcomeChange, StepOutput } from '../core/module.ts';
import type { Want } from '../core/resource.ts';
import { DiagnosticsError, type VezaError } from '../lib/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../lib/json.ts';
import type { Script } from '../lib/shell.ts';
import type { Scope, Value } from '../language/value.ts';
import type { Include, Inclusion, Task } from '../playbook/ast.ts';
import type { ResourceChange, TaskInfo, TaskStatus } from './events.ts';
import type { Point } from './meeting.ts';
import type { Place } from './place.ts';

/** One task on one host. */
export interface TaskRecord {
  readonly task: Task;
  readonly info: TaskInfo;
  readonly loop: boolean;
  readonly point: Point;
  readonly items: ItemRecord[];
  /** Variables that it has set: for all who share what one host did for them. */
  readonly facts: Map<string, Value>;
  /** What the task is the head of, where it is an include. */
  readonly include?: Include;
}

/** One item of a task's loop, or the task itself where there is none. */
export interface ItemRecord {
  readonly scope: Scope;
  readonly label?: string;
  readonly hidden: boolean;
  status: TaskStatus;
  message?: string;
  hint?: string;
  where?: Problem['where'];
  ignored?: boolean;
  /** It has failed, and `register` says `changed` all the same: a command that ran, or what `failed_when` refuses. */
  changedAnyway?: boolean;
  shown?: Json;
  /** A change was only decided, because of check mode. */
  onlyPredicted: boolean;
  assuming?: string;
  /** The condition for which it was skipped. */
  condition?: string;
  readonly changes: ResourceChange[];
  readonly outcome: OutcomeChange[];
  output?: StepOutput;
  /** Computes the module's own values for `register` from the outcome; `null` where not known yet. */
  result: (item: ItemRecord) => JsonObject | null;
  readonly index: number;
  /** The host that it was delegated to. */
  delegate?: string;
  /** `item` and its like; empty without a loop. */
  readonly loopVariables: Readonly<Record<string, Value>>;
  /** What an include leads to. */
  inclusion?: Inclusion;
  /** How often it was tried, where `until` may have it tried again. */
  attempts?: number;
  /** changed_when, failed_when and until have had their say. */
  finished: boolean;
}

export interface Problem {
  readonly message: string;
  readonly hint?: string;
  readonly where?: { readonly file: string; readonly line: number; readonly column: number };
}

/** One change to one thing. */
export interface Part {
  readonly want: Want;
  readonly change: Change<object>;
  readonly current: object | null;
  readonly disturbsAll: boolean;
}

/** A step decided and not yet run: one change, or all that a task makes to things of a kind that are changed together. */
export interface Pending {
  readonly record: TaskRecord;
  readonly item: ItemRecord;
  readonly parts: readonly Part[];
  readonly place: Place;
  readonly script: Script;
  readonly timeoutMs: number;
}

/** Marks an item as failed. */
export function fail(item: ItemRecord, problem: Problem): void {
  if (item.status === 'changed') item.changedAnyway = true;
  item.status = 'failed';
  item.message = problem.message;
  if (problem.hint !== undefined) item.hint = problem.hint;
  if (problem.where !== undefined) item.where = problem.where;
}

/** Marks an item as not worked, for the condition that did not hold. */
export function skip(item: ItemRecord, condition: string | undefined): void {
  item.status = 'skipped';
  if (condition !== undefined) item.condition = condition;
}

/** Marks an item as one whose outcome cannot be known yet. */
export function unknownItem(item: ItemRecord, open: Unknown): ItemRecord {
  item.status = 'unknown';
  item.message = open.reason;
  return item;
}

/** What an error says of a task; `where` is used where the error has no place of its own. */
export function problemOf(error: VezaError, where?: Problem['where']): Problem {
  const first = error instanceof DiagnosticsError ? error.diagnostics[0] : undefined;
  const hint = error.hint ?? first?.hint;
  const place = error.where ?? first?.where ?? where;
  return {
    message: error.message,
    ...(hint === undefined ? {} : { hint }),
    ...(place === undefined ? {} : { where: place }),
  };
}

/** Takes a failure back (`failed_when` says that it is none). */
export function pardon(item: ItemRecord): void {
  item.status = item.changes.length > 0 ? 'changed' : 'ok';
  delete item.changedAnyway;
  delete item.message;
  delete item.hint;
  delete item.where;
}

function hasChanged({ status, changedAnyway = false }: ItemRecord): boolean {
  return status === 'changed' || (status === 'failed' && changedAnyway);
}

/** The value of `register` for one item. */
export function registered(item: ItemRecord, taskName: string): Value {
  const own = item.status === 'skipped' || item.status === 'unreachable' ? {} : item.result(item);
  const flags = {
    changed: hasChanged(item),
    failed: item.status === 'failed',
    skipped: item.status === 'skipped',
    ...(item.status === 'unreachable' ? { unreachable: true } : {}),
    ...(item.attempts === undefined ? {} : { attempts: item.attempts }),
  };
  if (item.status === 'unknown') return unknown(item.message ?? `depends on "${taskName}"`);
  const said = item.message === undefined ? {} : { msg: item.message };
  if (own !== null) return { ...said, ...own, ...flags };
  const open = unknown(`depends on "${taskName}"`);
  return { ...flags, rc: open, stdout: open, stderr: open, stdout_lines: open, stderr_lines: open, msg: open };
}

/** The value of `register` for a task with a loop. */
export function registeredLoop(record: TaskRecord, taskName: string): Value {
  const results = record.items.map((item) => ({ value: registered(item, taskName), item }));
  const variable = record.task.loop?.variable ?? 'item';
  return {
    results: results.map(({ value, item }) =>
      isJsonObject(value) && !isUnknown(value)
        ? { ...value, [variable]: item.scope.get(variable) ?? null, ansible_loop_var: variable }
        : value,
    ),
    changed: record.items.some(hasChanged),
    failed: record.items.some(({ status }) => status === 'failed'),
    skipped: record.items.every(({ status }) => status === 'skipped'),
    ...summary(record),
  };
}

/** What Ansible says of a loop as a whole. */
function summary({ items }: TaskRecord): { readonly msg: string } | { readonly skipped_reason: string } {
  if (items.length === 0) return { skipped_reason: 'No items in the list' };
  if (items.some(({ status }) => status === 'failed')) return { msg: 'One or more items failed' };
  const skipped = items.every(({ status }) => status === 'skipped');
  return { msg: skipped ? 'All items skipped' : 'All items completed' };
}

const order: readonly TaskStatus[] = ['failed', 'unreachable', 'changed', 'unknown', 'ok', 'skipped'];

/** The worst of the items' statuses; a loop over nothing is skipped. */
export function statusOf(record: TaskRecord): TaskStatus {
  return order.find((status) => record.items.some((item) => item.status === status)) ?? 'skipped';
}
