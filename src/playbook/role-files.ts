// Where roles are, and the files of one: defaults, vars, tasks, handlers, meta.
import { dirname, isAbsolute, join } from 'node:path';
import type { Variables } from '../language/value.ts';
import type { YamlNode } from '../lib/yaml-node.ts';
import { suggestion } from '../lib/suggest.ts';
import type { Reader, Spot } from './reader.ts';
import { isTemplate } from './reader.ts';

export type RolePart = 'defaults' | 'vars' | 'tasks' | 'handlers' | 'meta';

const extensions = ['.yml', '.yaml', '.json', ''];

/** The directory of a role; `null` where there is none, which is reported with every place looked at. */
export function findRole(reader: Reader, name: string, spot: Spot, userDirectory: string | undefined): string | null {
  if (isTemplate(name)) {
    const message = 'the name of a role must be known before anything runs';
    reader.error('dynamic-include', message, spot, 'Use each role by name, with a `when`.');
    return null;
  }
  const playbook = reader.playbookDirectory;
  const places = [
    join(playbook, 'roles'),
    join(playbook, '..', 'roles'),
    ...(userDirectory === undefined ? [] : [dirname(userDirectory)]),
    ...reader.rolesPath,
  ];
  const byPath = isAbsolute(name) || name.startsWith('.');
  const paths = byPath ? [reader.resolve(playbook, name)] : [...new Set(places)].map((place) => join(place, name));
  const found = paths.find((path) => reader.files.isDirectory(path));
  if (found !== undefined) return found;
  const near = suggestion(
    name,
    places.flatMap((place) => reader.files.list(place)),
  );
  const hint = `${near === undefined ? '' : `${near} `}Looked for ${paths.join(', ')}.`;
  reader.error('unknown-role', `there is no role "${name}"`, spot, hint);
  return null;
}

/** The file of a part: `tasks/main.yml` and the like. */
export function roleFile(reader: Reader, role: string, part: RolePart, from = 'main'): string | null {
  const candidates = extensions.map((extension) => join(role, part, from + extension));
  return candidates.find((path) => reader.exists(path)) ?? null;
}

/** As roleFile, its content; a part asked for by name must be there. */
export function rolePart(
  reader: Reader,
  role: string,
  part: RolePart,
  from: string | undefined,
  spot: Spot,
): { readonly path: string; readonly root: YamlNode } | null {
  const path = roleFile(reader, role, part, from);
  if (path === null) {
    if (from !== undefined) {
      const hint = `Looked for ${join(role, part, from)} with .yml, .yaml, .json or nothing.`;
      reader.error('file-not-found', `the role has no ${part} "${from}"`, spot, hint);
    }
    return null;
  }
  const root = reader.yaml(path);
  return root && { path, root };
}

/** Variables of `defaults` or `vars`: one file, or all of a directory `main`, later files over earlier ones. */
export function roleVariables(
  reader: Reader,
  role: string,
  part: 'defaults' | 'vars',
  from: string | undefined,
  spot: Spot,
): Variables {
  const directory = join(role, part, from ?? 'main');
  if (!reader.files.isDirectory(directory)) {
    const file = rolePart(reader, role, part, from, spot);
    return reader.variables(file?.root);
  }
  const names = reader.files.list(directory).filter((name) => /\.(?:ya?ml|json)$/.test(name));
  return new Map(names.flatMap((name) => [...reader.variables(reader.yaml(join(directory, name)) ?? undefined)]));
}
