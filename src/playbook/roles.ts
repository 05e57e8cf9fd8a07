// A role as one place uses it: its dependencies first, then its own tasks, with layers of variables of its own.
import { dirname, join, resolve } from 'node:path';
import type { Variables } from '../language/value.ts';
import { noVariables } from '../language/yaml-variables.ts';
import type { JsonObject } from '../lib/json.ts';
import { textOf, valueOf } from '../lib/yaml-node.ts';
import type { YamlEntry, YamlNode } from '../lib/yaml-node.ts';
import { suggestion } from '../lib/suggest.ts';
import { argumentJsonSchema, argumentSchema } from './argument-specs.ts';
import type { Node, RoleUse } from './ast.ts';
import { checkKeywords } from './check-keywords.ts';
import { keywordsOf } from './keywords.ts';
import { keySpot } from './reader.ts';
import type { Reader, Spot } from './reader.ts';
import { findRole, roleFile, rolePart, roleVariables } from './role-files.ts';
import { enter, opened, valueGiven } from './surroundings.ts';
import type { Surroundings } from './surroundings.ts';
import { readHandlers, readNodes } from './tasks.ts';

export interface RoleCall {
  readonly name: string;
  readonly spot: Spot;
  readonly params: Variables;
  readonly entryVars: Variables;
  /** Files other than `main`. */
  readonly from: Readonly<Partial<Record<'tasks' | 'vars' | 'defaults' | 'handlers', string | undefined>>>;
  readonly around: Surroundings;
  /** Whether a second use with the same parameters is left out, as under `roles:` and among dependencies. */
  readonly once: boolean;
  /** Whether only its own tasks see its variables. */
  readonly isPrivate?: boolean;
  /** Whether its arguments are checked; default yes. */
  readonly validate?: boolean;
}

/** The tasks of a role and of what it depends on. */
export function useRole(reader: Reader, call: RoleCall): readonly Node[] {
  const { around, from, spot, name } = call;
  const path = findRole(reader, name, spot, around.roleDirectory);
  if (path === null) return [];
  const mark = roleMark(name, from.tasks);
  if (around.open.includes(mark)) {
    const way = [...around.open.slice(around.open.indexOf(mark)), mark].join(' -> ');
    reader.error('include-cycle', `the role "${name}" uses itself`, spot, `By way of ${way}.`);
    return [];
  }
  const meta = rolePart(reader, path, 'meta', undefined, spot)?.root;
  if (call.once && !isTrue(valueOf(meta, 'allow_duplicates')) && hasRun(call, path)) return [];
  const use = roleUse(reader, call, path, meta);
  const inside: Surroundings = {
    ...opened(around, mark),
    role: use,
    roleDirectory: path,
    directory: join(path, 'tasks'),
  };
  const before = dependencies(reader, meta, inside);
  around.play.roles.push(use);
  addHandlers(reader, path, call, inside);
  const tasks = rolePart(reader, path, 'tasks', from.tasks, spot);
  return [...before, ...(tasks ? readNodes(reader, tasks.root, { ...inside, directory: dirname(tasks.path) }) : [])];
}

/** How a role that is being read is called in messages; its other files of tasks are things of their own. */
export function roleMark(name: string, tasksFrom: string | undefined): string {
  return tasksFrom === undefined ? `role ${name}` : `role ${name} (${tasksFrom})`;
}

/**
 * Whether an earlier use with the same parameters surely runs wherever this one would: under no more conditions,
 * and selected by every tag that selects this one.
 */
function hasRun({ around, from, params, entryVars }: RoleCall, path: string): boolean {
  const key = JSON.stringify([path, from, rawOf(params), rawOf(entryVars)]);
  const when = around.when.map(({ source }) => source);
  const uses = around.play.roleUses.get(key) ?? [];
  const covered = uses.some(
    (use) => use.when.every((one) => when.includes(one)) && around.tags.every((tag) => use.tags.includes(tag)),
  );
  if (!covered) around.play.roleUses.set(key, [...uses, { when, tags: around.tags }]);
  return covered;
}

