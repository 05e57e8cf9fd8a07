// Every name that anything defines anywhere: tells a slip of the finger from a variable that only some have.
import type { Inventory } from '../inventory/model.ts';
import type { Variables } from '../language/value.ts';
import type { Position } from '../lib/diagnostic.ts';
import { isJsonObject } from '../lib/json.ts';
import type { Task } from '../playbook/ast.ts';
import type { LintOptions } from './options.ts';
import { tasksOfPlay } from './tasks-of.ts';

export class Known {
  readonly #options: LintOptions;
  #all: ReadonlySet<string> | null = null;
  #inVariables: ReadonlySet<string> | null = null;
  #registered: ReadonlyMap<string, Position> | null = null;

  constructor(options: LintOptions) {
    this.#options = options;
  }

  /** Whether any layer of any host, role, play or task has the name. */
  somewhere(name: string): boolean {
    return this.names().has(name);
  }

  names(): ReadonlySet<string> {
    this.#all ??= collect(this.#options, this.#tasks());
    return this.#all;
  }

  /** Whether a variable has the name, or asks for it in its value. */
  matters(name: string): boolean {
    this.#inVariables ??= namesInVariables(this.#options, this.#tasks());
    return this.#inVariables.has(name);
  }

  /** Where a task first registers or sets it. */
  registeredAt(name: string): Position | undefined {
    this.#registered ??= registrations(this.#tasks());
    return this.#registered.get(name);
  }

  hostsWith(name: string): readonly string[] {
    return hostsWith(this.#options.inventory, name);
  }

  /** Whether the text of any file looks as if it defined the name: for playbooks that could not be read in full. */
  mayBeDefinedIn(name: string): boolean {
    const pattern = new RegExp(`\\b${name}\\b["']?\\s*:|(?:register|loop_var|index_var)\\s*:\\s*["']?${name}\\b`);
    return [...this.#options.sources.values()].some((text) => pattern.test(text));
  }

  #tasks(): readonly Task[] {
    return this.#options.playbooks.flatMap(({ plays }) => plays.flatMap((play) => [...tasksOfPlay(play)]));
  }
}

function collect(options: LintOptions, tasks: readonly Task[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const variables of allVariables(options, tasks)) for (const name of variables.keys()) names.add(name);
  for (const task of tasks) {
    for (const name of namesSetBy(task)) names.add(name);
    if (task.loop) names.add(task.loop.variable);
    if (task.loop?.indexVariable !== undefined) names.add(task.loop.indexVariable);
  }
  return names;
}

function namesInVariables(options: LintOptions, tasks: readonly Task[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const variables of allVariables(options, tasks)) {
    for (const [name, value] of variables) {
      names.add(name);
      for (const other of value.names) names.add(other);
    }
  }
  return names;
}

/** Every layer of variables of hosts, plays, roles and tasks, each once. */
function allVariables(options: LintOptions, tasks: readonly Task[]): ReadonlySet<Variables> {
  const seen = new Set<Variables>([options.extraVars]);
  const add = (variables: Variables) => void seen.add(variables);
  for (const host of options.inventory?.hosts.values() ?? []) for (const layer of host.layers) add(layer.variables);
  for (const { plays } of options.playbooks) for (const play of plays) add(play.vars);
  for (const task of tasks) {
    task.vars.forEach(add);
    task.includeParams.forEach(add);
    for (const role of task.role ? [...task.role.parents, task.role] : []) {
      add(role.defaults);
      add(role.vars);
      add(role.params);
      add(role.entryVars);
    }
  }
  return seen;
}

/** What a task registers and, with set_fact, sets. */
export function namesSetBy(task: Task): readonly string[] {
  const { raw } = task.args;
  const set = task.module === 'set_fact' && isJsonObject(raw) ? Object.keys(raw).filter(isFactName) : [];
  return task.register === undefined ? set : [task.register, ...set];
}

function isFactName(name: string): boolean {
  return name !== 'cacheable' && !name.includes('{{');
}

function registrations(tasks: readonly Task[]): ReadonlyMap<string, Position> {
  const places = new Map<string, Position>();
  for (const task of tasks) {
    for (const name of namesSetBy(task)) if (!places.has(name)) places.set(name, task.where);
  }
  return places;
}

function hostsWith(inventory: Inventory | null, name: string): readonly string[] {
  const hosts = [...(inventory?.hosts.values() ?? [])];
  return hosts.filter(({ layers }) => layers.some(({ variables }) => variables.has(name))).map((host) => host.name);
}
