// Before a section begins: one probe for everything that its tasks can be seen to need already.
// Reading more than is needed costs little; a round trip costs much. What is guessed here is never acted on.
import { isUnknown, unknown } from '../core/unknown.ts';
import { VezaError } from '../lib/errors.ts';
import { isJsonObject } from '../lib/json.ts';
import type { Value } from '../language/value.ts';
import type { Include, Task } from '../playbook/ast.ts';
import { flattened } from '../playbook/walk.ts';
import { conditionsHold } from './decide.ts';
import { prepareArguments, runControl, wantsOf } from './item.ts';
import { openInclude, type LoopVariables } from './includes.ts';
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
  upcoming: readonly (Task | Include)[],
  more: readonly Look[] = [],
): Promise<void> {
  const { run, host } = context;
  const ahead = looksOfSteps(context, upcoming, {});
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

/** What the steps need; `later` holds what earlier ones will have set, and gets what these will set. */
function looksOfSteps(context: AheadContext, steps: readonly (Task | Include)[], later: Record<string, Value>): Look[] {
  const chosen = steps.filter((step) => context.selected(headOf(step)));
  for (const step of chosen) {
    const { register } = headOf(step);
    if (register !== undefined) later[register] = unknown('not run yet');
  }
  return chosen.filter((step) => context.foreseeable(headOf(step))).flatMap((step) => looksOf(context, step, later));
}

function headOf(step: Task | Include): Task {
  return step.kind === 'task' ? step : step.task;
}

function looksOf(context: AheadContext, step: Task | Include, later: Record<string, Value>): Look[] {
  const { run, host, play } = context;
  const task = headOf(step);
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
  return items.flatMap((item) => {
    const variables = item?.variables ?? {};
    const looks = attempt(() =>
      step.kind === 'task'
        ? looksOfItem(context, task, { ...later, ...variables }, later)
        : looksInside(context, step, variables, later),
    );
    return looks ?? [];
  });
}

/** What an include leads to is looked at too, where it is known by now. */
function looksInside(
  context: AheadContext,
  include: Include,
  loop: LoopVariables,
  later: Record<string, Value>,
): Look[] {
  const { run, host, play } = context;
  const scope = scopeOf(run, host, play, include.task, { ...later, ...loop });
  const opening = openInclude(include, scope, loop);
  return opening.kind === 'skip' || !opening.inclusion
    ? []
    : looksOfSteps(context, flattened(opening.inclusion.nodes), later);
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
