// The scope of a task on a host: every layer of variables in the order of precedence, magic variables on top.
import { dirname } from 'node:path';
import { createScope, type ScopeLayer } from '../language/scope.ts';
import type { Scope, Value, Variables } from '../language/value.ts';
import type { Play, RoleUse, Task } from '../playbook/ast.ts';
import type { Host } from '../inventory/model.ts';
import type { Gate } from './gates.ts';
import type { HostRun } from './host.ts';
import type { EngineOptions } from './options.ts';

/** What a scope belongs to: a task, or a role as such. */
export type ScopeOwner = Pick<Task, 'role' | 'vars' | 'where'>;

/** What all scopes of a play share. */
export interface PlayVariables {
  readonly play: Play | null;
  readonly playbookDirectory: string;
  readonly varsFiles: readonly Variables[];
  readonly roles: readonly RoleUse[];
  /** Hosts of the play, and those of the current batch (`serial`). */
  readonly playHosts: readonly string[];
  readonly batchHosts: readonly string[];
}

export interface RunState {
  readonly options: EngineOptions;
  readonly hosts: ReadonlyMap<string, HostRun>;
  /** Hosts that no inventory names, and that tasks were delegated to. */
  readonly strangers: Map<string, HostRun>;
  readonly newHost: (host: Host) => HostRun;
  readonly gate: Gate;
}

export const outsidePlays: PlayVariables = {
  play: null,
  playbookDirectory: '.',
  varsFiles: [],
  roles: [],
  playHosts: [],
  batchHosts: [],
};

/** The scope of `task` (or of the play, without one) on `host`; `extra` holds loop variables. */
export function scopeOf(
  run: RunState,
  host: HostRun,
  play: PlayVariables,
  task: ScopeOwner | null,
  extra: Readonly<Record<string, Value>> = {},
): Scope {
  const directory = task?.role?.path ?? play.playbookDirectory;
  return createScope(layersOf(run, host, play, task, extra), (plugin, terms) =>
    run.options.lookup(plugin, terms, directory),
  );
}

/** Lowest precedence first: the order of Ansible's documentation. */
function layersOf(
  run: RunState,
  host: HostRun,
  play: PlayVariables,
  task: ScopeOwner | null,
  extra: Readonly<Record<string, Value>>,
): ScopeLayer[] {
  const own = task?.role ? [...task.role.parents, task.role] : [];
  const others = play.roles.filter((role) => !own.includes(role));
  const roles = [...others, ...own];
  return [
    ...roles.map((role) => templated(role.defaults)),
    ...host.host.layers.map((layer) => templated(layer.variables)),
    ...(play.play ? [templated(play.play.vars)] : []),
    ...play.varsFiles.map(templated),
    ...roles.map((role) => templated(role.vars)),
    ...(task?.vars ?? []).map(templated),
    { kind: 'values', values: host.facts },
    ...own.map((role) => templated(role.params)),
    { kind: 'values', values: extra },
    templated(run.options.extraVars),
    { kind: 'values', values: magicValues(run, host, play, task) },
    hostvarsLayer(run, play),
  ];
}

function templated(variables: Variables): ScopeLayer {
  return { kind: 'templated', variables };
}

function magicValues(
  run: RunState,
  host: HostRun,
  play: PlayVariables,
  task: ScopeOwner | null,
): Record<string, Value> {
  const { inventory, checkMode, diff, inventoryDirectory, tags } = run.options;
  const role = task?.role;
  return {
    inventory_hostname: host.host.name,
    inventory_hostname_short: host.host.name.split('.')[0] ?? host.host.name,
    group_names: host.host.groups,
    groups: Object.fromEntries([...inventory.groups].map(([name, group]) => [name, group.hosts])),
    playbook_dir: play.playbookDirectory,
    ansible_check_mode: checkMode,
    ansible_diff_mode: diff,
    ansible_run_tags: tags,
    ansible_play_hosts: play.playHosts,
    ansible_play_hosts_all: play.playHosts,
    play_hosts: play.playHosts,
    ansible_play_batch: play.batchHosts,
    ...(inventoryDirectory === null ? {} : { inventory_dir: inventoryDirectory }),
    ...(role ? { role_name: role.name, ansible_role_name: role.name, role_path: role.path } : {}),
    ...(task ? { ansible_search_path: [role?.path ?? play.playbookDirectory, dirname(task.where.file)] } : {}),
  };
}

/** `hostvars`: each host's variables, evaluated only where they are asked for. */
function hostvarsLayer(run: RunState, play: PlayVariables): ScopeLayer {
  let value: Value | undefined;
  return {
    kind: 'lazy',
    get(name) {
      if (name !== 'hostvars') return undefined;
      value ??= lazyMap([...run.hosts.keys()], (host) => {
        const other = run.hosts.get(host);
        return other ? lazyVariables(scopeOf(run, other, { ...play, play: null, roles: [], varsFiles: [] }, null)) : {};
      });
      return value;
    },
    names: () => ['hostvars'],
  };
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
