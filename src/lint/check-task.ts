// Evaluates everything that a task says as far as it can be known: conditions, loop, arguments, templates.
// What throws here would have thrown on the host.
import { isUnknown, unknown, type Unknown } from '../core/unknown.ts';
import { evaluateArguments, unknownIn } from '../engine/arguments.ts';
import { makesHosts } from '../engine/inventory-orders.ts';
import { expandLoop } from '../engine/loop.ts';
import type { PlayVariables } from '../engine/variables.ts';
import { evaluateCondition } from '../language/conditions.ts';
import { extendScope } from '../language/scope.ts';
import type { Expression, Scope, Templated, Value } from '../language/value.ts';
import { DiagnosticsError, VezaError } from '../lib/errors.ts';
import { isJsonObject } from '../lib/json.ts';
import type { Task } from '../playbook/ast.ts';
import { comparisonProblems } from './conditions.ts';
import type { Findings } from './findings.ts';
import type { Ground } from './ground.ts';
import { judge, undefinedName } from './judge.ts';
import { namesSetBy, type Known } from './known.ts';
import type { LintOptions } from './options.ts';

/** What checking a task needs of the walk around it. */
export interface Checking {
  readonly options: LintOptions;
  readonly known: Known;
  readonly findings: Findings;
  readonly ground: Ground;
  readonly play: PlayVariables;
  /** Conditions that have been told to be wrong already. */
  readonly wrong: ReadonlySet<Expression>;
  /** Hosts of the play. */
  readonly hosts: number;
}

/** Whether a task runs: surely, surely not, or only a run can tell. */
export type Runs = boolean | 'perhaps';

/** Items of a loop looked at one by one; of longer ones, the first. */
const itemsLooked = 25;
/** Undefined names told of one text. */
const retries = 5;

export const later = unknown('only a run can tell');

/** Checks a task and notes what it sets; `certain` tells whether it is reached for sure, and its failure ends the host. */
export function checkTask(checking: Checking, task: Task, certain: boolean): Runs {
  const { ground, play } = checking;
  const own = certain && !mayFail(task) && !task.when.some((one) => hasAny(one, ground.doubtful));
  const scope = ground.scope(play, task);
  const items = itemsOf(checking, task, scope, own);
  const outcomes = items.map((item): Runs => {
    const itemScope = item ? ground.scope(play, task, item) : scope;
    const holds = whenHolds(checking, task.when, itemScope, own);
    if (holds !== false) checkWork(checking, task, itemScope, own && holds === true, item);
    return holds;
  });
  const runs: Runs = outcomes.includes(true) || (outcomes.includes('perhaps') && 'perhaps');
  noteNames(ground, task, runs, own);
  if (runs !== false) checkResult(checking, task, items[0] ?? null, own && runs === true);
  return runs;
}

/** A failure of the task is expected. */
function mayFail(task: Task): boolean {
  return task.ignoreErrors !== undefined && task.ignoreErrors.raw !== false;
}

function itemsOf(
  checking: Checking,
  task: Task,
  scope: Scope,
  certain: boolean,
): readonly (Readonly<Record<string, Value>> | null)[] {
  const { loop } = task;
  if (!loop) return [null];
  // As with every condition that does not need an item: false keeps the items from mattering.
  const quiet = task.when.filter(({ names }) => !names.includes(loop.variable));
  const holds = whenHolds(checking, quiet, scope, false, true);
  if (holds === false) return [];
  const items = attempt(checking, certain && holds === true, scope, (within) => expandLoop(task, within));
  const unknownItem = {
    [loop.variable]: later,
    ansible_loop: later,
    ...(loop.indexVariable === undefined ? {} : { [loop.indexVariable]: later }),
  };
  if (isUnknown(items)) return [unknownItem];
  return items.slice(0, itemsLooked).map((item) => (item ? { ...item.variables, ansible_loop: later } : null));
}

function whenHolds(
  checking: Checking,
  conditions: readonly Expression[],
  scope: Scope,
  certain: boolean,
  silent = false,
): Runs {
  let runs: Runs = true;
  for (const condition of conditions) {
    const holds = question(checking, condition, scope, certain && runs === true, silent);
    if (holds === false) return false;
    if (isUnknown(holds)) runs = 'perhaps';
  }
  return runs;
}

function checkWork(
  checking: Checking,
  task: Task,
  scope: Scope,
  certain: boolean,
  item: Readonly<Record<string, Value>> | null,
): void {
  const { options, ground } = checking;
  const texts: readonly (Templated | undefined)[] = [
    task.become,
    task.becomeUser,
    task.becomeMethod,
    task.delegateTo,
    task.retries,
    task.delaySeconds,
    task.timeoutSeconds,
    task.noLog,
    item ? task.loop?.label : undefined,
  ];
  for (const text of texts) {
    if (text && !text.constant) attempt(checking, certain, scope, (within) => text.evaluate(within));
  }
  for (const environment of task.environment) {
    if (!environment.constant) attempt(checking, certain, scope, (within) => environmentMap(environment, within));
  }
  for (const expression of task.expressions ?? []) question(checking, expression, scope, certain);
  const args = task.args.constant
    ? task.args.evaluate(scope)
    : attempt(checking, certain, scope, (within) => task.args.evaluate(within));
  const module = options.findModule(task.module);
  // Arguments that are no map have been told by the reader.
  if (module && !task.args.constant && isJsonObject(args) && unknownIn(args) === null) {
    attempt(checking, certain, scope, (within) => evaluateArguments(task, module, within, options.redactor, false));
  }
  if (isUnknown(args) || !isJsonObject(args)) return;
  if (task.module === 'template') checkTemplate(checking, task, args['src'], scope, certain);
  if (task.module === 'set_fact' && certain && !task.loop) {
    for (const name of namesSetBy(task)) {
      if (name !== task.register) ground.set(name, args[name] ?? later);
    }
  }
}

