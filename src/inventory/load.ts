// Reads inventories: YAML and INI files, directories of them, and lists such as `web-1,web-2`.
// Deliberately not here: evaluating variables, and the order of layers outside the inventory (precedence.ts).
import { dirname, join, normalize } from 'node:path';
import type { SourceFiles } from '../core/source-files.ts';
import type { Variables } from '../language/value.ts';
import { compileNode, noVariables } from '../language/yaml-variables.ts';
import type { Diagnostic } from '../lib/diagnostic.ts';
import type { GroupDraft, HostDraft } from './graph.ts';
import { hierarchyOf } from './hierarchy.ts';
import type { Hierarchy } from './hierarchy.ts';
import { readIniInventory } from './ini-inventory.ts';
import { InventoryReader } from './inventory-reader.ts';
import type { Group, Host, Inventory, VariableLayer } from './model.ts';
import { byPrecedence } from './precedence.ts';
import type { PrecedenceName } from './precedence.ts';
import { variableFolder } from './variable-files.ts';
import type { VariableFolder } from './variable-files.ts';
import { readYamlInventory } from './yaml-inventory.ts';

export interface InventoryOptions {
  readonly files: SourceFiles;
  /** `group_vars` and `host_vars` there count too, above those of the inventory. */
  readonly playbookDirectory?: string;
}

export interface LoadedInventory {
  /** `null` where a diagnostic is an error. */
  readonly inventory: Inventory | null;
  readonly diagnostics: readonly Diagnostic[];
  /** Text of every file that was read, for formatting the diagnostics. */
  readonly sources: ReadonlyMap<string, string>;
}

/** Names in a directory of inventories that are none. */
const ignored = /^(?:group_vars|host_vars)$|^\.|~$|\.(?:pyc|pyo|swp|bak|rpm|md|txt|rst|orig|cfg|retry)$/;

/** Reads all sources into one inventory; later ones add to earlier ones. */
export function loadInventory(sources: readonly string[], options: InventoryOptions): LoadedInventory {
  const reader = new InventoryReader(options.files);
  const directories = new Set<string>();
  for (const source of sources) readSource(reader, source, directories);
  const hierarchy = hierarchyOf(reader);
  const playbook = options.playbookDirectory === undefined ? undefined : normalize(options.playbookDirectory);
  const beside = [...directories].map((directory) => variableFolder(reader, directory));
  const atPlaybook = playbook === undefined || directories.has(playbook) ? [] : [variableFolder(reader, playbook)];
  const inventory = assemble(reader, hierarchy, beside, atPlaybook);
  warnOfClashes(reader);
  for (const folder of beside) folder.warnOfNearNames(inventory.groups, inventory.hosts);
  const failed = reader.diagnostics.some(({ severity }) => severity === 'error');
  return { inventory: failed ? null : inventory, diagnostics: reader.diagnostics, sources: reader.sources };
}

function readSource(reader: InventoryReader, source: string, directories: Set<string>): void {
  if (source.includes(',')) {
    const names = source.split(',').map((name) => name.trim());
    for (const name of names) {
      if (name !== '') reader.addHosts(name, 'ungrouped', { file: source, line: 1, column: 1 });
    }
  } else if (reader.files.isDirectory(source)) {
    directories.add(normalize(source));
    for (const name of reader.files.list(source)) {
      if (!ignored.test(name)) readFile(reader, join(source, name), directories);
    }
  } else {
    directories.add(normalize(dirname(source)));
    readFile(reader, source, directories);
  }
}

function readFile(reader: InventoryReader, path: string, directories: Set<string>): void {
  if (reader.files.isDirectory(path)) {
    readSource(reader, path, directories);
    return;
  }
  const text = reader.files.read(path);
  if (text === null) {
    const hint = 'Name a file, a directory, or hosts with a comma, as in `web-1,`.';
    reader.error('file-not-found', `there is no inventory ${path}`, undefined, 1, hint);
  } else if (text.startsWith('#!')) {
    reader.text(path);
    const where = { file: path, line: 1, column: 1 };
    reader.error('unsupported-inventory', 'inventories that are programs are not supported yet', where, 2);
  } else if (reader.text(path) === null) {
    return;
  } else if (isYaml(path, text)) {
    const root = reader.yaml(text, path);
    if (root) readYamlInventory(reader, root);
  } else {
    readIniInventory(reader, text, path);
  }
}

