// Turns what happened to a task into its result: changed_when, failed_when, ignore_errors, register, notify, counts, events.
import { isUnknown } from '../core/unknown.ts';
import type { Position } from '../lib/diagnostic.ts';
import { VezaError } from '../lib/errors.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Value } from '../language/value.ts';
import { extendScope } from '../language/scope.ts';
import { unknownIn } from './arguments.ts';
import { conditionsHold } from './decide.ts';
import type { TaskResult, TaskStatus } from './events.ts';
import type { HostRun } from './host.ts';
import { toBoolean } from './identity.ts';
import { fail, pardon, problemOf, registered, registeredLoop, statusOf } from './record.ts';
import type { ItemRecord, TaskRecord } from './record.ts';
import type { RunState } from './variables.ts';

interface FinishContext {
  readonly run: RunState;
  readonly host: HostRun;
}

/** Lets changed_when, failed_when and until judge an item; once. Returns whether `until` holds. */
export function finishItem(record: TaskRecord, item: ItemRecord): boolean {
  const { task, info } = record;
  if (!item.finished && item.status !== 'skipped') {
    item.finished = true;
    judge(record, item);
  }
  if (!task.until || item.status === 'skipped') return true;
  const values = task.register === undefined ? {} : { [task.register]: registered(item, info.name) };
  return conditionsHold(task.until, extendScope(item.scope, { kind: 'values', values })) === true;
}

function judge(record: TaskRecord, item: ItemRecord): void {
  const { task, info } = record;
  if (!task.changedWhen && !task.failedWhen) return;
  const values: Record<string, Value> =
    task.register === undefined ? {} : { [task.register]: registered(item, info.name) };
  const scope = extendScope(item.scope, { kind: 'values', values });
  try {
    if (task.failedWhen) {
      const failed = conditionsHold(task.failedWhen, scope);
      if (failed === true) fail(item, { message: item.message ?? 'failed_when holds' });
      else if (failed === false && item.status === 'failed') pardon(item);
    }
    if (!task.changedWhen) return;
    const changed = conditionsHold(task.changedWhen, scope);
    if (item.status === 'failed') {
      item.changedAnyway = changed === true;
    } else {
      item.status = isUnknown(changed) ? 'unknown' : changed ? 'changed' : 'ok';
      if (isUnknown(changed)) item.message ??= changed.reason;
    }
  } catch (error) {
    if (!(error instanceof VezaError)) throw error;
    fail(item, problemOf(error, task.where));
  }
}

/** Sets what `register` holds, as far as it is known by now. */
export function register(context: FinishContext, record: TaskRecord): void {
  const { task, info } = record;
  const first = record.items[0];
  if (task.register === undefined) return;
  const value = record.loop ? registeredLoop(record, info.name) : first && registered(first, info.name);
  if (value === undefined) return;
  context.host.facts[task.register] = value;
  record.facts.set(task.register, value);
}

/** Reports a task whose changes are done. Returns false where the host cannot go on. */
export function finishRecord(context: FinishContext, record: TaskRecord): boolean {
  const { host, run } = context;
  for (const item of record.items) {
    finishItem(record, item);
    orFail(record, item, () => notify(host, record, item));
    if (item.status === 'failed') orFail(record, item, () => (item.ignored = ignores(record, item)));
  }
  register(context, record);
  const status = statusOf(record);
  const results = record.items.map((item) => resultOf(context, record, item));
  // A loop whose list cannot be had has no items to tell of.
  const looped = record.loop && record.items.some(({ label }) => label !== undefined);
  if (looped) for (const result of results) run.options.emit({ type: 'task-item', result });
  const bad = ({ status: one }: { readonly status: TaskStatus }) => one === 'failed' || one === 'unreachable';
  const ignored = bad({ status }) && record.items.every((item) => !bad(item) || item.ignored === true);
  const first = looped ? undefined : results[0];
  const message = looped && status === 'failed' ? 'one or more items failed' : undefined;
  const result: TaskResult = {
    host: host.host.name,
    task: record.info,
    changes: [],
    ...first,
    ...(message === undefined ? {} : { message }),
    status,
    ...(ignored ? { ignored } : {}),
  };
  host.count(result);
  run.options.emit({ type: 'task-end', result });
  return !bad({ status }) || ignored;
}

function ignores(record: TaskRecord, item: ItemRecord): boolean {
  return (
    record.task.ignoreErrors !== undefined && toBoolean(record.task.ignoreErrors.evaluate(item.scope), 'ignore_errors')
  );
}

/** What is wrong with what a task says of its results is a failure of the task. */
function orFail(record: TaskRecord, item: ItemRecord, evaluate: () => void): void {
  try {
    evaluate();
  } catch (error) {
    if (!(error instanceof VezaError)) throw error;
    fail(item, problemOf(error, record.task.where));
  }
}

function notify(host: HostRun, record: TaskRecord, item: ItemRecord): void {
  if (item.status !== 'changed') return;
  for (const templated of record.task.notify) {
    const names = templated.evaluate(item.scope);
    for (const name of (Array.isArray(names) ? names : [names]).map(String)) {
      if (!host.answers(name)) throw unknownHandler(name, templated.where);
      host.notified.add(name);
    }
  }
}

function unknownHandler(name: string, where: Position): VezaError {
  return new VezaError('unknown-handler', `no handler is named "${name}" or listens to it`, {
    where,
    hint: 'define it under `handlers:` of the play or in a role that it uses',
  });
}

/** What was told already, or is told otherwise. */
const toldElsewhere = new Set([
  'changed',
  'failed',
  'skipped',
  'msg',
  'rc',
  'stdout',
  'stderr',
  'stdout_lines',
  'stderr_lines',
]);

/** The module's own values that are known. */
function valuesOf(item: ItemRecord): { readonly values?: JsonObject } {
  const known = item.status === 'skipped' || item.status === 'unknown' ? null : item.result(item);
  const told = Object.entries(known ?? {}).filter(([name, value]) => !toldElsewhere.has(name) && !unknownIn(value));
  return told.length === 0 ? {} : { values: Object.fromEntries(told) };
}

function resultOf({ host, run }: FinishContext, record: TaskRecord, item: ItemRecord): TaskResult {
  const base = {
    host: host.host.name,
    task: record.info,
    status: item.status,
    changes: item.hidden ? [] : item.changes,
  };
  const always = {
    ...(item.delegate === undefined ? {} : { delegate: item.delegate }),
    ...(item.label === undefined ? {} : { item: item.hidden ? '(hidden)' : item.label }),
    ...(item.ignored ? { ignored: true } : {}),
    ...(item.assuming === undefined ? {} : { assuming: item.assuming }),
    ...(item.where ? { where: item.where } : {}),
    ...(item.attempts === undefined ? {} : { attempts: item.attempts }),
  };
  if (item.hidden && item.status !== 'skipped')
    return { ...base, ...always, hidden: true, message: 'hidden, because the task says no_log' };
  const { output } = item;
  return {
    ...base,
    ...always,
    ...(item.message === undefined ? {} : { message: item.message }),
    ...(item.hint === undefined ? {} : { hint: item.hint }),
    ...(item.condition === undefined ? {} : { condition: item.condition }),
    ...((run.options.verbosity ?? 0) > 0 ? valuesOf(item) : {}),
    ...(item.shown === undefined ? {} : { shown: item.shown }),
    ...(output ? { output: { exitCode: output.exitCode, stdout: output.stdout, stderr: output.stderr } } : {}),
  };
}
