// An inventory as other programs read it: Ansible's JSON for dynamic inventories, its YAML form, and a drawing of groups.
// Values are as written: templates stay templates.
import { Budget } from '../language/budget.ts';
import { textOf } from '../language/text.ts';
import type { Variables } from '../language/value.ts';
import type { Json, JsonObject } from '../lib/json.ts';
import type { Inventory, VariableLayer } from './model.ts';

export interface ExportOptions {
  /** Only these hosts. */
  readonly hosts: ReadonlySet<string>;
  /** Variables of groups with their groups, not again with each host. */
  readonly byGroup: boolean;
  readonly extraVars: Variables;
}

/** What `--list` prints. */
export function inventoryList(inventory: Inventory, options: ExportOptions): JsonObject {
  const listed = [...(inventory.groups.get('all')?.hosts ?? [])].filter((host) => options.hosts.has(host));
  const hostvars = listed.toSorted().flatMap((name) => {
    const vars = hostData(inventory, name, options);
    return Object.keys(vars).length > 0 ? [[name, vars] as const] : [];
  });
  const groups = [...inventory.groups.values()].flatMap((group) => {
    const hosts = ownHosts(inventory, group.name).filter((host) => options.hosts.has(host));
    const children = childrenOf(inventory, group.name);
    const vars = options.byGroup ? groupData(inventory, group.name) : {};
    const parts: Record<string, Json> = {
      ...(children.length > 0 && { children }),
      ...(hosts.length > 0 && { hosts }),
      ...(Object.keys(vars).length > 0 && { vars }),
    };
    return Object.keys(parts).length > 0 ? [[group.name, parts] as const] : [];
  });
  return {
    _meta: { hostvars: Object.fromEntries(hostvars) },
    ...Object.fromEntries(groups.toSorted(([left], [right]) => (left < right ? -1 : 1))),
  };
}

/** What `--list --yaml` prints: an inventory in YAML again; a host's variables stand where it is first mentioned. */
export function inventoryTree(inventory: Inventory, options: ExportOptions): JsonObject {
  const seen = new Set<string>();
  const treeOf = (name: string): JsonObject => {
    // Where a host is first mentioned is a matter of the inventory's order, not of the alphabet.
    const below = childrenOf(inventory, name).map((child) => [child, treeOf(child)] as const);
    const hosts = ownHosts(inventory, name).filter((host) => options.hosts.has(host));
    const vars = options.byGroup ? groupData(inventory, name) : {};
    const data = hosts.map((host) => {
      const first = !seen.has(host);
      seen.add(host);
      return [host, first ? hostData(inventory, host, options) : {}] as const;
    });
    return {
      ...(below.length > 0 && {
        children: Object.fromEntries(below.toSorted(([left], [right]) => (left < right ? -1 : 1))),
      }),
      ...(data.length > 0 && { hosts: Object.fromEntries(data) }),
      ...(Object.keys(vars).length > 0 && { vars }),
    };
  };
  return { all: treeOf('all') };
}

/** What `--host` prints. */
export function hostData(inventory: Inventory, name: string, { byGroup, extraVars }: ExportOptions): JsonObject {
  const layers = (inventory.hosts.get(name)?.layers ?? []).filter((one) => !byGroup || ofHost(one));
  return merged([...layers.map(({ variables }) => variables), ...(byGroup ? [] : [extraVars])]);
}

function ofHost({ level }: VariableLayer): boolean {
  return level === 'inventory host' || level === 'inventory host_vars' || level === 'playbook host_vars';
}

function groupData(inventory: Inventory, name: string): JsonObject {
  return merged((inventory.groups.get(name)?.layers ?? []).map(({ variables }) => variables));
}

function merged(layers: readonly Variables[]): JsonObject {
  const values = new Map<string, Json>();
  for (const layer of layers) for (const [name, { raw }] of layer) values.set(name, raw as Json);
  return Object.fromEntries([...values].toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

/** `ungrouped` comes first below `all`. */
function childrenOf(inventory: Inventory, name: string): readonly string[] {
  const children = inventory.groups.get(name)?.children ?? [];
  return name === 'all' ? ['ungrouped', ...children.filter((child) => child !== 'ungrouped')] : children;
}

/** Hosts that the group names itself, not only through its children. */
function ownHosts(inventory: Inventory, name: string): readonly string[] {
  if (name === 'all') return [];
  const group = inventory.groups.get(name);
  return group ? (group.ownHosts ?? group.hosts) : [];
}

/** What `--graph` prints: groups with `@`, and what is in them below. */
export function inventoryGraph(
  inventory: Inventory,
  top: string,
  options: ExportOptions & { readonly vars: boolean },
): string {
  const lines: string[] = [];
  const line = (depth: number, text: string) => lines.push(depth === 0 ? text : `${'  |'.repeat(depth)}--${text}`);
  const variables = (depth: number, data: JsonObject) => {
    if (!options.vars) return;
    for (const [name, value] of Object.entries(data)) line(depth, `{${name} = ${pythonText(value)}}`);
  };
  const draw = (name: string, depth: number) => {
    line(depth, `@${name}:`);
    for (const child of childrenOf(inventory, name)) draw(child, depth + 1);
    for (const host of ownHosts(inventory, name)) {
      if (!options.hosts.has(host)) continue;
      line(depth + 1, host);
      variables(depth + 2, hostData(inventory, host, options));
    }
    variables(depth + 1, groupData(inventory, name));
  };
  draw(top, 0);
  return `${lines.join('\n')}\n`;
}

function pythonText(value: Json): string {
  return textOf(value, new Budget());
}
