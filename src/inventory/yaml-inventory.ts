// Inventories in YAML: groups with `hosts`, `children` and `vars`, at the top or below `all`.
import { nearestName } from '../lib/suggest.ts';
import { isNull, kindInWords, textOf } from '../lib/yaml-node.ts';
import type { YamlEntry, YamlNode } from '../lib/yaml-node.ts';
import { groupNamed, merged } from './graph.ts';
import type { InventoryReader } from './inventory-reader.ts';

const groupKeys = ['hosts', 'children', 'vars'] as const;

/** Reads one file into the graph. */
export function readYamlInventory(reader: InventoryReader, root: YamlNode): void {
  if (isNull(root)) return;
  if (root.kind !== 'map') {
    const hint = 'Begin with `all:` and below it `hosts:`.';
    const message = `an inventory must be a map of groups, not ${kindInWords(root)}`;
    reader.error('wrong-type', message, root.where, root.length, hint);
    return;
  }
  for (const entry of root.entries.values()) readGroup(reader, entry);
}

function readGroup(reader: InventoryReader, entry: YamlEntry): void {
  const group = groupNamed(reader.graph, entry.key, entry.where);
  const node = entry.value;
  if (isNull(node)) return;
  if (node.kind !== 'map') {
    wrongMap(reader, `the group "${entry.key}"`, node, 'Below a group are `hosts:`, `children:` and `vars:`.');
    return;
  }
  for (const part of node.entries.values()) {
    switch (part.key) {
      case 'hosts':
        readHosts(reader, part.value, entry.key);
        break;
      case 'vars':
        group.vars = merged(group.vars, reader.variables(part.value));
        break;
      case 'children':
        readChildren(reader, part.value, group.children);
        break;
      default: {
        const near = nearestName(part.key, groupKeys);
        const hint = near === null ? 'A group has `hosts`, `children` and `vars`.' : `Did you mean "${near}"?`;
        reader.error('unknown-keyword', `"${part.key}" is not a keyword of a group`, part.where, part.key.length, hint);
      }
    }
  }
}

function readChildren(reader: InventoryReader, node: YamlNode, children: Map<string, YamlEntry['where']>): void {
  if (isNull(node)) return;
  if (node.kind !== 'map') {
    wrongMap(reader, '"children"', node, 'Write each group as a key: `web:`.');
    return;
  }
  for (const child of node.entries.values()) {
    children.set(child.key, child.where);
    readGroup(reader, child);
  }
}

function readHosts(reader: InventoryReader, node: YamlNode, group: string): void {
  if (isNull(node)) return;
  const alone = textOf(node);
  if (alone !== undefined) {
    reader.addHosts(alone, group, node.where);
    return;
  }
  if (node.kind !== 'map') {
    wrongMap(reader, '"hosts"', node, 'Write each host as a key: `web-1:`.');
    return;
  }
  for (const { key, where, value } of node.entries.values()) {
    const hosts = reader.addHosts(key, group, where);
    const vars = reader.variables(value);
    for (const host of hosts) host.vars = merged(host.vars, vars);
  }
}

function wrongMap(reader: InventoryReader, what: string, node: YamlNode, hint: string): void {
  reader.error('wrong-type', `${what} must be a map, not ${kindInWords(node)}`, node.where, node.length, hint);
}
