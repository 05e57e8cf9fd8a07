// Where the work of a task is done: on its own host or on the one it is delegated to, over which connection, as whom.
// Connection and identity are of the place; all other variables stay those of the host that the task is for.
import { isUnknown, type Unknown } from '../core/unknown.ts';
import { VezaError } from '../lib/errors.ts';
import { isOmit } from '../language/values.ts';
import { nearestName } from '../lib/suggest.ts';
import type { Scope, Value } from '../language/value.ts';
import type { Task } from '../playbook/ast.ts';
import { HostRun, type Reach } from './host.ts';
import { addressOf, identityOf } from './identity.ts';
import { connectionCodes, type Identity, type Session } from './ports.ts';
import { scopeOf, type PlayVariables, type RunState } from './variables.ts';

export interface Place {
  /** Who is worked on: the host itself, or the one that the task is delegated to. */
  readonly host: HostRun;
  readonly delegated: boolean;
  readonly reach: Reach;
  readonly identity: Identity;
}

interface PlaceContext {
  readonly run: RunState;
  readonly host: HostRun;
  readonly play: PlayVariables;
}

/** The host that a task is delegated to, or null. Throws as Expression.evaluate, and VezaError `invalid-delegate`. */
export function delegateOf(run: RunState, task: Task, scope: Scope): HostRun | null | Unknown {
  const name = task.delegateTo?.evaluate(scope);
  if (name === undefined || name === null || name === '' || isOmit(name)) return null;
  if (isUnknown(name)) return name;
  if (typeof name !== 'string' || !/^[\w.:%-]+$/.test(name) || name.startsWith('-')) {
    throw new VezaError('invalid-delegate', `delegate_to must name a host, but is ${JSON.stringify(name)}`, {
      ...(task.delegateTo ? { where: task.delegateTo.where } : {}),
    });
  }
  return run.hosts.get(name) ?? strangerOf(run, name);
}

/** The place of a task's work. `extra` are loop variables. Throws VezaError for what is wrong with the variables. */
export function placeOf(
  context: PlaceContext,
  task: Task,
  scope: Scope,
  delegate: HostRun | null,
  extra: Readonly<Record<string, Value>> = {},
): Place {
  const { run, play } = context;
  const host = delegate ?? context.host;
  const own = delegate === null ? scope : scopeOf(run, delegate, play, task, extra);
  const { connection } = run.options;
  const address = addressOf(host.host, own, connection, task);
  const identity = identityOf(task, own, connection);
  if (identity.password !== undefined) run.options.redactor.add(identity.password);
  return { host, delegated: delegate !== null, reach: host.reach(address), identity };
}

/** The connection of a place. Rejects as Transport.connect; for a host that no inventory names, the error says so. */
export async function sessionAt(run: RunState, { host, reach, delegated }: Place): Promise<Session> {
  try {
    return await reach.session();
  } catch (error) {
    if (!delegated) throw error;
    // Who comes next tries anew, as Ansible does.
    await reach.close();
    if (!(error instanceof VezaError) || !connectionCodes.has(error.code) || run.hosts.has(host.host.name)) throw error;
    const near = nearestName(host.host.name, run.hosts.keys());
    throw new VezaError(error.code, `delegate_to: "${host.host.name}" is not in the inventory; ${error.message}`, {
      cause: error,
      hint:
        near === null ? 'add it to the inventory, or write an address that can be reached' : `did you mean "${near}"?`,
    });
  }
}

/** A host that the inventory does not name: its name is its address, as for Ansible. */
function strangerOf(run: RunState, name: string): HostRun {
  const known = run.strangers.get(name);
  if (known) return known;
  const where = { file: name, line: 1, column: 1 };
  const stranger = run.newHost({ name, where, groups: [], layers: [] });
  run.strangers.set(name, stranger);
  return stranger;
}
