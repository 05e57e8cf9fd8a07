// Magic variables: what a run says of itself, its hosts and the task at hand. `groups` and `hostvars` are made in variables.ts.
import { dirname } from 'node:path';
import type { Value } from '../language/value.ts';
import type { RoleUse } from '../playbook/ast.ts';
import type { PlayVariables, ScopeHost, ScopeOwner, ScopeRun } from './variables.ts';

/** Those that users may define themselves, as with Ansible: any variable outdoes them. */
export function namesOfTheRun(run: ScopeRun, { host }: ScopeHost, task: ScopeOwner | null): Record<string, Value> {
  const { inventoryDirectory } = run.options;
  const role = task?.role;
  return {
    inventory_hostname_short: host.name.split('.')[0] ?? host.name,
    group_names: host.groups,
    // What Ansible gives without a setting; templates begin with it.
    ansible_managed: 'Ansible managed',
    ...(inventoryDirectory === null ? {} : { inventory_dir: inventoryDirectory }),
    ...(role ? { role_name: role.name, ansible_role_name: role.name, role_path: role.path } : {}),
  };
}

/** The Ansible whose words and ways these are: content asks whether it is new enough. */
const version = { string: '2.14.18', full: '2.14.18', major: 2, minor: 14, revision: 18 };

/** Those that nothing outdoes. */
export function magicValues(
  run: ScopeRun,
  { host }: ScopeHost,
  play: PlayVariables,
  task: ScopeOwner | null,
): Record<string, Value> {
  const { checkMode, diff, tags, skipTags = [], forks, limit, verbosity = 0, inventorySources = [] } = run.options;
  return {
    inventory_hostname: host.name,
    playbook_dir: play.playbookDirectory,
    ansible_check_mode: checkMode,
    ansible_diff_mode: diff,
    ansible_run_tags: tags,
    ansible_play_hosts_all: play.playHosts,
    ...(play.play ? { ansible_play_name: play.name } : {}),
    ...(limit === undefined ? {} : { ansible_limit: limit }),
    ansible_skip_tags: skipTags,
    ...(forks === undefined ? {} : { ansible_forks: forks }),
    ansible_verbosity: verbosity,
    ansible_inventory_sources: inventorySources,
    ansible_version: version,
    // Ansible's configuration file means nothing here; what asks for it gets what Ansible gives without one.
    ansible_config_file: null,
    ...(task ? { ansible_search_path: [task.role?.path ?? play.playbookDirectory, dirname(task.where.file)] } : {}),
  };
}

/** Those that take work to make, or that change while a task waits: made where they are asked for. */
export function lazyMagicValues(
  run: ScopeRun,
  play: PlayVariables,
  task: ScopeOwner | null,
): Readonly<Record<string, () => Value>> {
  const active = (names: readonly string[]) => () =>
    names.filter((name) => (run.hosts.get(name)?.lost ?? null) === null);
  const named = (pick: (role: RoleUse) => boolean) => () => [
    ...new Set(play.roles.filter(pick).map(({ name }) => name)),
  ];
  const direct = named(({ isDependency }) => isDependency !== true);
  const dependent = named(({ isDependency }) => isDependency === true);
  const parents = parentsOf(task?.role);
  return {
    ansible_play_hosts: active(play.playHosts),
    ansible_play_batch: active(play.batchHosts),
    play_hosts: active(play.batchHosts),
    role_names: direct,
    ansible_play_role_names: direct,
    ansible_dependent_role_names: dependent,
    ansible_role_names: () => [...new Set([...direct(), ...dependent()])],
    ...(parents.length === 0
      ? {}
      : {
          ansible_parent_role_names: () => parents.map(({ name }) => name),
          ansible_parent_role_paths: () => parents.map(({ path }) => path),
        }),
  };
}

/** The roles that include this one, nearest first; what a role depends on is not included by it. */
function parentsOf(role: RoleUse | undefined): readonly RoleUse[] {
  if (!role || role.isDependency) return [];
  const nearest = role.parents.toReversed();
  const end = nearest.findIndex(({ isDependency }) => isDependency);
  return end === -1 ? nearest : nearest.slice(0, end + 1);
}
