// The registry of modules, sorted by name. A test checks that it is complete.
import type { AnyModule } from '../core/module.ts';
import addHost from './add_host.ts';
import apt from './apt.ts';
import assert from './assert.ts';
import cloudnsRecord from './cloudns_record.ts';
import command from './command.ts';
import copy from './copy.ts';
import debug from './debug.ts';
import fail from './fail.ts';
import file from './file.ts';
import gatherFacts from './gather_facts.ts';
import group from './group.ts';
import groupBy from './group_by.ts';
import hcloudLoadBalancer from './hcloud_load_balancer.ts';
import hcloudServer from './hcloud_server.ts';
import hcloudSnapshot from './hcloud_snapshot.ts';
import includeVars from './include_vars.ts';
import meta from './meta.ts';
import packageModule from './package.ts';
import pause from './pause.ts';
import ping from './ping.ts';
import robotServerInfo from './robot_server_info.ts';
import setFact from './set_fact.ts';
import setup from './setup.ts';
import shell from './shell.ts';
import stat from './stat.ts';
import systemdService from './systemd_service.ts';
import template from './template.ts';
import uri from './uri.ts';
import user from './user.ts';
import waitFor from './wait_for.ts';

export const modules: readonly AnyModule[] = [
  addHost,
  apt,
  assert,
  cloudnsRecord,
  command,
  copy,
  debug,
  fail,
  file,
  gatherFacts,
  group,
  groupBy,
  hcloudLoadBalancer,
  hcloudServer,
  hcloudSnapshot,
  includeVars,
  meta,
  packageModule,
  pause,
  ping,
  robotServerInfo,
  setFact,
  setup,
  shell,
  stat,
  systemdService,
  template,
  uri,
  user,
  waitFor,
];

const byName = new Map(
  modules.flatMap((module) => [module.name, ...(module.aliases ?? [])].map((name) => [name, module])),
);

/** A module by its name, an alias, or either with `ansible.builtin.` (or `ansible.legacy.`) before it. */
export function findModule(name: string): AnyModule | undefined {
  return byName.get(name.replace(/^ansible\.(?:builtin|legacy)\./, ''));
}

/** The registry as those ask for it that read playbooks: null for a name that nobody has. */
export const catalog = {
  find: (name: string): AnyModule | null => findModule(name) ?? null,
  names: (): readonly string[] => modules.map(({ name }) => name),
};
