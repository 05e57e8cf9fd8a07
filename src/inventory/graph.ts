// Groups and hosts while inventory files are read: what was said, before it is put together.
import type { Variables } from '../language/value.ts';
import type { Position } from '../lib/diagnostic.ts';

export interface GroupDraft {
  readonly name: string;
  readonly where: Position;
  readonly hosts: Set<string>;
  /** Name of the child -> where that was said. */
  readonly children: Map<string, Position>;
  vars: Variables;
}

export interface HostDraft {
  readonly name: string;
  readonly where: Position;
  vars: Variables;
}

export interface InventoryGraph {
  readonly groups: Map<string, GroupDraft>;
  readonly hosts: Map<string, HostDraft>;
}

export function emptyGraph(): InventoryGraph {
  return { groups: new Map(), hosts: new Map() };
}

/** The group of that name, made where it is first mentioned. */
export function groupNamed(graph: InventoryGraph, name: string, where: Position): GroupDraft {
  const known = graph.groups.get(name);
  if (known) return known;
  const made: GroupDraft = { name, where, hosts: new Set(), children: new Map(), vars: new Map() };
  graph.groups.set(name, made);
  return made;
}

export function hostNamed(graph: InventoryGraph, name: string, where: Position): HostDraft {
  const known = graph.hosts.get(name);
  if (known) return known;
  const made: HostDraft = { name, where, vars: new Map() };
  graph.hosts.set(name, made);
  return made;
}

/** Later values over earlier ones; an empty side costs nothing. */
export function merged(first: Variables, second: Variables): Variables {
  if (second.size === 0) return first;
  return first.size === 0 ? second : new Map([...first, ...second]);
}
