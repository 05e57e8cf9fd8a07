// Where lookups look for files: the role's folder, that of the task, the playbook's, each with its usual subfolders first.
import { existsSync, statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { Scope } from '../../language/value.ts';
import { isList } from '../../language/values.ts';
import { VezaError } from '../../lib/errors.ts';

export type FolderKind = 'files' | 'templates' | 'vars' | 'tasks';

/** Folders to look in, the most special first. */
export function rootsOf(scope: Scope): readonly string[] {
  const search = scope.get('ansible_search_path');
  const all = [
    scope.get('role_path'),
    ...(search !== undefined && isList(search) ? search : []),
    scope.get('playbook_dir'),
  ];
  const roots = all.filter((root): root is string => typeof root === 'string').map((root) => resolve(root));
  return roots.length === 0 ? [resolve('.')] : [...new Set(roots)];
}

/** Relative paths of options such as the file of a password begin here. */
export function baseOf(scope: Scope): string {
  const directory = scope.get('playbook_dir');
  return resolve(typeof directory === 'string' ? directory : '.');
}

/** Every place where a file may be. */
export function placesOf(path: string, kinds: readonly FolderKind[], scope: Scope): readonly string[] {
  if (isAbsolute(path)) return [path];
  return rootsOf(scope).flatMap((root) => [...kinds.map((kind) => resolve(root, kind, path)), resolve(root, path)]);
}

/** Throws VezaError `file-not-found` naming every place. */
export function findFile(plugin: string, path: string, kinds: readonly FolderKind[], scope: Scope): string {
  const places = placesOf(path, kinds, scope);
  const found = places.find((place) => existsSync(place) && statSync(place).isFile());
  if (found !== undefined) return found;
  throw new VezaError('file-not-found', `the lookup '${plugin}' finds no file "${path}"`, {
    hint: `looked for ${places.join(', ')}`,
  });
}