function environmentMap(environment: Templated, scope: Scope): Value {
  const value = environment.evaluate(scope);
  if (isUnknown(value) || isJsonObject(value)) return value;
  throw new VezaError('invalid-environment', '`environment` must be a map of names to values', {
    where: environment.where,
    hint: 'Write one `NAME: value` a line.',
  });
}

/** Renders the template of a task with what is known: mistakes in it are mistakes of the task. */
function checkTemplate(checking: Checking, task: Task, src: unknown, scope: Scope, certain: boolean): void {
  if (typeof src !== 'string' || src === '') return;
  const { options, play, findings } = checking;
  try {
    const source = options.filesFor(task.role?.path ?? null, play.playbookDirectory).find(src, 'templates');
    attempt(checking, certain, scope, (within) => options.render(source, within));
  } catch (error) {
    if (error instanceof DiagnosticsError) error.diagnostics.forEach((one) => findings.add(one));
    else if (error instanceof VezaError && error.code === 'file-not-found') {
      const { code, message, hint } = error;
      // It may be made by a task before this one.
      const more = hint === undefined ? {} : { hint };
      findings.add({
        severity: 'warning',
        code,
        message,
        where: task.moduleWhere,
        length: task.module.length,
        ...more,
      });
    } else if (!(error instanceof VezaError)) throw error;
  }
}

/** What the task sets is there from now on, or may be. */
function noteNames(ground: Ground, task: Task, runs: Runs, certain: boolean): void {
  if (task.register !== undefined) {
    ground.set(task.register);
    ground.doubtful.delete(task.register);
  }
  if (task.module === 'include_vars') ground.opens();
  if (runs === false) return;
  if (makesHosts.has(task.module)) ground.grows();
  for (const name of namesSetBy(task)) {
    if (name === task.register) continue;
    if (runs === true && certain) {
      ground.doubtful.delete(name);
      if (task.loop || !Object.hasOwn(ground.facts, name)) ground.set(name);
    } else {
      if (!Object.hasOwn(ground.facts, name)) ground.doubtful.add(name);
      ground.set(name);
    }
  }
}

/** Conditions on the result, which see it under its name. */
function checkResult(
  checking: Checking,
  task: Task,
  item: Readonly<Record<string, Value>> | null,
  certain: boolean,
): void {
  const conditions = [...(task.until ?? []), ...(task.changedWhen ?? []), ...(task.failedWhen ?? [])];
  if (conditions.length === 0) return;
  const scope = checking.ground.scope(checking.play, task, item);
  for (const condition of conditions) question(checking, condition, scope, certain);
}

/** Whether a condition holds, its mistakes told. */
function question(
  checking: Checking,
  condition: Expression,
  scope: Scope,
  certain: boolean,
  silent = false,
): boolean | Unknown {
  if (checking.wrong.has(condition)) return later;
  if (!silent) for (const one of comparisonProblems(condition, scope)) checking.findings.add(one);
  return attempt(checking, certain, scope, (within) => evaluateCondition(condition, within), silent);
}

/**
 * Evaluates; what is thrown is told, and the value is unknown then. An undefined name is taken for an empty text and
 * the evaluation made again, so that the next one is told too.
 */
function attempt<T>(
  checking: Checking,
  certain: boolean,
  scope: Scope,
  evaluate: (scope: Scope) => T,
  silent = false,
): T | typeof later {
  let within = scope;
  for (let left = retries; left > 0; left -= 1) {
    try {
      const value = evaluate(within);
      return within === scope ? value : later;
    } catch (error) {
      if (!(error instanceof VezaError) || error instanceof DiagnosticsError) throw error;
      const name = undefinedName(error);
      // What comes of the text that stands in for an undefined name says nothing.
      if (silent || (within !== scope && !name)) return later;
      tell(checking, error, certain);
      if (!name || within.get(name.base) !== undefined) return later;
      within = extendScope(within, { kind: 'values', values: { [name.base]: '' } });
    }
  }
  return later;
}

function tell({ options, known, findings, ground, hosts }: Checking, error: VezaError, certain: boolean): void {
  const diagnostic = judge(error, { certain, hosts: ground.members }, known, options);
  if (diagnostic) findings.addOnHosts({ diagnostic, hosts: ground.members, of: hosts });
}

function hasAny({ names }: Expression, doubtful: ReadonlySet<string>): boolean {
  return doubtful.size > 0 && names.some((name) => doubtful.has(name));
}
