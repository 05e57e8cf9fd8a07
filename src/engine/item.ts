// Works one item of a task on one host as far as it goes without waiting for changes: an intermediate state
// is "the changes decided so far must be applied first", which the caller does before asking again.
import { isUnknown, type Unknown } from '../core/unknown.ts';
import type { ContactModule, ControlModule, ModuleContext, StateModule } from '../core/module.ts';
import { VezaError } from '../lib/errors.ts';
import type { Json, JsonObject } from '../lib/json.ts';
import type { Scope } from '../language/value.ts';
import type { Task } from '../playbook/ast.ts';
import { compileExpression } from '../language/expression.ts';
import { evaluateArguments, unknownIn } from './arguments.ts';
import { conditionsHold, stepTimeoutMs, type Decision } from './decide.ts';
import { identityOf, toBoolean } from './identity.ts';
import type { EngineOptions } from './options.ts';
import type { Identity } from './ports.ts';
import type { ItemRecord, TaskRecord } from './record.ts';

/** An item whose condition holds and whose arguments are known. */
export interface Ready {
  readonly kind: 'ready';
  readonly module: StateModule<JsonObject> | ControlModule<JsonObject> | ContactModule<JsonObject>;
  readonly args: JsonObject;
  readonly identity: Identity;
  readonly environment: Readonly<Record<string, string>>;
  readonly context: ModuleContext;
  readonly verbosity: number;
}

export type Preparation =
  | Ready
  | { readonly kind: 'skip'; readonly condition?: string }
  | { readonly kind: 'unknown'; readonly unknown: Unknown };

/** Thrown out of a module that renders a template whose values are not known yet. */
export class UnknownContent extends Error {
  readonly unknown: Unknown;
  constructor(open: Unknown) {
    super(open.reason);
    this.unknown = open;
  }
}

/** Evaluates conditions and arguments. Throws VezaError for mistakes in them. */
export function prepareItem(
  options: EngineOptions,
  task: Task,
  scope: Scope,
  playbookDirectory: string,
  taskName: string,
): Preparation {
  const holds = conditionsHold(task.when, scope);
  if (holds === false) {
    const failed = task.when.find((condition) => conditionsHold([condition], scope) === false);
    return { kind: 'skip', ...(failed === undefined ? {} : { condition: failed.source }) };
  }
  if (isUnknown(holds)) return { kind: 'unknown', unknown: holds };
  return prepareArguments(options, task, scope, playbookDirectory, taskName);
}

/** As prepareItem, whatever the conditions say, and with `guess` without the arguments that are not known: for looking ahead. */
export function prepareArguments(
  options: EngineOptions,
  task: Task,
  scope: Scope,
  playbookDirectory: string,
  taskName: string,
  guess = false,
): Preparation {
  const module = options.findModule(task.module);
  if (!module) throw new VezaError('unknown-module', `unknown module "${task.module}"`, { where: task.moduleWhere });
  const args = evaluateArguments(task, module, scope, options.redactor, guess);
  if (isUnknown(args)) return { kind: 'unknown', unknown: args };
  const environment = environmentOf(task, scope);
  if (isUnknown(environment)) return { kind: 'unknown', unknown: environment };
  const context: ModuleContext = {
    taskName,
    checkMode: options.checkMode,
    environment,
    files: options.filesFor(task.role?.path ?? null, playbookDirectory),
    render: (source) => {
      const text = options.render(source, scope);
      if (isUnknown(text)) throw new UnknownContent(text);
      return text;
    },
  };
  const identity = identityOf(task, scope, options.connection);
  if (identity.password !== undefined) options.redactor.add(identity.password);
  return { kind: 'ready', module, args, identity, environment, context, verbosity: options.verbosity ?? 0 };
}

function environmentOf(task: Task, scope: Scope): Record<string, string> | Unknown {
  const environment: Record<string, string> = {};
  for (const templated of task.environment) {
    const layer = templated.evaluate(scope);
    const open = unknownIn(layer);
    if (open) return open;
    if (typeof layer !== 'object' || layer === null || Array.isArray(layer)) {
      throw new VezaError('invalid-environment', '`environment` must be a map of names to values', {
        where: templated.where,
      });
    }
    for (const [name, value] of Object.entries(layer)) environment[name] = String(value);
  }
  return environment;
}

/** The wants of a state module, or what is unknown in the templates that they need. */
export function wantsOf(
  ready: Ready,
  module: StateModule<JsonObject>,
): ReturnType<StateModule<JsonObject>['wants']> | Unknown {
  try {
    return module.wants(ready.args, ready.context);
  } catch (error) {
    if (error instanceof UnknownContent) return error.unknown;
    throw error;
  }
}

/** Everything that deciding the wants of an item needs. */
export function decisionFor(
  options: EngineOptions,
  record: TaskRecord,
  item: ItemRecord,
  ready: Ready,
  module: StateModule<JsonObject>,
): Decision {
  const { task } = record;
  const taskCheck =
    task.checkMode === undefined ? options.checkMode : toBoolean(task.checkMode.evaluate(item.scope), 'check_mode');
  const diff = task.diff === undefined ? options.diff : toBoolean(task.diff.evaluate(item.scope), 'diff');
  return {
    record,
    item,
    module,
    args: ready.args,
    identity: ready.identity,
    environment: ready.environment,
    timeoutMs: stepTimeoutMs(task.timeoutSeconds?.evaluate(item.scope)),
    diff,
    checkMode: taskCheck,
    foresee: !taskCheck || options.checkMode,
    taskName: ready.context.taskName,
  };
}

/** Runs a control module. Expressions in its arguments are evaluated in the item's scope. */
export function runControl(
  module: ControlModule<JsonObject>,
  ready: Ready,
  item: ItemRecord,
  task: Task,
): ReturnType<ControlModule<JsonObject>['control']> | Unknown {
  const open: Unknown[] = [];
  const evaluate = (source: string): Json => {
    const { expression, diagnostics } = compileExpression(source, task.args.where);
    if (!expression)
      throw new VezaError('invalid-expression', diagnostics[0]?.message ?? 'invalid expression', {
        where: task.args.where,
      });
    const value = expression.evaluate(item.scope);
    const found = unknownIn(value);
    if (found) open.push(found);
    // Unknown parts never leave this function: see below.
    return value as Json;
  };
  try {
    const { verbosity, context } = ready;
    const { taskName, checkMode } = context;
    const result = module.control(ready.args, { taskName, checkMode, evaluate, verbosity });
    return open[0] ?? result;
  } catch (error) {
    // What it makes of a value that is not known means nothing.
    if (open[0] && error instanceof VezaError) return open[0];
    throw error;
  }
}
