// Finds the templates that templates include, import or extend, where Ansible looks for them.
import { existsSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { TemplateLoader } from '../language/jinja.ts';
import type { Scope } from '../language/value.ts';
import { readTextFile } from './text-file.ts';

/** Folders of templates for a scope: the role's, the playbook's, each with its `templates` first. */
export function templateRoots(scope: Scope): readonly string[] {
  const roots = [scope.get('role_path'), scope.get('playbook_dir')].filter((root) => typeof root === 'string');
  return [...new Set(roots.flatMap((root) => [resolve(root, 'templates'), resolve(root)]))];
}

/** Looks beside the main template first, then in `roots`, then beside the template that asks. */
export function templateLoader(mainTemplate: string, roots: readonly string[]): TemplateLoader {
  return (name, from) => {
    const folders = [...new Set([dirname(resolve(mainTemplate)), ...roots, dirname(resolve(from))])];
    const places = isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name));
    const found = places.find((place) => existsSync(place) && statSync(place).isFile());
    return found === undefined ? { searched: places } : { path: found, text: readTextFile(found) };
  };
}
