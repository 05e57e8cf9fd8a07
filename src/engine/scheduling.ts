// What a task says of hosts and time: whether one host does it for all, whether hosts wait for each other, how many at once.
import { isUnknown } from '../core/unknown.ts';
import { VezaError } from '../lib/errors.ts';
import { isJsonObject } from '../lib/json.ts';
import type { Scope, Templated } from '../language/value.ts';
import type { Task } from '../playbook/ast.ts';
import type { Meeting } from './meeting.ts';
import type { HostRun } from './host.ts';
import { toBoolean } from './identity.ts';
import { connectionCodes } from './ports.ts';
import { scopeOf, type PlayVariables, type RunState } from './variables.ts';

interface Context {
  readonly run: RunState;
  readonly host: HostRun;
  readonly play: PlayVariables;
  readonly meeting: Meeting;
}

/** `meta` whose effect is on all hosts of the play. */
const forAll: readonly unknown[] = ['end_play', 'end_batch', 'clear_host_errors', 'clear_facts', 'refresh_inventory'];

/** Whether all hosts come to the task before any works it, and wait until it is done. The same for every host. */
export function meets(task: Task, { run, meeting, play }: Context): boolean {
  if (meeting.everyTask || mayBeOnce(run, task)) return true;
  // Who asks for the members of a group that tasks make must find all of them.
  if (task.module === 'group_by') return true;
  if (task.module === 'meta') return isJsonObject(task.args.raw) && forAll.includes(task.args.raw['action']);
  const { delegateTo } = task;
  if (!delegateTo) return false;
  // A host that converges itself must be where the task is, and must see what others did to it.
  return !delegateTo.constant || play.batchHosts.includes(String(delegateTo.raw));
}

/** Whether one host may do the task for all. Orders to the run are each host's own. */
export function mayBeOnce(run: RunState, task: Task): boolean {
  if (task.module === 'meta') return false;
  return (task.runOnce !== undefined && task.runOnce.raw !== false) || isOnceByItself(run, task);
}

/** What it does is for the whole run (`add_host`). */
function isOnceByItself({ options }: RunState, { module }: Task): boolean {
  return options.findModule(module)?.oncePerBatch === true;
}

export interface Plan {
  /** One host does it for all. */
  readonly once: boolean;
  /** What it sets, all hosts have then (`run_once`). */
  readonly shares: boolean;
  /** How many hosts may work at it at once; 0: any number. */
  readonly throttle: number;
  readonly ignoresUnreachable: boolean;
  /** What is wrong with what the task says of all this: its failure. */
  readonly problem: VezaError | null;
}

const plain: Plan = { once: false, shares: false, throttle: 0, ignoresUnreachable: false, problem: null };

/** What a task says of its scheduling on this host. */
export function planOf(task: Task, { run, host, play }: Context): Plan {
  const { runOnce, throttle, ignoreUnreachable } = task;
  const always = isOnceByItself(run, task);
  if (!always && !runOnce && !throttle && !ignoreUnreachable) return plain;
  const scope = scopeOf(run, host, play, task);
  try {
    const shares = mayBeOnce(run, task) && toBoolean(runOnce?.evaluate(scope) ?? false, 'run_once');
    return {
      once: always || shares,
      shares,
      throttle: throttle ? limitOf(throttle, scope) : 0,
      ignoresUnreachable:
        ignoreUnreachable !== undefined && toBoolean(ignoreUnreachable.evaluate(scope), 'ignore_unreachable'),
      problem: null,
    };
  } catch (error) {
    if (!(error instanceof VezaError)) throw error;
    return { ...plain, problem: error };
  }
}

function limitOf(throttle: Templated, scope: Scope): number {
  const value = throttle.evaluate(scope);
  const limit = Number(value);
  if (!isUnknown(value) && Number.isInteger(limit) && limit >= 0) return limit;
  throw new VezaError('not-a-number', `\`throttle\` must be a number of hosts, but is ${JSON.stringify(value)}`, {
    where: throttle.where,
  });
}

/** Whether an error says that a host cannot be reached, and not that the run was interrupted. */
export function isOutOfReach(error: unknown): error is VezaError {
  return error instanceof VezaError && connectionCodes.has(error.code) && error.code !== 'cancelled';
}
