// Reads inventories: YAML and INI files, directories of them, and lists such as `web-1,web-2`.
// Deliberately not here: evaluating variables, and the order of layers outside the inventory (precedence.ts).
import { dirname, join, normalize } from 'node:path';
import type { SourceFiles } from '../core/source-files.ts';
import type { Variables } from '../language/value.ts';
import { compileNode, noVariables } from '../language/yaml-variables.ts';
import type { Diagnostic } from '../lib/diagnostic.ts';
import { isJsonObject } from '../lib/json.ts';
import { dataOf, valueOf } from '../lib/yaml-node.ts';
import type { YamlNode } from '../lib/yaml-node.ts';
import type { GroupDraft, HostDraft } from './graph.ts';
import { hierarchyOf } from './hierarchy.ts';
import type { Hierarchy } from './hierarchy.ts';
import { readIniInventory } from './ini-inventory.ts';
import { InventoryReader } from './inventory-reader.ts';
import type { Group, Host, Inventory, VariableLayer } from './model.ts';
import { byPrecedence } from './precedence.ts';
import type { PrecedenceName } from './precedence.ts';
import { addToldVariables, readDynamicGroups, readInventoryProgram } from './programs.ts';
import type { InventoryPrograms } from './programs.ts';
import { variableFolder } from './variable-files.ts';
import type { VariableFolder } from './variable-files.ts';
import { readYamlInventory } from './yaml-inventory.ts';

export interface InventoryOptions {
  readonly files: SourceFiles;
  /** `group_vars` and `host_vars` there count too, above those of the inventory. */
  readonly playbookDirectory?: string;
  /** Runs inventories that are programs; without it there can be none. */
  readonly programs?: InventoryPrograms;
}

export interface LoadedInventory {
  /** `null` where a diagnostic is an error. */
  readonly inventory: Inventory | null;
  readonly diagnostics: readonly Diagnostic[];
  /** Text of every file that was read, for formatting the diagnostics. */
  readonly sources: ReadonlyMap<string, string>;
}

/** Names in a directory of inventories that are none: Ansible's list. */
const ignored = /^(?:group_vars|host_vars)$|^\.|~$|\.(?:pyc|pyo|swp|bak|rpm|md|txt|rst|orig|ini|cfg|retry)$/;

/** Reads all sources into one inventory; later ones add to earlier ones. */
export function loadInventory(sources: readonly string[], options: InventoryOptions): LoadedInventory {
  const reader = new InventoryReader(options.files, options.programs);
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
      else if (name.endsWith('.ini')) warnOfIni(reader, join(source, name));
    }
  } else {
    directories.add(normalize(dirname(source)));
    readFile(reader, source, directories);
  }
}

/** Such files are settings of inventory programs to Ansible, so hosts in them are lost silently. */
function warnOfIni(reader: InventoryReader, path: string): void {
  const hint = 'Rename it (without .ini) to have it read, or name it with -i.';
  reader.warning(
    'unread-inventory',
    `${path} is not read: in a directory .ini files are no inventories`,
    undefined,
    1,
    hint,
  );
}

function readFile(reader: InventoryReader, path: string, directories: Set<string>): void {
  if (reader.files.isDirectory(path)) {
    readSource(reader, path, directories);
    return;
  }
  if (reader.programs?.isProgram(path)) {
    readInventoryProgram(reader, reader.programs, path);
    return;
  }
  if (path.endsWith('.toml')) {
    const hint = 'Write it in YAML or INI; `ansible-inventory -i FILE --list --yaml --export` converts it.';
    reader.error('unsupported-inventory', `${path}: inventories in TOML are not supported`, undefined, 1, hint);
    return;
  }
  const text = reader.text(path);
  if (text === null && reader.failedAt(path)) return;
  if (text === null) {
    const hint = 'Name a file, a directory, or hosts with a comma, as in `web-1,`.';
    reader.error('file-not-found', `there is no inventory ${path}`, undefined, 1, hint);
  } else if (text.startsWith('#!')) {
    const where = { file: path, line: 1, column: 1 };
    const hint = `If it is one: chmod +x ${path}`;
    reader.error('unsupported-inventory', 'this looks like a program, but may not be executed', where, 2, hint);
  } else if (isYaml(path, text)) {
    const root = reader.yaml(text, path);
    if (root) readYaml(reader, root, path);
  } else {
    readIniInventory(reader, text, path);
  }
}

/** What `ansible-inventory --list` or a program has printed into a file is in the form of programs. */
function readYaml(reader: InventoryReader, root: YamlNode, path: string): void {
  const data = valueOf(root, '_meta') ? dataOf(root) : null;
  if (!isJsonObject(data)) {
    readYamlInventory(reader, root);
    return;
  }
  const meta = data['_meta'];
  for (const name of readDynamicGroups(reader, data, path))
    addToldVariables(reader, isJsonObject(meta) ? meta['hostvars'] : undefined, name, path);
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
  const perGroup = groupLayers(hierarchy.ordered, beside, atPlaybook);
  for (const { name, where, children, hosts: own } of reader.graph.groups.values()) {
    const hosts = hierarchy.hostsOf.get(name) ?? [];
    // A host that only `all` names is in `ungrouped`.
    const ownHosts = name === 'ungrouped' ? hosts : hosts.filter((host) => own.has(host));
    const layers = perGroup.of(name);
    groups.set(name, { name, where, hosts, ownHosts, children: [...children.keys()], layers });
  }
  const layersOf = layering(perGroup, beside, atPlaybook);
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

function layer(level: PrecedenceName, origin: string, variables: Variables): VariableLayer[] {
  return variables.size > 0 ? [{ level, origin, variables }] : [];
}

/** Layers of each group, shared between its hosts. */
function groupLayers(
  ordered: readonly GroupDraft[],
  beside: readonly VariableFolder[],
  atPlaybook: readonly VariableFolder[],
): { readonly of: (group: string) => readonly VariableLayer[] } {
  const layersOf = (name: string, vars: Variables): readonly VariableLayer[] => {
    const suffix = name === 'all' ? '/all' : '';
    const origin = `group_vars/${name}`;
    return [
      ...layer('inventory group', `group ${name}`, vars),
      ...beside.flatMap((at) => layer(`inventory group_vars${suffix}`, origin, at.groupVars(name))),
      ...atPlaybook.flatMap((at) => layer(`playbook group_vars${suffix}`, `playbook ${origin}`, at.groupVars(name))),
    ];
  };
  const known = new Map(ordered.map(({ name, vars }) => [name, layersOf(name, vars)] as const));
  // Groups that a run has made may have variables in files too.
  return { of: (name) => known.get(name) ?? layersOf(name, noVariables) };
}

/** Layers of a host in the order of precedence.ts. */
function layering(
  perGroup: ReturnType<typeof groupLayers>,
  beside: readonly VariableFolder[],
  atPlaybook: readonly VariableFolder[],
): (host: HostDraft, groups: readonly string[]) => readonly VariableLayer[] {
  return (host, groups) =>
    byPrecedence([
      ...['all', ...groups].flatMap((name) => perGroup.of(name)),
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
