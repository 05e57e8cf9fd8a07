// Works one item of a task on one host as far as it goes without waiting for changes: an intermediate state
// is "the changes decided so far must be applied first", which the caller does before asking again.
import { isUnknown, type Unknown } from '../core/unknown.ts';
import type { CloudModule, ContactModule, ControlModule, ModuleContext, StateModule } from '../core/module.ts';
import { VezaError } from '../lib/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../lib/json.ts';
import { extendScope } from '../language/scope.ts';
import type { Scope, Value } from '../language/value.ts';
import type { Task } from '../playbook/ast.ts';
import { compileExpression } from '../language/expression.ts';
import { evaluateArguments, unknownIn } from './arguments.ts';
import { conditionsHold, stepTimeoutMs, type Decision } from './decide.ts';
import type { HostRun } from './host.ts';
import { toBoolean } from './identity.ts';
import type { EngineOptions } from './options.ts';
import { delegateOf, placeOf, type Place } from './place.ts';
import type { ItemRecord, TaskRecord } from './record.ts';
import type { PlayVariables, RunState } from './variables.ts';

/** An item whose condition holds and whose arguments are known. */
export interface Ready {
  readonly kind: 'ready';
  readonly module:
    StateModule<JsonObject> | ControlModule<JsonObject> | ContactModule<JsonObject> | CloudModule<JsonObject>;
  readonly args: JsonObject;
  /** Where it is worked. Throws VezaError for what is wrong with the variables of the connection. */
  readonly place: () => Place;
  readonly delegate: HostRun | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly context: ModuleContext;
  readonly verbosity: number;
}

export type Preparation =
  | Ready
  | { readonly kind: 'skip'; readonly condition?: string }
  | { readonly kind: 'unknown'; readonly unknown: Unknown };

/** Thrown out of a module that renders a template whose values are not known yet. */
class UnknownContent extends Error {
  readonly unknown: Unknown;
  constructor(open: Unknown) {
    super(open.reason);
    this.unknown = open;
  }
}

interface ItemContext {
  readonly run: RunState;
  readonly host: HostRun;
  readonly play: PlayVariables;
}

/** Evaluates conditions and arguments; `extra` are loop variables. Throws VezaError for mistakes in them. */
export function prepareItem(
  context: ItemContext,
  task: Task,
  scope: Scope,
  extra: Readonly<Record<string, Value>>,
  taskName: string,
): Preparation {
  const holds = conditionsHold(task.when, scope);
  if (holds === false) {
    const failed = task.when.find((condition) => conditionsHold([condition], scope) === false);
    return { kind: 'skip', ...(failed === undefined ? {} : { condition: failed.source }) };
  }
  if (isUnknown(holds)) return { kind: 'unknown', unknown: holds };
  return prepareArguments(context, task, scope, extra, taskName);
}

/** As prepareItem, whatever the conditions say, and with `guess` without the arguments that are not known: for looking ahead. */
export function prepareArguments(
  context: ItemContext,
  task: Task,
  outer: Scope,
  extra: Readonly<Record<string, Value>>,
  taskName: string,
  guess = false,
): Preparation {
  const { run, play } = context;
  const { options } = run;
  const delegate = delegateOf(run, task, outer);
  if (isUnknown(delegate)) return { kind: 'unknown', unknown: delegate };
  const scope = delegate ? withDelegatedVars(outer, delegate) : outer;
  const module = options.findModule(task.module);
  if (!module) throw new VezaError('unknown-module', `unknown module "${task.module}"`, { where: task.moduleWhere });
  const args = evaluateArguments(task, module, scope, options.redactor, guess);
  if (isUnknown(args)) return { kind: 'unknown', unknown: args };
  const environment = environmentOf(task, scope);
  if (isUnknown(environment)) return { kind: 'unknown', unknown: environment };
  const given: ModuleContext = {
    taskName,
    checkMode: options.checkMode,
    environment,
    files: options.filesFor(task.role?.path ?? null, play.playbookDirectory),
    render: (source) => {
      const text = options.render(source, scope);
      if (isUnknown(text)) throw new UnknownContent(text);
      return text;
    },
  };
  let known: Place | undefined;
  const place = () => (known ??= placeOf(context, task, scope, delegate, extra));
  const verbosity = options.verbosity ?? 0;
  return { kind: 'ready', module, args, place, delegate, environment, context: given, verbosity };
}

/** `ansible_delegated_vars`: the variables of the host that the task is delegated to. */
function withDelegatedVars(scope: Scope, { host }: HostRun): Scope {
  const name = 'ansible_delegated_vars';
  const get = (wanted: string): Value | undefined => {
    if (wanted !== name) return undefined;
    const all = scope.get('hostvars');
    return { [host.name]: (isJsonObject(all) && (all as Record<string, Value>)[host.name]) || {} };
  };
  return extendScope(scope, { kind: 'lazy', get, names: () => [name] });
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
  return {
    record,
    item,
    module,
    args: ready.args,
    place: ready.place(),
    environment: ready.environment,
    timeoutMs: stepTimeoutMs(task.timeoutSeconds?.evaluate(item.scope)),
    ...modesOf(options, task, item.scope),
    taskName: ready.context.taskName,
  };
}

/** What the task itself says of check mode and differences, over what the run says. */
export function modesOf(
  options: EngineOptions,
  task: Task,
  scope: Scope,
): Pick<Decision, 'checkMode' | 'diff' | 'foresee'> {
  const checkMode =
    task.checkMode === undefined ? options.checkMode : toBoolean(task.checkMode.evaluate(scope), 'check_mode');
  const diff = task.diff === undefined ? options.diff : toBoolean(task.diff.evaluate(scope), 'diff');
  return { checkMode, diff, foresee: !checkMode || options.checkMode };
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
