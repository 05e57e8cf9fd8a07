// Before a section begins: one probe for everything that its tasks can be seen to need already.
// Reading more than is needed costs little; a round trip costs much. What is guessed here is never acted on.
import { isUnknown, unknown } from '../core/unknown.ts';
import { VezaError } from '../lib/errors.ts';
import { isJsonObject } from '../lib/json.ts';
import type { Value } from '../language/value.ts';
import type { Node, Task } from '../playbook/ast.ts';
import { conditionsHold } from './decide.ts';
import { prepareArguments, runControl, wantsOf } from './item.ts';
import { expandLoop, newItem } from './loop.ts';
import { probe, type Look } from './probe.ts';
import { scopeOf, type PlayVariables, type RunState } from './variables.ts';
import type { HostRun } from './host.ts';
import { connectionCodes } from './ports.ts';

interface AheadContext {
  readonly run: RunState;
  readonly host: HostRun;
  readonly play: PlayVariables;
  readonly selected: (task: Task) => boolean;
  /** False for tasks that another host does, or that wait for other hosts before they look at them. */
  readonly foreseeable: (task: Task) => boolean;
}

/**
 * Looks at what tasks need, and at `more`, in one round trip for each host that is looked at; nothing where nothing can
 * be seen yet. Who asks for `more` on another host has its turn there.
 */
export async function lookAhead(
  context: AheadContext,
  upcoming: readonly Task[],
  more: readonly Look[] = [],
): Promise<void> {
  const { run, host } = context;
  const tasks = upcoming.filter((task) => context.selected(task) && context.foreseeable(task));
  const later: Record<string, Value> = {};
  for (const task of tasks) if (task.register !== undefined) later[task.register] = unknown('not run yet');
  const ahead = tasks.flatMap((task) => looksOf(context, task, later));
  const atHand = new Set([host, ...more.map(({ place }) => place.host)]);
  const elsewhere = atHand.size > 1 ? [] : ahead.filter(({ place }) => !atHand.has(place.host));
  await Promise.all([
    lookAtHand(run, more, [...more, ...ahead.filter(({ place }) => atHand.has(place.host))]),
    ...[...Map.groupBy(elsewhere, ({ place }) => place.host)].map(([other, looks]) => lookElsewhere(run, other, looks)),
  ]);
}

async function lookAtHand(run: RunState, needed: readonly Look[], looks: readonly Look[]): Promise<void> {
  try {
    await probe(run, looks);
  } catch (error) {
    if (!(error instanceof VezaError) || connectionCodes.has(error.code)) throw error;
    // What cannot be looked at may not be needed; if it is, its task will say so.
    if (needed.length > 0) await probe(run, needed);
  }
}

/** On hosts that tasks are delegated to. Whether they can be reached is said when a task needs them. */
async function lookElsewhere(run: RunState, host: HostRun, looks: readonly Look[]): Promise<void> {
  try {
    await host.turns.hold(() => probe(run, looks));
  } catch (error) {
    if (!(error instanceof VezaError) || error.code === 'cancelled') throw error;
  }
}

/** Whether it may be one that `no_log` hides. */
export function isHidden(task: Task): boolean {
  return task.noLog !== undefined && task.noLog.raw !== false;
}

export function tasksOf(nodes: readonly Node[]): Task[] {
  return nodes.flatMap((node) =>
    node.kind === 'task' ? [node] : [...tasksOf(node.nodes), ...tasksOf(node.rescue), ...tasksOf(node.always)],
  );
}

function looksOf(context: AheadContext, task: Task, later: Record<string, Value>): Look[] {
  const { run, host, play } = context;
  const attempt = <T>(compute: () => T): T | null => {
    try {
      return compute();
    } catch (error) {
      // A mistake that matters will be met again, with its place, when the task's turn comes.
      if (error instanceof VezaError) return null;
      throw error;
    }
  };
  const scope = scopeOf(run, host, play, task, later);
  const items = attempt(() => expandLoop(task, scope));
  if (items === null || isUnknown(items)) return [];
  return items.flatMap(
    (item) => attempt(() => looksOfItem(context, task, { ...later, ...item?.variables }, later)) ?? [],
  );
}

function looksOfItem(
  context: AheadContext,
  task: Task,
  variables: Record<string, Value>,
  later: Record<string, Value>,
): Look[] {
  const { run, host, play } = context;
  const scope = scopeOf(run, host, play, task, variables);
  if (conditionsHold(task.when, scope) === false) return [];
  const preparation = prepareArguments(context, task, scope, variables, '', true);
  if (preparation.kind !== 'ready') return [];
  const { module } = preparation;
  if (module.kind === 'control') {
    // What it would set is not known yet, unless it can be computed now.
    if (task.module === 'set_fact' && isJsonObject(task.args.raw)) {
      for (const name of Object.keys(task.args.raw)) later[name] = unknown('not set yet');
    }
    const outcome = runControl(module, preparation, newItem(task, scope, 0, null), task);
    if (!isUnknown(outcome)) Object.assign(later, outcome.facts);
    return [];
  }
  if (module.kind !== 'state') return [];
  const wants = wantsOf(preparation, module);
  return isUnknown(wants) ? [] : wants.map((want) => ({ place: preparation.place(), want, hidden: isHidden(task) }));
}
