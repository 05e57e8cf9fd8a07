// Which module a task calls, and with what arguments.
import type { Expression, Templated } from '../language/value.ts';
import { isJsonObject } from '../lib/json.ts';
import { isNull, textOf } from '../lib/yaml-node.ts';
import type { YamlEntry, YamlMap, YamlNode } from '../lib/yaml-node.ts';
import { suggestion } from '../lib/suggest.ts';
import { canonicalArguments, checkArguments } from './arguments.ts';
import { unknownKeyword } from './check-keywords.ts';
import { freeFormArguments, keyValueArguments, moduleAndArguments } from './free-form.ts';
import { isKeyword, keywordsOf } from './keywords.ts';
import { isTemplate, keySpot } from './reader.ts';
import type { ModuleCatalog, ModuleInfo, Reader } from './reader.ts';

const builtinPrefix = /^ansible\.(?:builtin|legacy)\./;

/** Statements that look like modules. */
const includeNames = ['import_tasks', 'include_tasks', 'import_role', 'include_role'] as const;
export type IncludeName = (typeof includeNames)[number];

export type Call =
  | { readonly kind: 'module'; readonly module: ModuleInfo; readonly entry: YamlEntry }
  | { readonly kind: 'include'; readonly name: IncludeName; readonly entry: YamlEntry };

/** Finds a module by its short or its full name. */
export function findModule(catalog: ModuleCatalog, name: string): ModuleInfo | null {
  return catalog.find(name) ?? (builtinPrefix.test(name) ? catalog.find(name.replace(builtinPrefix, '')) : null);
}

/** The one module or include among the keys of a task; everything else that is no keyword is reported. */
export function findCall(reader: Reader, map: YamlMap, place: 'task' | 'handler'): Call | null {
  const calls: Call[] = [];
  const unknown: YamlEntry[] = [];
  for (const entry of map.entries.values()) {
    const action = entry.key === 'action' || entry.key === 'local_action';
    if (!action && (isKeyword(entry.key, place) || entry.key.startsWith('with_'))) continue;
    const named = action ? actionOf(entry) : entry;
    const call = callOf(reader, named);
    if (call) calls.push(call);
    else if (named.key !== '') unknown.push(named);
  }
  const [call, ...others] = calls;
  for (const other of others) {
    const message = `a task calls one module, and this one calls "${calls[0]?.entry.key ?? ''}" too`;
    reader.error('two-modules', message, keySpot(other.entry), 'Make two tasks of it.');
  }
  const misspelt = call ? unknown : unknown.filter((entry) => looksLikeKeyword(reader, entry.key, place));
  for (const entry of misspelt) unknownKeyword(reader, entry, place);
  if (call) return call;
  reportNoModule(
    reader,
    map,
    unknown.filter((entry) => !misspelt.includes(entry)),
  );
  return null;
}

export interface Arguments {
  readonly args: Templated;
  /** Those of them that are conditions (`that` of assert), compiled. */
  readonly expressions?: readonly Expression[];
}

/** The whole argument map, checked and compiled. */
export function readArguments(
  reader: Reader,
  module: ModuleInfo,
  entry: YamlEntry,
  more: YamlNode | undefined,
  defaults: readonly Templated[],
): Arguments {
  const own = argumentMap(reader, module, entry);
  if (!own) return { args: reader.templated(entry.value) };
  const entries = new Map([...(more?.kind === 'map' ? more.entries : []), ...own.entries]);
  const canonical = canonicalArguments(reader, module, { ...own, entries });
  const expressions: Expression[] = [];
  const map = withExpressions(reader, module, canonical, expressions);
  const given = namesGiven(defaults, module.name);
  checkArguments(reader, module, map, keySpot(entry), (name) => given.has(name));
  return { args: reader.templated(map), ...(expressions.length > 0 && { expressions }) };
}

function callOf(reader: Reader, entry: YamlEntry): Call | null {
  const short = entry.key.replace(builtinPrefix, '');
  const include = includeNames.find((name) => name === short);
  if (include) return { kind: 'include', name: include, entry };
  const module = findModule(reader.modules, entry.key);
  return module && { kind: 'module', module, entry };
}

/** `action: copy src=a dest=b`, or a map with `module`: the same as the module as the key. `local_action` likewise. */
function actionOf(entry: YamlEntry): YamlEntry {
  const { value } = entry;
  if (isNull(value)) return { ...entry, key: '' };
  if (value.kind === 'scalar') {
    const { module, rest } = moduleAndArguments(value);
    return { key: module, where: entry.where, value: rest };
  }
  if (value.kind !== 'map') return entry;
  const entries = new Map([...value.entries].filter(([key]) => key !== 'module'));
  return { key: textOf(value.entries.get('module')?.value) ?? '', where: entry.where, value: { ...value, entries } };
}

function looksLikeKeyword(reader: Reader, name: string, place: 'task' | 'handler'): boolean {
  return suggestion(name, keywordsOf(place)) !== undefined && suggestion(name, moduleNames(reader)) === undefined;
}

