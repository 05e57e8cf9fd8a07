// The scope of a task on a host: every layer of variables in the order of precedence, magic variables on top.
import type { LiveInventory } from '../inventory/live.ts';
import { byPrecedence, type PrecedenceName } from '../inventory/precedence.ts';
import { createScope, type ScopeLayer } from '../language/scope.ts';
import type { Scope, Value, Variables } from '../language/value.ts';
import { noVariables } from '../language/yaml-variables.ts';
import type { Play, RoleUse, Task } from '../playbook/ast.ts';
import type { Host } from '../inventory/model.ts';
import type { HostFacts } from './host-facts.ts';
import type { Gate } from './gates.ts';
import type { HostRun } from './host.ts';
import { lazyMagicValues, magicValues, namesOfTheRun } from './magic-variables.ts';
import type { EngineOptions } from './options.ts';

/** What a scope belongs to: a task, or a role as such. */
export type ScopeOwner = Pick<Task, 'role' | 'vars' | 'includeParams' | 'where'>;

/** The scope of a role as such: what is around its use counts, no task does. */
export function ownerOf(role: RoleUse): ScopeOwner {
  const { where, aroundVars, includeParams } = role;
  return { role, where, includeParams, vars: [...aroundVars, noVariables] };
}

/** An entry of `vars_files`; where its name depends on the host, what it is for one: nothing while the name cannot be told. */
export type VarsFile = Variables | ((host: ScopeHost) => Variables | null);

/** What all scopes of a play share. */
export interface PlayVariables {
  readonly play: Play | null;
  /** Of the play; its pattern where it has none. */
  readonly name: string;
  readonly playbookDirectory: string;
  readonly varsFiles: readonly VarsFile[];
  /** Answers to `vars_prompt`. */
  readonly prompted: Variables;
  readonly roles: readonly RoleUse[];
  /** Hosts of the play, and those of the current batch (`serial`). */
  readonly playHosts: readonly string[];
  readonly batchHosts: readonly string[];
}

export interface RunState {
  readonly options: EngineOptions;
  readonly hosts: ReadonlyMap<string, HostRun>;
  readonly inventory: LiveInventory;
  /** Takes hosts that the inventory has got, or has changed. */
  admit(hosts: Iterable<Host>): void;
  /** Answers to the `vars_prompt` of each play. */
  readonly prompted?: ReadonlyMap<Play, Variables>;
  /** Hosts that no inventory names, and that tasks were delegated to. */
  readonly strangers: Map<string, HostRun>;
  readonly newHost: (host: Host) => HostRun;
  readonly gate: Gate;
}

/** What of a host its variables come from. */
export interface ScopeHost {
  readonly host: Host;
  readonly facts: Readonly<Record<string, Value>>;
  readonly gathered: Pick<HostFacts, 'get' | 'names'>;
  readonly included: Variables;
  /** Roles that includes have brought. */
  readonly includedRoles: readonly RoleUse[];
  /** Out of the run; left out where nothing runs. */
  readonly lost?: HostRun['lost'];
}

/** What of a run its scopes need: also there where nothing runs (`veza-run vars`). */
export interface ScopeRun {
  readonly options: Pick<
    EngineOptions,
    'inventory' | 'extraVars' | 'inventoryDirectory' | 'controller' | 'checkMode' | 'diff' | 'tags'
  > &
    Partial<Pick<EngineOptions, 'skipTags' | 'forks' | 'limit' | 'verbosity' | 'inventorySources'>>;
  readonly hosts: ReadonlyMap<string, ScopeHost>;
}

export const outsidePlays: PlayVariables = {
  play: null,
  name: '',
  playbookDirectory: '.',
  varsFiles: [],
  prompted: noVariables,
  roles: [],
  playHosts: [],
  batchHosts: [],
};

/** The scope of `task` (or of the play, without one) on `host`; `extra` holds loop variables. */
export function scopeOf(
  run: ScopeRun,
  host: ScopeHost,
  play: PlayVariables,
  task: ScopeOwner | null,
  extra: Readonly<Record<string, Value>> = {},
): Scope {
  return createScope(layersOf(run, host, play, task, extra), run.options.controller);
}

/** A layer, its place in the order of precedence, and in words where it comes from. */
export type NamedLayer = ScopeLayer & { readonly level: PrecedenceName; readonly origin: string };

