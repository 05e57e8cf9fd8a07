// Magic variables: what a run says of itself, its hosts and the task at hand. `groups` and `hostvars` are made in variables.ts.
import { dirname } from 'node:path';
import type { Value } from '../language/value.ts';
import type { HostRun } from './host.ts';
import type { PlayVariables, RunState, ScopeOwner } from './variables.ts';

/** Those that users may define themselves, as with Ansible: any variable outdoes them. */
export function namesOfTheRun(run: RunState, { host }: HostRun, task: ScopeOwner | null): Record<string, Value> {
  const { inventoryDirectory } = run.options;
  const role = task?.role;
  return {
    inventory_hostname_short: host.name.split('.')[0] ?? host.name,
    group_names: host.groups,
    ...(inventoryDirectory === null ? {} : { inventory_dir: inventoryDirectory }),
    ...(role ? { role_name: role.name, ansible_role_name: role.name, role_path: role.path } : {}),
  };
}

/** Those that nothing outdoes. */
export function magicValues(
  run: RunState,
  { host }: HostRun,
  play: PlayVariables,
  task: ScopeOwner | null,
): Record<string, Value> {
  const { checkMode, diff, tags } = run.options;
  return {
    inventory_hostname: host.name,
    playbook_dir: play.playbookDirectory,
    ansible_check_mode: checkMode,
    ansible_diff_mode: diff,
    ansible_run_tags: tags,
    ansible_play_hosts: play.playHosts,
    ansible_play_hosts_all: play.playHosts,
    play_hosts: play.playHosts,
    ansible_play_batch: play.batchHosts,
    ...(task ? { ansible_search_path: [task.role?.path ?? play.playbookDirectory, dirname(task.where.file)] } : {}),
  };
}
