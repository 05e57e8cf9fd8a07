// import_tasks, include_tasks, import_role, include_role: all resolved while reading, so tags and conditions always reach in.
import { dirname, join } from 'node:path';
import type { Variables } from '../language/value.ts';
import { noVariables } from '../language/yaml-variables.ts';
import { isNull, textOf, valueOf } from '../lib/yaml-node.ts';
import type { YamlMap, YamlNode } from '../lib/yaml-node.ts';
import type { Node } from './ast.ts';
import { checkKeywords } from './check-keywords.ts';
import type { Call } from './modules.ts';
import { isTemplate, keySpot, suggestion } from './reader.ts';
import type { Reader } from './reader.ts';
import { useRole } from './roles.ts';
import { enter, valueGiven } from './surroundings.ts';
import type { Surroundings } from './surroundings.ts';
import { readNodes } from './tasks.ts';

type Include = Call & { kind: 'include' };

/** Keywords that need a result, which an include has not. */
const notOnIncludes = ['register', 'until', 'retries', 'delay', 'changed_when', 'failed_when', 'loop', 'loop_control'];

const taskKeys = ['file', 'apply'] as const;
const roleKeys = [
  'name',
  'role',
  'tasks_from',
  'vars_from',
  'defaults_from',
  'handlers_from',
  'apply',
  'public',
  'allow_duplicates',
  'rolespec_validate',
] as const;

/** The tasks that stand in the include's place. `inside` has the keywords of the include but its `vars`. */
export function readInclude(
  reader: Reader,
  map: YamlMap,
  include: Include,
  around: Surroundings,
  inside: Surroundings,
): readonly Node[] {
  for (const entry of map.entries.values()) {
    if (!notOnIncludes.includes(entry.key) && !entry.key.startsWith('with_')) continue;
    const message = `"${entry.key}" on ${include.name} is not supported`;
    const hint = entry.key.startsWith('loop') || entry.key.startsWith('with_') ? 'Loop over each task inside.' : '';
    reader.error('unsupported-keyword', message, keySpot(entry), hint);
  }
  const forRole = include.name.endsWith('_role');
  const options = optionsOf(reader, include, forRole);
  if (!options) return [];
  const target = forRole ? (valueOf(options, 'name') ?? valueOf(options, 'role')) : valueOf(options, 'file');
  const name = fixedTarget(reader, include, target, forRole);
  if (name === null || !target) return [];
  const applied = applyTo(reader, valueOf(options, 'apply'), inside);
  const own = reader.variables(valueGiven(map, 'vars'));
  const layered = withVars(include, around, applied, own);
  if (forRole) {
    const from = (part: string) => textOf(valueOf(options, `${part}_from`));
    return useRole(reader, {
      name,
      spot: target,
      params: noVariables,
      // Like those of an entry of `roles:`, the vars of an import are there for the whole play.
      entryVars: include.name.startsWith('import_') ? own : noVariables,
      from: { tasks: from('tasks'), vars: from('vars'), defaults: from('defaults'), handlers: from('handlers') },
      around: layered,
      once: false,
    });
  }
  return readTaskFile(reader, name, target, layered);
}

/** The `vars:` of an import count as those of a block, those of an include over all that is set inside. */
function withVars(include: Include, around: Surroundings, applied: Surroundings, own: Variables): Surroundings {
  if (own.size === 0) return applied;
  if (include.name.startsWith('include_')) return { ...applied, includeParams: [...applied.includeParams, own] };
  return { ...applied, vars: [...around.vars, own, ...applied.vars.slice(around.vars.length)] };
}

/** Finds and reads a file of tasks named in another file. */
function readTaskFile(reader: Reader, name: string, spot: YamlNode, around: Surroundings): readonly Node[] {
  const places = [
    around.directory,
    ...(around.roleDirectory === undefined ? [] : [join(around.roleDirectory, 'tasks')]),
    reader.playbookDirectory,
  ];
  const paths = [...new Set(places.map((place) => reader.resolve(place, name)))];
  const path = paths.find((candidate) => reader.exists(candidate));
  if (path === undefined) {
    reader.error('file-not-found', `there is no file of tasks "${name}"`, spot, `Looked for ${paths.join(', ')}.`);
    return [];
  }
  if (around.open.includes(path)) {
    reader.error('include-cycle', `${path} includes itself`, spot, `By way of ${[...around.open, path].join(' -> ')}.`);
    return [];
  }
  const root = reader.yaml(path);
  const inside = { ...around, directory: dirname(path), open: [...around.open, path] };
  return root ? readNodes(reader, root, inside) : [];
}

function optionsOf(reader: Reader, include: Include, forRole: boolean): YamlMap | null {
  const { entry, name } = include;
  const node = entry.value;
  if (!forRole && node.kind === 'scalar' && node.value !== null) {
    const file = { key: 'file', where: node.where, value: node };
    return { kind: 'map', where: node.where, length: node.length, entries: new Map([['file', file]]) };
  }
  if (node.kind !== 'map') {
    reader.wrongType(`"${name}"`, forRole ? 'a map with "name"' : 'the name of a file', node);
    return null;
  }
  const keys: readonly string[] = forRole ? roleKeys : taskKeys;
  for (const option of node.entries.values()) {
    if (keys.includes(option.key)) continue;
    const hint = suggestion(option.key, keys);
    reader.error('unknown-argument', `"${option.key}" is not an argument of ${name}`, keySpot(option), hint);
  }
  return node;
}

function fixedTarget(reader: Reader, include: Include, node: YamlNode | undefined, forRole: boolean): string | null {
  if (!node || isNull(node)) {
    reader.error('missing-argument', `${include.name} needs "${forRole ? 'name' : 'file'}"`, keySpot(include.entry));
    return null;
  }
  const name = textOf(node);
  if (name === undefined) {
    reader.wrongType(`"${include.name}"`, forRole ? 'the name of a role' : 'the name of a file', node);
    return null;
  }
  if (isTemplate(name)) {
    const hint = 'Include each by name, with a `when`.';
    reader.error('dynamic-include', `what ${include.name} reads must be known before anything runs`, node, hint);
    return null;
  }
  return name;
}

/** `apply:` works as a block around what is included. */
function applyTo(reader: Reader, apply: YamlNode | undefined, inside: Surroundings): Surroundings {
  if (!apply || isNull(apply)) return inside;
  if (apply.kind !== 'map') {
    reader.wrongType('"apply"', 'a map of keywords', apply);
    return inside;
  }
  checkKeywords(reader, apply, 'block', () => false);
  return enter(reader, apply, inside, { vars: true });
}