/** Every layer of variables, lowest precedence first: the order is that of inventory/precedence.ts. */
export function layersOf(
  run: ScopeRun,
  host: ScopeHost,
  play: PlayVariables,
  task: ScopeOwner | null,
  extra: Readonly<Record<string, Value>>,
): readonly NamedLayer[] {
  return byPrecedence([
    values('names of the run', 'veza-run', namesOfTheRun(run, host, task)),
    ...host.host.layers.map(({ level, origin, variables }) => templated(level, origin, variables)),
    factsLayer(host),
    ...playLayers(play, host),
    ...roleLayers([...play.roles, ...host.includedRoles], task),
    ...taskLayers(task),
    templated('include_vars', 'include_vars', host.included),
    values('set_fact and register', 'set_fact and register', host.facts),
    templated('extra vars', '--extra-vars', run.options.extraVars),
    values('loop variables', 'the loop', extra),
    values('magic variables', 'veza-run', magicValues(run, host, play, task)),
    lazyLayer(run, play, task),
  ]);
}

function playLayers({ play, prompted, varsFiles }: PlayVariables, host: ScopeHost): NamedLayer[] {
  const read = varsFiles.flatMap((file) => (typeof file === 'function' ? (file(host) ?? []) : file));
  return [
    ...(play ? [templated('play vars', 'vars of the play', play.vars)] : []),
    templated('play vars_prompt', 'vars_prompt', prompted),
    ...read.map((variables) => templated('play vars_files', 'vars_files', variables)),
  ];
}

/** Roles of a play see each other's variables; those of the task's own role and its parents come last. */
function roleLayers(roles: readonly RoleUse[], task: ScopeOwner | null): NamedLayer[] {
  const own = task?.role ? [...task.role.parents, task.role] : [];
  const others = roles.filter((role) => !role.isPrivate && !own.includes(role));
  return [
    ...[...others, ...own].flatMap((role) => [
      templated('role defaults', `defaults of role ${role.name}`, role.defaults),
      templated('role entry vars', `vars where role ${role.name} is used`, role.entryVars),
      templated('role vars', `vars of role ${role.name}`, role.vars),
    ]),
    ...own.map((role) => templated('role params', `parameters of role ${role.name}`, role.params)),
  ];
}

function taskLayers(task: ScopeOwner | null): NamedLayer[] {
  if (!task) return [];
  const own = task.vars.length - 1;
  return [
    ...task.vars.map((variables, index) =>
      index === own
        ? templated('task vars', 'vars of the task', variables)
        : templated('block vars', 'vars of a block', variables),
    ),
    ...task.includeParams.map((variables) => templated('include params', 'vars of an include', variables)),
  ];
}

function templated(level: PrecedenceName, origin: string, variables: Variables): NamedLayer {
  return { kind: 'templated', variables, level, origin };
}

function values(level: PrecedenceName, origin: string, given: Readonly<Record<string, Value>>): NamedLayer {
  return { kind: 'values', values: given, level, origin };
}

/** Asked for by name, so that facts that nobody uses are never gathered. */
function factsLayer({ host, gathered }: ScopeHost): NamedLayer {
  const get = (name: string) => gathered.get(name);
  return { kind: 'lazy', level: 'facts', origin: `facts of ${host.name}`, get, names: () => gathered.names() };
}

/** `groups`, and `hostvars`: each host's variables, evaluated only where they are asked for. */
function lazyLayer(run: ScopeRun, play: PlayVariables, task: ScopeOwner | null): NamedLayer {
  const made = new Map<string, Value>();
  const makers: Readonly<Record<string, () => Value>> = {
    ...lazyMagicValues(run, play, task),
    groups: () =>
      Object.fromEntries([...run.options.inventory.groups].map(([name, { hosts }]) => [name, hosts] as const)),
    hostvars: () =>
      lazyMap([...run.hosts.keys()], (name) => {
        const host = run.hosts.get(name);
        return host ? lazyVariables(scopeOf(run, host, { ...outsidePlays, ...onlyHosts(play) }, null)) : {};
      }),
  };
  return {
    kind: 'lazy',
    level: 'magic variables',
    origin: 'veza-run',
    get(name) {
      const make = Object.hasOwn(makers, name) ? makers[name] : undefined;
      if (!make) return undefined;
      const value = made.get(name) ?? make();
      made.set(name, value);
      return value;
    },
    names: () => Object.keys(makers),
  };
}

/** What `hostvars` of another host sees of the play: its hosts, none of its variables. */
function onlyHosts({ playbookDirectory, playHosts, batchHosts }: PlayVariables): Partial<PlayVariables> {
  return { playbookDirectory, playHosts, batchHosts };
}

function lazyVariables(scope: Scope): Value {
  const names = [...new Set(scope.names())].filter((name) => name !== 'hostvars');
  return lazyMap(names, (name) => scope.get(name) ?? null);
}

/** A plain object whose own properties are computed at their first use. */
function lazyMap(names: readonly string[], compute: (name: string) => Value): Value {
  const map: Record<string, Value> = {};
  for (const name of names) {
    Object.defineProperty(map, name, {
      enumerable: true,
      configurable: true,
      get() {
        const value = compute(name);
        Object.defineProperty(map, name, { enumerable: true, value });
        return value;
      },
    });
  }
  return map;
}