/** One entry of `roles:` or of `dependencies:`: a name, or a map with it. */
export function readRoleEntry(reader: Reader, node: YamlNode, around: Surroundings): readonly Node[] {
  const once = { from: {}, once: true } as const;
  const alone = textOf(node);
  if (alone !== undefined) {
    return useRole(reader, { name: alone, spot: node, params: noVariables, entryVars: noVariables, around, ...once });
  }
  const named = valueOf(node, 'role') ?? valueOf(node, 'name');
  const name = textOf(named);
  if (node.kind !== 'map' || !named || name === undefined) {
    reader.error('missing-argument', 'a role entry is a name, or a map with "role"', node);
    return [];
  }
  const params: YamlEntry[] = [];
  checkKeywords(reader, node, 'role', (entry) => {
    warnOfKeyword(reader, entry);
    params.push(entry);
    return true;
  });
  const inside = enter(reader, node, around, { vars: false });
  const entries = new Map(params.map((entry) => [entry.key, entry]));
  return useRole(reader, {
    name,
    spot: named,
    params: reader.variables({ ...node, entries }),
    entryVars: reader.variables(valueGiven(node, 'vars')),
    around: inside,
    ...once,
  });
}

/** Any key may be a parameter; one that nearly is a keyword is more likely that. */
function warnOfKeyword(reader: Reader, entry: YamlEntry): void {
  const near = entry.key.length > 3 ? suggestion(entry.key, keywordsOf('role')) : undefined;
  if (near === undefined) return;
  reader.warning('unknown-keyword', `"${entry.key}" is taken as a parameter of the role`, keySpot(entry), near);
}

function roleUse(reader: Reader, call: RoleCall, path: string, meta: YamlNode | undefined): RoleUse {
  const { around, from, spot } = call;
  const schema = call.validate === false ? undefined : schemaOf(reader, path, from.tasks ?? 'main', meta);
  const isPrivate = call.isPrivate ?? around.role?.isPrivate ?? false;
  return {
    name: call.name,
    path: resolve(path),
    where: spot.where,
    defaults: roleVariables(reader, path, 'defaults', from.defaults, spot),
    vars: roleVariables(reader, path, 'vars', from.vars, spot),
    params: call.params,
    entryVars: call.entryVars,
    aroundVars: around.vars,
    includeParams: around.includeParams,
    parents: around.role ? [...around.role.parents, around.role] : [],
    ...(schema && { argumentSchema: schema }),
    ...(isPrivate && { isPrivate }),
    ...(call.once && around.role && { isDependency: true }),
  };
}

function schemaOf(
  reader: Reader,
  path: string,
  entryPoint: string,
  meta: YamlNode | undefined,
): JsonObject | undefined {
  const key = `${path} ${entryPoint}`;
  if (reader.schemas.has(key)) return reader.schemas.get(key);
  const schema = jsonSchemaOf(reader, path) ?? specsOf(reader, path, entryPoint, meta);
  reader.schemas.set(key, schema);
  return schema;
}

/** `meta/argument_schema.yml` (or .json). */
function jsonSchemaOf(reader: Reader, path: string): JsonObject | undefined {
  const file = roleFile(reader, path, 'meta', 'argument_schema');
  const root = file === null ? null : reader.yaml(file);
  return root ? argumentJsonSchema(reader, root) : undefined;
}

/** `meta/argument_specs.yml`, or that key of `meta/main.yml`. */
function specsOf(reader: Reader, path: string, entryPoint: string, meta: YamlNode | undefined): JsonObject | undefined {
  const file = roleFile(reader, path, 'meta', 'argument_specs');
  const specs = valueOf(file === null ? meta : (reader.yaml(file) ?? undefined), 'argument_specs');
  return specs && argumentSchema(reader, specs, entryPoint);
}

function dependencies(reader: Reader, meta: YamlNode | undefined, inside: Surroundings): readonly Node[] {
  const list = valueOf(meta, 'dependencies');
  if (!list || (list.kind === 'scalar' && list.value === null)) return [];
  if (list.kind !== 'list') {
    reader.wrongType('"dependencies"', 'a list of roles', list);
    return [];
  }
  return list.items.flatMap((item) => readRoleEntry(reader, item, inside));
}

/** A role's handlers are there once in a play; of several uses the last one's parameters hold. */
function addHandlers(reader: Reader, path: string, call: RoleCall, inside: Surroundings): void {
  const file = rolePart(reader, path, 'handlers', call.from.handlers, call.spot);
  if (!file) return;
  const handlers = readHandlers(reader, file.root, { ...inside, directory: dirname(file.path) });
  call.around.play.roleHandlers.set(file.path, handlers);
}

function isTrue(node: YamlNode | undefined): boolean {
  return node?.kind === 'scalar' && node.value === true;
}

function rawOf(variables: Variables): unknown {
  return [...variables].map(([name, { raw }]) => [name, raw]);
}
