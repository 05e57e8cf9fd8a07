// The inventory of a run: what was read, and what its tasks have added since (`add_host`, `group_by`).
import { constantValue } from '../language/templated.ts';
import type { Value, Variables } from '../language/value.ts';
import type { Position } from '../lib/diagnostic.ts';
import type { Group, Host, Inventory, VariableLayer } from './model.ts';

export class LiveInventory implements Inventory {
  #base: Inventory;
  readonly hosts = new Map<string, Host>();
  readonly groups = new Map<string, Group>();
  readonly #added = new Map<string, Map<string, ReturnType<typeof constantValue>>>();

  constructor(base: Inventory) {
    this.#base = base;
    this.#take(base);
  }

  get sources(): ReadonlyMap<string, string> {
    return this.#base.sources;
  }

  layersFor(host: string, groups: readonly string[]): readonly VariableLayer[] {
    return this.#base.layersFor(host, groups);
  }

  /** Begins anew with what the sources say by now; what tasks have added is forgotten, as Ansible does. */
  refresh(base: Inventory): void {
    this.#base = base;
    this.hosts.clear();
    this.groups.clear();
    this.#added.clear();
    this.#take(base);
  }

  #take(base: Inventory): void {
    for (const [name, host] of base.hosts) this.hosts.set(name, host);
    for (const [name, group] of base.groups) this.groups.set(name, group);
  }

  /** Adds a host, or variables and groups to one that there is. The values are data: never evaluated. */
  addHost(
    name: string,
    groups: readonly string[],
    values: Readonly<Record<string, Value>>,
    where: Position,
  ): readonly Host[] {
    const added = this.#added.get(name) ?? new Map<string, ReturnType<typeof constantValue>>();
    for (const [key, value] of Object.entries(values)) added.set(key, constantValue(value, where));
    this.#added.set(name, added);
    const known = this.hosts.get(name);
    if (!known) this.hosts.set(name, { name, where, groups: [], layers: [] });
    const own = groups.length > 0 || known ? groups : ['ungrouped'];
    for (const group of ['all', ...own]) this.#join(group, name, where);
    return [this.#settle(name)];
  }

  /** Puts a host into a group, and the group under others. Returns the hosts whose groups have changed. */
  groupHost(host: string, group: string, parents: readonly string[], where: Position): readonly Host[] {
    this.#join(group, host, where);
    for (const parent of parents) {
      const above = this.#group(parent, where);
      if (!above.children.includes(group)) this.groups.set(parent, { ...above, children: [...above.children, group] });
      this.#adopt('all', parent);
    }
    if (parents.length === 0) this.#adopt('all', group);
    const members = this.#group(group, where).hosts;
    for (const parent of parents) for (const member of members) this.#join(parent, member, where);
    return members.map((member) => this.#settle(member));
  }

  #group(name: string, where: Position): Group {
    const known = this.groups.get(name);
    if (known) return known;
    const made: Group = { name, where, hosts: [], children: [] };
    this.groups.set(name, made);
    if (name !== 'all') this.#adopt('all', name);
    return made;
  }

  /** `all` holds the groups that no other holds. */
  #adopt(parent: string, child: string): void {
    const above = this.groups.get(parent);
    const held = [...this.groups.values()].some(({ children }) => children.includes(child));
    if (above && !held) this.groups.set(parent, { ...above, children: [...above.children, child] });
  }

  /** A member of a group is one of all groups above it, and no longer ungrouped. */
  #join(group: string, host: string, where: Position): void {
    const known = this.#group(group, where);
    if (!known.hosts.includes(host)) this.groups.set(group, { ...known, hosts: [...known.hosts, host] });
    const ungrouped = this.groups.get('ungrouped');
    if (group !== 'all' && group !== 'ungrouped' && ungrouped?.hosts.includes(host) === true)
      this.groups.set('ungrouped', { ...ungrouped, hosts: ungrouped.hosts.filter((one) => one !== host) });
    for (const above of this.groups.values()) {
      if (above.children.includes(group) && !above.hosts.includes(host)) this.#join(above.name, host, where);
    }
  }

  /** Works out anew what a host's groups give it. */
  #settle(name: string): Host {
    const before = this.hosts.get(name) ?? { name, where: { file: '', line: 1, column: 1 }, groups: [], layers: [] };
    const mine = [...this.groups.values()].filter((group) => group.name !== 'all' && group.hosts.includes(name));
    const fresh = mine.map((group) => group.name).filter((group) => !before.groups.includes(group));
    const kept = before.groups.filter((group) => mine.some((one) => one.name === group));
    // Stable: groups of one depth stay in the order that the inventory gave them, new ones after them.
    const groups = [...kept, ...fresh.sort()].toSorted((left, right) => this.#depth(left) - this.#depth(right));
    const host: Host = { ...before, groups, layers: [...this.#base.layersFor(name, groups), ...this.#addedTo(name)] };
    this.hosts.set(name, host);
    return host;
  }

  #addedTo(name: string): VariableLayer[] {
    const variables: Variables | undefined = this.#added.get(name);
    return variables && variables.size > 0 ? [{ level: 'inventory host', origin: `add_host ${name}`, variables }] : [];
  }

  /** The longest way down from `all`. */
  #depth(name: string, below: readonly string[] = []): number {
    if (name === 'all' || below.includes(name)) return 0;
    const parents = [...this.groups.values()].filter(({ children }) => children.includes(name));
    return 1 + Math.max(0, ...parents.map((parent) => this.#depth(parent.name, [...below, name])));
  }
}
