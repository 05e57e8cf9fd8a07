// `group_vars` and `host_vars`: which files belong to which group or host. Each directory is listed once, each file read once.
import { join } from 'node:path';
import { nearestName } from '../lib/suggest.ts';
import type { Variables } from '../language/value.ts';
import { noVariables } from '../language/yaml-variables.ts';
import { merged } from './graph.ts';
import type { InventoryReader } from './inventory-reader.ts';

const extension = /\.(?:ya?ml|json)$/;

/** Variables beside one inventory or playbook. */
export interface VariableFolder {
  groupVars(group: string): Variables;
  hostVars(host: string): Variables;
  /** Warns of files whose name nearly is one of these groups and hosts, but not quite. */
  warnOfNearNames(groups: ReadonlyMap<string, unknown>, hosts: ReadonlyMap<string, unknown>): void;
}

export function variableFolder(reader: InventoryReader, directory: string): VariableFolder {
  const groups = variablesByName(reader, join(directory, 'group_vars'));
  const hosts = variablesByName(reader, join(directory, 'host_vars'));
  return {
    groupVars: groups.of,
    hostVars: hosts.of,
    warnOfNearNames(groupNames, hostNames) {
      groups.warn('group', groupNames);
      hosts.warn('host', hostNames);
    },
  };
}

function variablesByName(reader: InventoryReader, directory: string) {
  const files = new Map<string, string[]>();
  for (const entry of reader.files.list(directory)) {
    if (isHidden(entry)) continue;
    const name = entry.replace(extension, '');
    const paths = filesAt(reader, join(directory, entry));
    if (paths.length > 0) files.set(name, [...(files.get(name) ?? []), ...paths]);
  }
  const read = new Map<string, Variables>();
  return {
    of: (name: string): Variables => {
      const paths = files.get(name);
      if (!paths) return noVariables;
      const known = read.get(name);
      if (known) return known;
      const variables = paths.map((path) => reader.variableFile(path)).reduce(merged, noVariables);
      read.set(name, variables);
      return variables;
    },
    warn: (kind: 'group' | 'host', names: ReadonlyMap<string, unknown>): void => {
      for (const [name, [path = '']] of files) {
        const near = names.has(name) ? null : nearestName(name, names.keys());
        if (near === null) continue;
        const message = `the inventory has no ${kind} "${name}", so these variables are not used`;
        reader.warning('unused-variables', message, { file: path, line: 1, column: 1 }, 1, `Did you mean "${near}"?`);
      }
    },
  };
}

/** The file itself, or all variable files below a directory, sorted. */
function filesAt(reader: InventoryReader, path: string): readonly string[] {
  if (extension.test(path)) return [path];
  if (!reader.files.isDirectory(path))
    return /\.[A-Za-z]+$/.test(path) && reader.files.read(path) === null ? [] : [path];
  return reader.files
    .list(path)
    .filter((name) => !isHidden(name) && (extension.test(name) || reader.files.isDirectory(join(path, name))))
    .flatMap((name) => filesAt(reader, join(path, name)));
}

function isHidden(name: string): boolean {
  return name.startsWith('.') || name.endsWith('~');
}
