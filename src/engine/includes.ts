// Opens include_tasks and include_role on one host: what they name there, with the variables of their loop over it.
import { isUnknown, type Unknown } from '../core/unknown.ts';
import { constantValue } from '../language/templated.ts';
import type { Scope, Value, Variables } from '../language/value.ts';
import { DiagnosticsError } from '../lib/errors.ts';
import { isJsonObject, type JsonObject } from '../lib/json.ts';
import type { Include, Inclusion, Node, RoleUse, Task } from '../playbook/ast.ts';
import { unknownIn } from './arguments.ts';
import { conditionsHold } from './decide.ts';

export type LoopVariables = Readonly<Record<string, Value>>;

export type Opening =
  | { readonly kind: 'skip' }
  /** Whether it is included is not known; what it would be may be. */
  | { readonly kind: 'unknown'; readonly unknown: Unknown; readonly inclusion: Inclusion | null }
  | { readonly kind: 'open'; readonly inclusion: Inclusion; readonly args: JsonObject };

/** What one item of an include leads to. Throws VezaError for mistakes in it and in what it names. */
export function openInclude(include: Include, scope: Scope, loop: LoopVariables): Opening {
  const holds = conditionsHold(include.task.when, scope);
  if (holds === false) return { kind: 'skip' };
  const args = include.task.args.evaluate(scope);
  const open = isUnknown(holds) ? holds : unknownIn(args);
  if (unknownIn(args) || !isJsonObject(args)) {
    return { kind: 'unknown', unknown: open ?? unnamed(include), inclusion: null };
  }
  const inclusion = withLoop(include, readInclusion(include, args), loop);
  return open ? { kind: 'unknown', unknown: open, inclusion } : { kind: 'open', inclusion, args };
}

function readInclusion(include: Include, args: JsonObject): Inclusion {
  const inclusion = include.known ?? include.read(args);
  const errors = inclusion.diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new DiagnosticsError(errors);
  return inclusion;
}

function unnamed({ task }: Include): never {
  throw new DiagnosticsError([
    { severity: 'error', code: 'missing-argument', message: `${task.module} has no arguments`, where: task.where },
  ]);
}

/** How many layers of include params what is inside has from the include and what is around it. */
function paramsInside({ task }: Include): number {
  return task.includeParams.length + (task.vars.at(-1)?.size ? 1 : 0);
}

/** Copies with the same loop variables are the same nodes, so that hosts whose items are the same share their tasks. */
const copies = new WeakMap<Inclusion, Map<string, Inclusion>>();

function withLoop(include: Include, inclusion: Inclusion, loop: LoopVariables): Inclusion {
  if (Object.keys(loop).length === 0) return inclusion;
  const known = copies.get(inclusion) ?? new Map<string, Inclusion>();
  copies.set(inclusion, known);
  const key = JSON.stringify(loop);
  const copy = known.get(key) ?? withLayer(inclusion, layerOf(include, loop));
  known.set(key, copy);
  return copy;
}

/** Variables, and between which others they belong. */
interface Layer {
  readonly variables: Variables;
  readonly index: number;
}

function layerOf(include: Include, loop: LoopVariables): Layer {
  const variables = Object.entries(loop).map(([name, value]) => [name, constantValue(value, include.where)] as const);
  return { variables: new Map(variables), index: paramsInside(include) };
}

function withLayer(inclusion: Inclusion, layer: Layer): Inclusion {
  const nodes = (list: readonly Node[]) => list.map((node) => nodeWith(node, layer));
  const roles = inclusion.roles.map((role): RoleUse => ({ ...role, ...paramsWith(role, layer) }));
  return { ...inclusion, nodes: nodes(inclusion.nodes), handlers: nodes(inclusion.handlers), roles };
}

function nodeWith(node: Node, layer: Layer): Node {
  const nodes = (list: readonly Node[]) => list.map((one) => nodeWith(one, layer));
  switch (node.kind) {
    case 'task':
      return taskWith(node, layer);
    case 'block':
      return { ...node, nodes: nodes(node.nodes), rescue: nodes(node.rescue), always: nodes(node.always) };
    case 'include': {
      const { known, read, task, ...rest } = node;
      return {
        ...rest,
        task: taskWith(task, layer),
        read: (args) => withLayer(read(args), layer),
        ...(known && { known: withLayer(known, layer) }),
      };
    }
    default:
      return node satisfies never;
  }
}

function taskWith(task: Task, layer: Layer): Task {
  return { ...task, ...paramsWith(task, layer) };
}

function paramsWith(
  { includeParams }: { readonly includeParams: readonly Variables[] },
  { variables, index }: Layer,
): { readonly includeParams: readonly Variables[] } {
  return { includeParams: [...includeParams.slice(0, index), variables, ...includeParams.slice(index)] };
}
