// Gathers facts: as the first task of a play that says so, or when an expression uses one. Both are the same look,
// and it travels with the other looks of its section.
import { isUnknown } from '../core/unknown.ts';
import type { FactNames, StateModule } from '../core/module.ts';
import type { Want } from '../core/resource.ts';
import { messageOf, VezaError } from '../lib/errors.ts';
import { isJsonObject, type JsonObject } from '../lib/json.ts';
import type { Templated } from '../language/value.ts';
import { noVariables } from '../language/yaml-variables.ts';
import type { Inherited, Play, Task } from '../playbook/ast.ts';
import type { HostRun } from './host.ts';
import { addressOf } from './identity.ts';
import { prepareArguments, wantsOf } from './item.ts';
import { isOver } from './options.ts';
import type { Look } from './probe.ts';
import { probe } from './probe.ts';
import { scopeOf, type PlayVariables, type RunState } from './variables.ts';

const moduleName = 'gather_facts';

/** The play with the task that gathers facts before all others, where it says `gather_facts: true`. */
export function withGathering(play: Play): Play {
  if (play.gatherFacts !== 'always') return play;
  const [first, ...others] = play.sections;
  const task = gatherTask(play);
  if (!first) return { ...play, sections: [{ name: 'tasks', nodes: [task] }] };
  return { ...play, sections: [{ ...first, nodes: [task, ...first.nodes] }, ...others] };
}

/** What `setup` may tell. */
export function factNamesOf(run: RunState): FactNames | null {
  return moduleOf(run)?.gathers ?? null;
}

/** The look at a host's facts that a play asks for, and what to do with what it saw. */
interface FactLook extends Look {
  readonly want: Want;
  /** Takes what the state of the host tells by now. */
  learn(): void;
}

/** Throws VezaError for mistakes in what the play says of gathering. */
export function factLook(run: RunState, host: HostRun, variables: PlayVariables): FactLook | null {
  const module = moduleOf(run);
  if (!module || !variables.play) return null;
  const task = gatherTask(variables.play);
  const scope = scopeOf(run, host, variables, task);
  const ready = prepareArguments(run.options, task, scope, variables.playbookDirectory, 'Gathering Facts');
  if (ready.kind !== 'ready') return null;
  const wants = wantsOf(ready, module);
  const want = isUnknown(wants) ? undefined : wants[0];
  if (!want) return null;
  const learn = () => {
    const state = host.state.get(want);
    if (state === undefined || state === null || isUnknown(state)) {
      host.gathered.giveUp(isUnknown(state) ? state : null);
      return;
    }
    const change = { action: 'no-op', before: null, after: null } as const;
    const outcome = [{ key: want.resource.key(want.id), change, current: state, state }];
    learnResult(host, module.result?.({ changed: false, changes: outcome }, ready.args) ?? {}, true);
  };
  return { identity: ready.identity, want, learn };
}

/** Takes what a module tells of the host. */
export function learnResult(host: HostRun, result: JsonObject, complete: boolean): void {
  const facts = result['ansible_facts'];
  if (isJsonObject(facts)) host.gathered.learn(facts, complete);
}

/** Whether a module's facts are all that there are: those of the play itself. */
export function tellsAll(module: StateModule<JsonObject>): boolean {
  return module.name === moduleName;
}

/**
 * Gathers the facts of every other host that somebody asked for. One that cannot be reached has none: that is its own
 * trouble, not that of the host that asked. Returns whether there was anything to gather.
 */
export async function gatherOthers(run: RunState, self: HostRun, variables: PlayVariables): Promise<boolean> {
  const wanted = [...run.hosts.values()].filter((host) => host !== self && host.gathered.wanted);
  await Promise.all(wanted.map((host) => host.gathered.once(() => gatherElsewhere(run, host, variables))));
  return wanted.length > 0;
}

async function gatherElsewhere(run: RunState, host: HostRun, variables: PlayVariables): Promise<void> {
  try {
    if (host.lost !== null) throw new VezaError('unreachable', 'it was lost before');
    const look = factLook(run, host, variables);
    if (!look) {
      host.gathered.giveUp(null);
      return;
    }
    const scope = scopeOf(run, host, variables, null);
    const session = await host.session(addressOf(host.host, scope, run.options.connection, variables.play));
    await probe(session, host.state, [look], run.options.signal);
    look.learn();
  } catch (error) {
    if (!(error instanceof VezaError) || isOver(run.options)) throw error;
    host.gathered.giveUp(null);
    run.options.emit({ type: 'warning', message: `no facts of ${host.host.name}: ${messageOf(error)}` });
  }
}

function moduleOf(run: RunState): StateModule<JsonObject> | null {
  const module = run.options.findModule(moduleName);
  return module?.kind === 'state' ? module : null;
}

const inheritedKeys = [
  'become',
  'becomeUser',
  'becomeMethod',
  'ignoreErrors',
  'ignoreUnreachable',
  'environment',
  'moduleDefaults',
  'timeoutSeconds',
] as const satisfies readonly (keyof Inherited)[];

function gatherTask(play: Play): Task {
  const inherited = Object.fromEntries(inheritedKeys.flatMap((key) => (key in play ? [[key, play[key]]] : [])));
  return {
    environment: [],
    moduleDefaults: [],
    ...inherited,
    kind: 'task',
    where: play.where,
    name: constant(play, 'Gathering Facts'),
    module: moduleName,
    moduleWhere: play.where,
    args: argumentsOf(play),
    when: [],
    notify: [],
    listen: [],
    tags: ['always'],
    vars: [noVariables],
    includeParams: [],
  };
}

function constant({ where }: Play, raw: string): Templated {
  return { where, constant: true, names: [], raw, evaluate: () => raw };
}

function argumentsOf(play: Play): Templated {
  const given = { gather_subset: play.gatherSubset, gather_timeout: play.gatherTimeout, fact_path: play.factPath };
  const parts = Object.entries(given).flatMap(([name, value]) => (value ? [[name, value] as const] : []));
  return {
    where: play.where,
    constant: parts.every(([, value]) => value.constant),
    names: parts.flatMap(([, value]) => value.names),
    raw: Object.fromEntries(parts.map(([name, value]) => [name, value.raw])),
    evaluate: (scope) => Object.fromEntries(parts.map(([name, value]) => [name, value.evaluate(scope)] as const)),
  };
}