function reportNoModule(reader: Reader, map: YamlMap, unknown: readonly YamlEntry[]): void {
  for (const entry of unknown) {
    if (entry.key.replace(builtinPrefix, '') === 'include') {
      reader.error('old-include', '"include" is gone: it stood for two different things', keySpot(entry), oldInclude);
      continue;
    }
    const dotted = entry.key.split('.').length > 2 && !builtinPrefix.test(entry.key);
    const hint =
      suggestion(entry.key.split('.').at(-1) ?? entry.key, moduleNames(reader)) ??
      (dotted
        ? 'Modules of collections are not included; only built-in ones are known.'
        : '`veza-run doc` lists the modules that there are.');
    reader.error('unknown-module', `there is no module "${entry.key}"`, keySpot(entry), hint);
  }
  if (unknown.length === 0) {
    reader.error(
      'missing-module',
      'this task calls no module',
      { where: map.where, length: 1 },
      'Add the module with its arguments, as in `command: date`.',
    );
  }
}

const oldInclude =
  'Write import_tasks (read before anything runs, its keywords reach every task) or include_tasks (read when its turn comes, may loop).';

function moduleNames(reader: Reader): readonly string[] {
  return [...reader.modules.names(), ...includeNames];
}

function argumentMap(reader: Reader, module: ModuleInfo, entry: YamlEntry): YamlMap | null {
  const node = entry.value;
  const place = { kind: 'map', where: node.where, length: node.length } as const;
  if (node.kind === 'map') return node;
  if (isNull(node)) return { ...place, entries: new Map() };
  if (module.freeForm !== undefined && node.kind === 'scalar') {
    return { ...place, entries: typed(module, freeFormArguments(node, module.freeForm, propertiesOf(module))) };
  }
  const pairs = node.kind === 'scalar' && typeof node.value === 'string' ? keyValueArguments(node) : null;
  if (pairs) return { ...place, entries: typed(module, pairs) };
  const text = textOf(node);
  const pair = text === undefined ? null : (isTemplate(text) ? /^\s*(\w+)=/ : /\b(\w+)=/).exec(text);
  const hint = pair
    ? `If a quote is not closed, close it; or write one argument a line, as in \`${pair[1] ?? ''}: ...\`.`
    : undefined;
  reader.wrongType(`the arguments of ${module.name}`, 'a map', node, hint);
  return null;
}

/** Texts of `name=value` as what the module takes: there is no other way to write a number or a boolean there. */
function typed(module: ModuleInfo, entries: ReadonlyMap<string, YamlEntry>): Map<string, YamlEntry> {
  const properties = isJsonObject(module.schema) ? module.schema['properties'] : undefined;
  return new Map(
    [...entries].map(([key, entry]) => {
      const name = module.argumentAliases?.[key] ?? key;
      const schema = isJsonObject(properties) ? properties[name] : undefined;
      const type = isJsonObject(schema) ? schema['type'] : undefined;
      const { value } = entry;
      if (value.kind !== 'scalar' || typeof value.value !== 'string') return [key, entry];
      return [key, { ...entry, value: { ...value, value: typedText(value.value, type) } }];
    }),
  );
}

function typedText(text: string, type: unknown): string | number | boolean {
  if (type === 'boolean' && /^(?:yes|true|on|1)$/i.test(text)) return true;
  if (type === 'boolean' && /^(?:no|false|off|0)$/i.test(text)) return false;
  if ((type === 'integer' || type === 'number') && /^-?\d+(?:\.\d+)?$/.test(text)) return Number(text);
  return text;
}

/** Arguments that are expressions are compiled for their mistakes only; the module evaluates them itself. */
function withExpressions(reader: Reader, module: ModuleInfo, map: YamlMap, into: Expression[]): YamlMap {
  if (!module.expressions?.length) return map;
  const entries = new Map(map.entries);
  for (const name of module.expressions) {
    const entry = entries.get(name);
    if (entry) entries.set(name, { ...entry, value: asExpression(reader, entry.value, name, into) });
  }
  return { ...map, entries };
}

function asExpression(reader: Reader, node: YamlNode, name: string, into: Expression[]): YamlNode {
  if (node.kind === 'list') {
    return { ...node, items: node.items.map((item) => asExpression(reader, item, name, into)) };
  }
  if (node.kind !== 'scalar' || typeof node.value !== 'string') return node;
  const expression = reader.expression(node.value, node.textWhere, name, node);
  // What `debug` shows need not be defined, nor true or false.
  if (expression && name === 'that') into.push(expression);
  return { ...node, value: expression?.source ?? '' };
}

function propertiesOf(module: ModuleInfo): readonly string[] {
  const properties = isJsonObject(module.schema) ? module.schema['properties'] : undefined;
  return isJsonObject(properties) ? Object.keys(properties) : [];
}

function namesGiven(defaults: readonly Templated[], module: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { raw } of defaults) {
    const given = isJsonObject(raw) ? raw[module] : undefined;
    if (isJsonObject(given)) for (const name of Object.keys(given)) names.add(name);
  }
  return names;
}
