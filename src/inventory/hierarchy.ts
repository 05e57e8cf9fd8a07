// The order of groups: who is above whom, how deep, and which hosts they hold through their children.
import type { GroupDraft, InventoryGraph } from './graph.ts';
import { groupNamed } from './graph.ts';
import type { InventoryReader } from './inventory-reader.ts';

export interface Hierarchy {
  /** All groups, `all` first, then by depth, ansible_group_priority and name. */
  readonly ordered: readonly GroupDraft[];
  /** Group -> hosts in inventory order, through children too. */
  readonly hostsOf: ReadonlyMap<string, readonly string[]>;
  /** Host -> groups without `all`, in the order of `ordered`. */
  readonly groupsOf: ReadonlyMap<string, readonly string[]>;
}

/** Puts the groups in order; cycles are reported and cut. */
export function hierarchyOf(reader: InventoryReader): Hierarchy {
  const { graph } = reader;
  const nowhere = { file: '', line: 1, column: 1 };
  const all = groupNamed(graph, 'all', nowhere);
  const ungrouped = groupNamed(graph, 'ungrouped', all.where);
  cutCycles(reader);
  const parents = parentsOf(graph);
  for (const group of graph.groups.values()) {
    if (group !== all && !parents.has(group.name)) all.children.set(group.name, group.where);
  }
  const depths = depthsOf(graph);
  const ordered = [...graph.groups.values()].sort(
    (left, right) =>
      (depths.get(left.name) ?? 0) - (depths.get(right.name) ?? 0) ||
      priorityOf(left) - priorityOf(right) ||
      (left.name < right.name ? -1 : 1),
  );
  for (const group of graph.groups.values()) takeOutPriority(group);
  const rank = new Map([...graph.hosts.keys()].map((name, index) => [name, index]));
  const sets = memberSets(ordered);
  keepUngrouped(graph, ungrouped, sets);
  const byRank = (left: string, right: string) => (rank.get(left) ?? 0) - (rank.get(right) ?? 0);
  const hostsOf = new Map([...sets].map(([name, hosts]) => [name, [...hosts].sort(byRank)]));
  hostsOf.set('all', [...graph.hosts.keys()]);
  return { ordered, hostsOf, groupsOf: groupsOfHosts(graph, ordered, hostsOf) };
}

function cutCycles(reader: InventoryReader): void {
  const { groups } = reader.graph;
  const state = new Map<string, 'open' | 'done'>();
  const visit = (group: GroupDraft, way: readonly string[]) => {
    state.set(group.name, 'open');
    for (const [name, where] of [...group.children]) {
      const child = groups.get(name);
      if (name === 'all') {
        reader.error('group-cycle', 'the group "all" holds every group, so it is below none', where, name.length);
        group.children.delete(name);
        continue;
      }
      if (state.get(name) === 'open') {
        const circle = [...way.slice(way.indexOf(name)), name].join(' -> ');
        reader.error('group-cycle', `the group "${name}" is below itself: ${circle}`, where, name.length);
        group.children.delete(name);
      } else if (child && !state.has(name)) visit(child, [...way, name]);
    }
    state.set(group.name, 'done');
  };
  for (const group of groups.values()) if (!state.has(group.name)) visit(group, [group.name]);
}

function parentsOf(graph: InventoryGraph): ReadonlySet<string> {
  return new Set([...graph.groups.values()].flatMap((group) => [...group.children.keys()]));
}

/** The longest way down from `all`, as Ansible counts. */
function depthsOf(graph: InventoryGraph): Map<string, number> {
  const depths = new Map<string, number>();
  const order: GroupDraft[] = [];
  const seen = new Set<string>();
  const visit = (name: string) => {
    const group = graph.groups.get(name);
    if (!group || seen.has(name)) return;
    seen.add(name);
    for (const child of group.children.keys()) visit(child);
    order.push(group);
  };
  for (const name of graph.groups.keys()) visit(name);
  // Parents come after their children, so backwards every parent is settled before its children.
  for (const group of order.reverse()) {
    const depth = depths.get(group.name) ?? 0;
    for (const child of group.children.keys()) depths.set(child, Math.max(depths.get(child) ?? 0, depth + 1));
  }
  return depths;
}

function priorityOf(group: GroupDraft): number {
  const raw = group.vars.get('ansible_group_priority')?.raw;
  return typeof raw === 'number' ? raw : 1;
}

/** It orders groups and is no variable of hosts. */
function takeOutPriority(group: GroupDraft): void {
  if (!group.vars.has('ansible_group_priority')) return;
  group.vars = new Map([...group.vars].filter(([name]) => name !== 'ansible_group_priority'));
}

function memberSets(ordered: readonly GroupDraft[]): Map<string, Set<string>> {
  const sets = new Map<string, Set<string>>();
  // Deepest first, so that children are complete.
  for (const group of [...ordered].reverse()) {
    const members = new Set(group.hosts);
    for (const child of group.children.keys()) for (const host of sets.get(child) ?? []) members.add(host);
    sets.set(group.name, members);
  }
  return sets;
}

/** `ungrouped` holds the hosts that only `all` holds. */
function keepUngrouped(graph: InventoryGraph, ungrouped: GroupDraft, sets: Map<string, Set<string>>): void {
  const grouped = new Set<string>();
  for (const [name, hosts] of sets) {
    if (name !== 'all' && name !== 'ungrouped') for (const host of hosts) grouped.add(host);
  }
  sets.set(ungrouped.name, new Set([...graph.hosts.keys()].filter((host) => !grouped.has(host))));
}

function groupsOfHosts(
  graph: InventoryGraph,
  ordered: readonly GroupDraft[],
  hostsOf: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>([...graph.hosts.keys()].map((name) => [name, []]));
  for (const { name } of ordered) {
    if (name !== 'all') for (const host of hostsOf.get(name) ?? []) groups.get(host)?.push(name);
  }
  return groups;
}
