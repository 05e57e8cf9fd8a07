// What the paths given to `veza-run lint` are: playbooks, roles, files of tasks, inventories, files of variables, or
// folders of them. Told by their place and their content, as a reader would.
import { VezaError } from '../lib/errors.ts';
import { basename, dirname, join } from 'node:path';
import type { SourceFiles } from '../core/source-files.ts';
import { isNull, type YamlNode } from '../lib/yaml-node.ts';
import { parseYaml } from '../lib/yaml.ts';

export interface Targets {
  readonly playbooks: readonly string[];
  /** Folders. */
  readonly roles: readonly string[];
  /** Files of tasks outside of roles. */
  readonly tasks: readonly string[];
  readonly inventories: readonly string[];
  readonly variables: readonly string[];
  /** Paths that are nothing to check. */
  readonly missing: readonly string[];
}

export type FileKind = 'playbook' | 'tasks' | 'inventory' | 'variables' | 'other';

const yamlName = /\.ya?ml$/;
const roleParts = ['tasks', 'handlers', 'defaults', 'vars', 'meta', 'templates', 'files'];
const skipped = /^(?:\.|node_modules$)/;

/** What cannot be opened is nothing by itself; who needs it tells why. */
export function textOf(files: Pick<SourceFiles, 'read'>, path: string): string | null {
  try {
    return files.read(path);
  } catch (error) {
    if (error instanceof VezaError) return '';
    throw error;
  }
}

/** Sorts paths; folders are gone through. */
export function findTargets(files: SourceFiles, paths: readonly string[]): Targets {
  const found = { playbooks: [], roles: [], tasks: [], inventories: [], variables: [], missing: [] } as {
    [Kind in keyof Targets]: string[];
  };
  const add = (kind: keyof Targets, path: string) => {
    if (!found[kind].includes(path)) found[kind].push(path);
  };
  const visit = (path: string, named: boolean) => {
    if (files.isDirectory(path)) visitFolder(path, named);
    else if (textOf(files, path) === null) add('missing', path);
    else visitFile(path, named);
  };
  const visitFolder = (path: string, named: boolean) => {
    const names = files.list(path).filter((name) => !skipped.test(name));
    if (isRole(files, path)) {
      add('roles', path);
    } else if (isInventory(files, path, names)) {
      add('inventories', path);
    } else {
      for (const name of names) {
        const inner = join(path, name);
        if (files.isDirectory(inner) ? !isContent(name) || named : yamlName.test(name)) visit(inner, false);
      }
    }
  };
  const visitFile = (path: string, named: boolean) => {
    switch (kindOfFile(path, textOf(files, path) ?? '')) {
      case 'playbook': {
        add('playbooks', path);
        return;
      }
      case 'tasks': {
        add('tasks', path);
        return;
      }
      case 'inventory': {
        add('inventories', path);
        return;
      }
      case 'variables': {
        add('variables', path);
        return;
      }
      default: {
        // In a folder there may be anything.
        if (named) add('missing', path);
        return;
      }
    }
  };
  for (const path of paths) visit(path, true);
  return found;
}

/** What a file is. */
function kindOfFile(path: string, text: string): FileKind {
  const folder = basename(dirname(path));
  if (folder === 'group_vars' || folder === 'host_vars') return 'variables';
  if (!yamlName.test(path)) return /^\s*\[[\w.-]+(?::\w+)?\]\s*$/m.test(text) ? 'inventory' : 'other';
  const { root } = parseYaml(text, path);
  // What is no YAML at all is read as a playbook, whose reader says what is wrong.
  if (!root) return folder === 'tasks' || folder === 'handlers' ? 'tasks' : 'playbook';
  if (root.kind === 'list') return root.items.some(isPlay) ? 'playbook' : 'tasks';
  if (root.kind === 'map') return isGroups(root) ? 'inventory' : 'variables';
  return isNull(root) ? 'variables' : 'other';
}

function isPlay(node: YamlNode): boolean {
  if (node.kind !== 'map') return false;
  return [
    'hosts',
    'import_playbook',
    'ansible.builtin.import_playbook',
    'tasks',
    'pre_tasks',
    'post_tasks',
    'roles',
    'handlers',
    'gather_facts',
    'serial',
    'vars_files',
    // What people write for the first of these by mistake.
    'host',
    'task',
  ].some((key) => node.entries.has(key));
}

function isGroups(node: YamlNode): boolean {
  if (node.kind !== 'map' || node.entries.size === 0) return false;
  if (node.entries.has('all')) return true;
  return [...node.entries.values()].every(
    ({ value }) => value.kind === 'map' && ['hosts', 'children'].some((key) => value.entries.has(key)),
  );
}

function isRole(files: SourceFiles, path: string): boolean {
  if (['tasks', 'meta'].some((part) => textOf(files, join(path, part, 'main.yml')) !== null)) return true;
  return basename(dirname(path)) === 'roles' && roleParts.some((part) => files.isDirectory(join(path, part)));
}

function isInventory(files: SourceFiles, path: string, names: readonly string[]): boolean {
  if (names.some((name) => name === 'group_vars' || name === 'host_vars')) {
    return !names.some((name) => {
      const file = join(path, name);
      return yamlName.test(name) && kindOfFile(file, textOf(files, file) ?? '') === 'playbook';
    });
  }
  return false;
}

/** Folders of roles and the like: nothing in them is a playbook. */
function isContent(name: string): boolean {
  return roleParts.includes(name) || name === 'group_vars' || name === 'host_vars';
}