/** By the name, else by the first line that says something: `---` or `key:`. */
function isYaml(path: string, text: string): boolean {
  if (/\.(?:ya?ml|json)$/.test(path)) return true;
  if (path.endsWith('.ini')) return false;
  const first = text.split('\n').find((line) => line.trim() !== '' && !line.trimStart().startsWith('#'));
  return first !== undefined && /^(?:---|\{|[\w.-]+:\s*$)/.test(first);
}

function assemble(
  reader: InventoryReader,
  hierarchy: Hierarchy,
  beside: readonly VariableFolder[],
  atPlaybook: readonly VariableFolder[],
): Inventory {
  const groups = new Map<string, Group>();
  for (const { name, where, children } of reader.graph.groups.values()) {
    groups.set(name, { name, where, hosts: hierarchy.hostsOf.get(name) ?? [], children: [...children.keys()] });
  }
  const layersOf = layering(hierarchy.ordered, beside, atPlaybook);
  const hosts = new Map<string, Host>();
  for (const draft of reader.graph.hosts.values()) {
    const own = hierarchy.groupsOf.get(draft.name) ?? [];
    hosts.set(draft.name, { name: draft.name, where: draft.where, groups: own, layers: layersOf(draft, own) });
  }
  // Ansible's: localhost can be named without being listed, but `all` does not hold it.
  if (!hosts.has('localhost')) {
    const where = { file: 'localhost', line: 1, column: 1 };
    const local = { kind: 'scalar', value: 'local', where, textWhere: where, length: 1 } as const;
    const vars: Variables = new Map([['ansible_connection', compileNode(local, reader.report)]]);
    hosts.set('localhost', {
      name: 'localhost',
      where,
      groups: [],
      layers: layersOf({ name: 'localhost', where, vars }, []),
    });
  }
  const nowhere = { file: '', line: 1, column: 1 };
  const layersFor = (name: string, own: readonly string[]) =>
    layersOf(reader.graph.hosts.get(name) ?? { name, where: nowhere, vars: new Map() }, own);
  return { hosts, groups, sources: reader.sources, layersFor };
}

/** Layers of a host in the order of precedence.ts; those of groups are shared between hosts. */
function layering(
  ordered: readonly GroupDraft[],
  beside: readonly VariableFolder[],
  atPlaybook: readonly VariableFolder[],
): (host: HostDraft, groups: readonly string[]) => readonly VariableLayer[] {
  const layer = (level: PrecedenceName, origin: string, variables: Variables): VariableLayer[] =>
    variables.size > 0 ? [{ level, origin, variables }] : [];
  const ofGroup = (name: string, vars: Variables): readonly VariableLayer[] => {
    const suffix = name === 'all' ? '/all' : '';
    const origin = `group_vars/${name}`;
    return [
      ...layer('inventory group', `group ${name}`, vars),
      ...beside.flatMap((at) => layer(`inventory group_vars${suffix}`, origin, at.groupVars(name))),
      ...atPlaybook.flatMap((at) => layer(`playbook group_vars${suffix}`, `playbook ${origin}`, at.groupVars(name))),
    ];
  };
  const perGroup = new Map(ordered.map(({ name, vars }) => [name, ofGroup(name, vars)] as const));
  return (host, groups) =>
    byPrecedence([
      ...['all', ...groups].flatMap((name) => perGroup.get(name) ?? ofGroup(name, noVariables)),
      ...layer('inventory host', `host ${host.name}`, host.vars),
      ...beside.flatMap((at) => layer('inventory host_vars', `host_vars/${host.name}`, at.hostVars(host.name))),
      ...atPlaybook.flatMap((at) =>
        layer('playbook host_vars', `playbook host_vars/${host.name}`, at.hostVars(host.name)),
      ),
    ]);
}

function warnOfClashes(reader: InventoryReader): void {
  const { groups, hosts } = reader.graph;
  for (const [name, group] of groups) {
    if (!hosts.has(name)) continue;
    const hint = 'Rename one; patterns would mean the group.';
    reader.warning('name-clash', `"${name}" is the name of a group and of a host`, group.where, name.length, hint);
  }
}
