// include_tasks and include_role: a node of its own, which the engine opens when its turn comes. Keywords of the include are
// for itself; what is inside takes them from what is around the include, and from `apply`.
import { noVariables } from '../language/yaml-variables.ts';
import type { Variables } from '../language/value.ts';
import { isJsonObject, type Json, type JsonObject } from '../lib/json.ts';
import { limits } from '../lib/limits.ts';
import { isNull, valueOf } from '../lib/yaml-node.ts';
import type { YamlEntry, YamlMap, YamlNode } from '../lib/yaml-node.ts';
import type { Include, Inclusion, Node } from './ast.ts';
import { checkKeywords } from './check-keywords.ts';
import type { IncludeCall, Statement } from './include-arguments.ts';
import { findTaskFile, readTaskFile, taskFilePlaces } from './includes.ts';
import { keySpot } from './reader.ts';
import type { Reader } from './reader.ts';
import { roleMark, useRole } from './roles.ts';
import { enter, valueGiven } from './surroundings.ts';
import type { PlayState, Surroundings } from './surroundings.ts';
import { readTaskKeywords } from './tasks.ts';

/** Keywords that an include has for itself; Ansible's list. */
const own = new Set([
  'action',
  'args',
  'collections',
  'ignore_errors',
  'listen',
  'loop',
  'loop_control',
  'name',
  'no_log',
  'register',
  'run_once',
  'tags',
  'timeout',
  'vars',
  'when',
]);

/** The include as a node; what a constant name leads to is read at once, for its mistakes. */
export function readDynamicInclude(
  reader: Reader,
  map: YamlMap,
  call: IncludeCall,
  statement: Statement | null,
  around: Surroundings,
): Include | null {
  checkIncludeKeywords(reader, map, call);
  const inside = enter(reader, map, around, { vars: true });
  if (!statement) return null;
  const args = argumentsOf(statement);
  const task = {
    ...readTaskKeywords(reader, map, around, inside),
    module: call.name,
    moduleWhere: call.entry.where,
    args: reader.templated(args),
  };
  const vars = reader.variables(valueGiven(map, 'vars'));
  const contents = contentsOf(reader, vars, statement, around);
  const read = remembered((given) => open(reader, statement, given, contents));
  const include: Include = { kind: 'include', where: map.where, task, read };
  const { constant, raw } = task.args;
  if (!constant || !isJsonObject(raw) || comesAgain(reader, statement, contents)) return include;
  const known = read(raw);
  known.diagnostics.forEach(reader.report);
  return { ...include, known };
}

function checkIncludeKeywords(reader: Reader, map: YamlMap, { name, entry: statement }: IncludeCall): void {
  for (const entry of map.entries.values()) {
    if (entry === statement || own.has(entry.key) || entry.key.startsWith('with_')) continue;
    const message = `"${entry.key}" of ${name} would not reach the tasks inside`;
    const hint = `Put it into \`apply\`, or use ${name.replace('include', 'import')}.`;
    reader.error('keyword-on-include', message, keySpot(entry), hint);
  }
}

/** All arguments but `apply`, which is for what is inside. */
function argumentsOf({ options, forRole, target }: Statement): YamlMap {
  const entries = new Map<string, YamlEntry>();
  for (const entry of options.entries.values()) {
    if (entry.key !== 'apply' && entry.value !== target) entries.set(entry.key, entry);
  }
  const main = forRole ? 'name' : 'file';
  entries.set(main, { key: main, where: target.where, value: target });
  return { ...options, entries };
}

/** Around what is inside: not the include's own keywords, but its variables, and what `apply` says. */
function contentsOf(reader: Reader, vars: Variables, { options }: Statement, around: Surroundings): Surroundings {
  const inside: Surroundings = {
    ...around,
    open: [],
    includeParams: vars.size > 0 ? [...around.includeParams, vars] : around.includeParams,
  };
  const apply = valueOf(options, 'apply');
  return apply && !isNull(apply) ? applied(reader, apply, inside) : inside;
}

/** `apply:` works as a block around what is included. */
function applied(reader: Reader, apply: YamlNode, inside: Surroundings): Surroundings {
  if (apply.kind !== 'map') {
    reader.wrongType('"apply"', 'a map of keywords', apply);
    return inside;
  }
  checkKeywords(reader, apply, 'block', () => false);
  return enter(reader, apply, inside, { vars: true });
}

/** Whether what is named is being read already: then it is read anew each time it is really included. */
function comesAgain(reader: Reader, { name, forRole, options }: Statement, contents: Surroundings): boolean {
  const from = textIn(options, 'tasks_from');
  const marks = forRole ? [roleMark(name, from)] : taskFilePlaces(reader, name, contents);
  return marks.some((mark) => contents.chain.includes(mark));
}

function textIn(options: YamlMap, key: string): string | undefined {
  const node = valueOf(options, key);
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
}

function open(reader: Reader, statement: Statement, args: JsonObject, contents: Surroundings): Inclusion {
  const play: PlayState = { roleUses: new Map(contents.play.roleUses), roleHandlers: new Map(), roles: [] };
  const name = textOf(args[statement.forRole ? 'name' : 'file']) ?? '';
  const around = { ...contents, play };
  const { value: nodes, diagnostics } = reader.apart(() => {
    if (contents.chain.length > limits.includeDepth) return tooDeep(reader, statement, name, contents);
    return statement.forRole
      ? readRole(reader, statement, name, args, around)
      : readFile(reader, statement, name, around);
  });
  return { name, nodes, handlers: [...play.roleHandlers.values()].flat(), roles: play.roles, diagnostics };
}

function readFile(reader: Reader, { target }: Statement, name: string, around: Surroundings): readonly Node[] {
  const path = findTaskFile(reader, name, target, around);
  return path === null ? [] : readTaskFile(reader, path, target, around);
}

function readRole(
  reader: Reader,
  { target }: Statement,
  name: string,
  args: JsonObject,
  around: Surroundings,
): readonly Node[] {
  const from = (part: string) => textOf(args[`${part}_from`]);
  return useRole(reader, {
    name,
    spot: target,
    params: noVariables,
    entryVars: noVariables,
    from: { tasks: from('tasks'), vars: from('vars'), defaults: from('defaults'), handlers: from('handlers') },
    around,
    once: args['allow_duplicates'] === false,
    validate: args['rolespec_validate'] !== false,
    isPrivate: args['public'] !== true,
  });
}

function tooDeep(reader: Reader, { target, call }: Statement, name: string, { chain }: Surroundings): readonly Node[] {
  const message = `${call.name} of "${name}" is ${chain.length} includes deep, and no \`when\` ended it`;
  reader.error('include-depth', message, target, `By way of ${chain.slice(-4).join(' -> ')}.`);
  return [];
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function remembered(read: (args: JsonObject) => Inclusion): (args: JsonObject) => Inclusion {
  const known = new Map<string, Inclusion>();
  return (args) => {
    const key = JSON.stringify(args);
    const inclusion = known.get(key) ?? read(args);
    known.set(key, inclusion);
    return inclusion;
  };
}
