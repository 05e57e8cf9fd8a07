// Before a section begins: one probe for everything that its tasks can be seen to need already.
// Reading more than is needed costs little; a round trip costs much. What is guessed here is never acted on.
import { isUnknown, unknown } from '../core/unknown.ts';
import { VezaError } from '../lib/errors.ts';
import { isJsonObject } from '../lib/json.ts';
import type { Scope, Value } from '../language/value.ts';
import type { Include, Task } from '../playbook/ast.ts';
import { flattened } from '../playbook/walk.ts';
import { conditionsHold } from './decide.ts';
import { factLook, gatherOthers } from './gather.ts';
import { prepareArguments, runControl, wantsOf } from './item.ts';
import { openInclude, type LoopVariables } from './includes.ts';
import { expandLoop, newItem } from './loop.ts';
import { probe, type Look } from './probe.ts';
import { scopeOf, type PlayVariables, type RunState } from './variables.ts';
import type { HostRun } from './host.ts';
import { connectionCodes, type Session } from './ports.ts';

interface AheadContext {
  readonly run: RunState;
  readonly host: HostRun;
  readonly play: PlayVariables;
  readonly selected: (task: Task) => boolean;
}

/** Looks at what tasks need, and at `more`, in one round trip; nothing where nothing can be seen yet. */
export async function lookAhead(
  context: AheadContext,
  upcoming: readonly (Task | Include)[],
  session: () => Promise<Session>,
  more: readonly Look[] = [],
): Promise<void> {
  const { run, host, play } = context;
  const { state } = host;
  const ahead = looksOfSteps(context, upcoming, {});
  const facts = host.gathered.wanted ? factLook(run, host, play) : null;
  host.gathered.wanted = false;
  const unseen = [...more, ...(facts ? [facts] : []), ...ahead].filter(({ want }) => !state.knows(want));
  const [others] = await Promise.all([gatherOthers(run, host, play), lookAt(context, unseen, session, more)]);
  const learned = facts !== null && state.knows(facts.want);
  if (learned) facts.learn();
  // With facts at hand, more can be seen.
  if (others || learned) await lookAhead(context, upcoming, session);
}

async function lookAt(
  context: AheadContext,
  unseen: readonly Look[],
  session: () => Promise<Session>,
  more: readonly Look[],
): Promise<void> {
  if (unseen.length === 0) return;
  const { state } = context.host;
  const { signal } = context.run.options;
  const connection = await session();
  try {
    await probe(connection, state, unseen, signal);
  } catch (error) {
    if (!(error instanceof VezaError) || connectionCodes.has(error.code)) throw error;
    // What cannot be looked at may not be needed; if it is, its task will say so.
    if (more.length > 0) await probe(connection, state, more, signal);
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
  return chosen.flatMap((step) => looksOf(context, step, later));
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
  if (host.gathered.open) for (const name of namesAtItsEnd(task)) attempt(() => scope.get(name));
  const items = attempt(() => expandLoop(task, scope));
  if (items === null || isUnknown(items)) return [];
  return items.flatMap((item) => {
    const itemScope = () => scopeOf(run, host, play, task, { ...later, ...item?.variables });
    const looks = attempt(() =>
      step.kind === 'task'
        ? looksOfItem(context, task, itemScope(), later)
        : looksInside(context, step, itemScope(), item?.variables ?? {}, later),
    );
    return looks ?? [];
  });
}

/** What an include leads to is looked at too, where it is known by now. */
function looksInside(
  context: AheadContext,
  include: Include,
  scope: Scope,
  loop: LoopVariables,
  later: Record<string, Value>,
): Look[] {
  const opening = openInclude(include, scope, loop);
  return opening.kind === 'skip' || !opening.inclusion
    ? []
    : looksOfSteps(context, flattened(opening.inclusion.nodes), later);
}

/** Names that a task uses only when it is done, or nearly: facts among them must be there by then. */
function namesAtItsEnd(task: Task): readonly string[] {
  const conditions = [...(task.changedWhen ?? []), ...(task.failedWhen ?? []), ...(task.until ?? [])];
  const { loop, noLog, ignoreErrors, retries, delaySeconds, checkMode, diff } = task;
  const values = [loop?.label, loop?.pauseSeconds, noLog, ignoreErrors, retries, delaySeconds, checkMode, diff];
  return [...conditions, ...values, ...task.notify].flatMap((one) => one?.names ?? []);
}

function looksOfItem(context: AheadContext, task: Task, scope: Scope, later: Record<string, Value>): Look[] {
  const { run, play } = context;
  if (conditionsHold(task.when, scope) === false) return [];
  const preparation = prepareArguments(run.options, task, scope, play.playbookDirectory, '', true);
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
  return isUnknown(wants)
    ? []
    : wants.map((want) => ({ identity: preparation.identity, want, hidden: isHidden(task) }));
}
