// Where the value of a variable comes from: every layer that sets it, which wins, and what loses silently.
import type { PrecedenceName } from '../inventory/precedence.ts';
import { rankOf } from '../inventory/precedence.ts';
import type { Scope, Value } from '../language/value.ts';
import type { Position } from '../lib/diagnostic.ts';
import { messageOf } from '../lib/errors.ts';
import type { Play, Task } from '../playbook/ast.ts';
import { tasksOf } from '../playbook/walk.ts';
import type { NamedLayer } from './variables.ts';

/** One layer that sets a variable. */
export interface Setter {
  readonly level: PrecedenceName;
  readonly origin: string;
  readonly where?: Position;
  /** As written, where that is a template. */
  readonly template?: unknown;
  readonly value?: Value;
  /** Why there is no value. */
  readonly problem?: string;
  readonly wins: boolean;
}

/** Every layer that sets `name`, lowest precedence first; the last one wins. `scope` is that of the layers. */
export function settersOf(layers: readonly NamedLayer[], name: string, scope: Scope): readonly Setter[] {
  const setting = layers.filter((layer) => layerHas(layer, name));
  return setting.map((layer, index) => setterOf(layer, name, scope, index === setting.length - 1));
}

function setterOf(layer: NamedLayer, name: string, scope: Scope, wins: boolean): Setter {
  const { level, origin } = layer;
  const base = { level, origin, wins };
  const variable = layer.kind === 'templated' ? layer.variables.get(name) : undefined;
  const place = variable
    ? { where: variable.where, ...(variable.constant ? {} : { template: variable.raw }) }
    : undefined;
  try {
    // The winner as everybody sees it; a loser as it would be, were it not for the others.
    const value = wins ? scope.get(name) : (variable?.evaluate(scope) ?? valueIn(layer, name));
    return { ...base, ...place, ...(value === undefined ? {} : { value }) };
  } catch (error) {
    return { ...base, ...place, problem: messageOf(error) };
  }
}

function valueIn(layer: NamedLayer, name: string): Value | undefined {
  if (layer.kind === 'values') return Object.hasOwn(layer.values, name) ? layer.values[name] : undefined;
  return layer.kind === 'lazy' ? layer.get(name) : undefined;
}

function layerHas(layer: NamedLayer, name: string): boolean {
  if (layer.kind === 'templated') return layer.variables.has(name);
  return valueIn(layer, name) !== undefined;
}

/** All names that the layers set. */
export function namesIn(layers: readonly NamedLayer[]): readonly string[] {
  const names = layers.flatMap((layer) => {
    if (layer.kind === 'lazy') return [...layer.names()];
    return layer.kind === 'values' ? Object.keys(layer.values) : [...layer.variables.keys()];
  });
  return [...new Set(names)].toSorted();
}

/** What a task of the play sets while it runs, or only for itself: it counts there, not before. */
export interface LaterSetter {
  readonly level: PrecedenceName;
  readonly origin: string;
  readonly where: Position;
}

/** Tasks, blocks, roles and includes of a play that set `name` for a part of it, lowest precedence first. */
export function laterSettersOf(play: Play, name: string): readonly LaterSetter[] {
  const tasks = [...play.sections.flatMap(({ nodes }) => tasksOf(nodes)), ...play.handlers];
  const found = new Map<string, LaterSetter>();
  for (const setter of tasks.flatMap((task) => setByTask(task, name))) {
    found.set(JSON.stringify([setter.where, setter.level]), setter);
  }
  return [...found.values()].toSorted((left, right) => rankOf(left.level) - rankOf(right.level));
}

function setByTask(task: Task, name: string): LaterSetter[] {
  const { vars, includeParams, role, register, module, args, loop, where } = task;
  const of = (level: PrecedenceName, origin: string, place: Position | undefined): LaterSetter[] =>
    place ? [{ level, origin, where: place }] : [];
  const raw = args.raw;
  const setsFact = module === 'set_fact' && typeof raw === 'object' && raw !== null && Object.hasOwn(raw, name);
  const looped = loop && (loop.variable === name || loop.indexVariable === name);
  return [
    ...vars.flatMap((layer, index) =>
      index === vars.length - 1
        ? of('task vars', 'vars of a task', layer.get(name)?.where)
        : of('block vars', 'vars of a block', layer.get(name)?.where),
    ),
    ...of('set_fact and register', 'register', register === name ? where : undefined),
    ...of('set_fact and register', 'set_fact', setsFact ? args.where : undefined),
    ...[...(role?.parents ?? []), ...(role ? [role] : [])].flatMap((one) =>
      of('role params', `parameters of role ${one.name}`, one.params.get(name)?.where),
    ),
    ...includeParams.flatMap((layer) => of('include params', 'vars of an include', layer.get(name)?.where)),
    ...of('loop variables', 'the loop of a task', looped ? where : undefined),
  ];
}

/** A value that is never used, because another layer sets the same variable. */
export interface Shadowed {
  readonly name: string;
  readonly loser: NamedLayer;
  readonly winner: NamedLayer;
  readonly loserAt: Position;
  readonly winnerAt: Position;
}

/** Levels that are there to lose. */
const meantToLose: ReadonlySet<PrecedenceName> = new Set(['names of the run', 'role defaults']);

/** Variables of files that lose to another value; defaults, and equal values, are no surprise. */
export function shadowedIn(layers: readonly NamedLayer[]): readonly Shadowed[] {
  const highest = new Map<string, { layer: NamedLayer; where: Position; raw: unknown }>();
  const shadowed: Shadowed[] = [];
  for (const layer of layers.toReversed()) {
    if (layer.kind !== 'templated' || meantToLose.has(layer.level)) continue;
    for (const [name, { where, raw }] of layer.variables) {
      const above = highest.get(name);
      if (!above) highest.set(name, { layer, where, raw });
      else if (JSON.stringify(above.raw) !== JSON.stringify(raw)) {
        shadowed.push({ name, loser: layer, winner: above.layer, loserAt: where, winnerAt: above.where });
      }
    }
  }
  return shadowed.toReversed();
}

/** The conflict report of `-vv`: one line for each value that is lost, whatever the number of hosts. */
export function shadowWarnings(
  hosts: readonly { readonly host: string; readonly layers: readonly NamedLayer[] }[],
): readonly string[] {
  const lines = new Map<string, string[]>();
  const place = ({ file, line }: Position) => `${file}:${line}`;
  for (const { host, layers } of hosts) {
    for (const { name, loser, winner, loserAt, winnerAt } of shadowedIn(layers)) {
      const line = `"${name}" of ${loser.origin} (${place(loserAt)}) is not used: ${winner.origin} sets it too (${place(winnerAt)})`;
      lines.set(line, [...(lines.get(line) ?? []), host]);
    }
  }
  return [...lines].map(([line, on]) => `${line}, on ${on.slice(0, 5).join(', ')}${on.length > 5 ? ', ...' : ''}`);
}
