// What an include or import statement says: its arguments, checked, and the one that names what it brings in.
import { isNull, textOf, valueOf } from '../lib/yaml-node.ts';
import type { YamlMap, YamlNode } from '../lib/yaml-node.ts';
import { suggestion } from '../lib/suggest.ts';
import { freeFormArguments } from './free-form.ts';
import type { Call } from './modules.ts';
import { isTemplate, keySpot } from './reader.ts';
import type { Reader } from './reader.ts';

export type IncludeCall = Call & { kind: 'include' };

/** Arguments as written, `args:` among them. */
export interface Statement {
  readonly call: IncludeCall;
  readonly forRole: boolean;
  readonly options: YamlMap;
  /** The name of the file or role. */
  readonly target: YamlNode;
  readonly name: string;
}

const roleParts = ['tasks', 'vars', 'defaults', 'handlers'] as const;
const roleKeys = [
  'name',
  'role',
  ...roleParts.map((part) => `${part}_from`),
  'public',
  'allow_duplicates',
  'rolespec_validate',
];

const keys: Readonly<Record<IncludeCall['name'], readonly string[]>> = {
  import_tasks: ['file'],
  include_tasks: ['file', 'apply'],
  import_role: roleKeys,
  include_role: [...roleKeys, 'apply'],
};

/** The statement, or `null` where it cannot be understood, which is reported. */
export function readStatement(reader: Reader, map: YamlMap, call: IncludeCall): Statement | null {
  const forRole = call.name.endsWith('_role');
  const own = ownOptions(reader, call, forRole);
  if (!own) return null;
  const more = map.entries.get('args')?.value;
  const entries = new Map([...own.entries, ...(more?.kind === 'map' ? more.entries : [])]);
  const options: YamlMap = { ...own, entries };
  checkOptions(reader, options, call);
  const target = forRole ? (valueOf(options, 'name') ?? valueOf(options, 'role')) : valueOf(options, 'file');
  if (!target || isNull(target)) {
    reader.error('missing-argument', `${call.name} needs "${forRole ? 'name' : 'file'}"`, keySpot(call.entry));
    return null;
  }
  const name = textOf(target);
  if (name === undefined) {
    reader.wrongType(`"${call.name}"`, forRole ? 'the name of a role' : 'the name of a file', target);
    return null;
  }
  return { call, forRole, options, target, name };
}

/** The `*_from` arguments of a role that hold no templates; of imports all of them must be such. */
export function fixedParts(reader: Reader, options: YamlMap): Partial<Record<(typeof roleParts)[number], string>> {
  const parts: Partial<Record<(typeof roleParts)[number], string>> = {};
  for (const part of roleParts) {
    const node = valueOf(options, `${part}_from`);
    const text = textOf(node);
    if (text === undefined) continue;
    if (isTemplate(text)) reportDynamic(reader, `"${part}_from" of import_role`, node, 'include_role');
    else parts[part] = text;
  }
  return parts;
}

/** An import's name holds a template, or it loops. */
export function reportDynamic(reader: Reader, what: string, node: YamlNode | undefined, instead: string): void {
  const message = `what ${what} reads must be known before anything runs`;
  reader.error('dynamic-include', message, node, `Use ${instead}, which reads it when its turn comes.`);
}

export function isTrue(node: YamlNode | undefined): boolean {
  return node?.kind === 'scalar' && node.value === true;
}

export function isFalse(node: YamlNode | undefined): boolean {
  return node?.kind === 'scalar' && node.value === false;
}

function ownOptions(reader: Reader, { entry, name }: IncludeCall, forRole: boolean): YamlMap | null {
  const node = entry.value;
  if (node.kind === 'map') return node;
  if (node.kind === 'scalar' && node.value !== null && (!forRole || /\bname\s*=/.test(String(node.value)))) {
    const entries = freeFormArguments(node, forRole ? 'name' : 'file', keys[name]);
    return { kind: 'map', where: node.where, length: node.length, entries: withMain(entries, forRole) };
  }
  if (node.kind === 'scalar' && node.value === null && forRole) {
    return { kind: 'map', where: node.where, length: node.length, entries: new Map() };
  }
  reader.wrongType(`"${name}"`, forRole ? 'a map with "name"' : 'the name of a file', node);
  return null;
}

/** `file=x.yml` is the same as `x.yml`. */
function withMain(
  entries: ReadonlyMap<string, YamlMap['entries'] extends ReadonlyMap<string, infer E> ? E : never>,
  forRole: boolean,
): YamlMap['entries'] {
  const main = forRole ? 'name' : 'file';
  const entry = entries.get(main);
  const text = textOf(entry?.value);
  if (!entry || text === undefined || entry.value.kind !== 'scalar' || !text.startsWith(`${main}=`)) return entries;
  const value = { ...entry.value, value: text.slice(main.length + 1) };
  return new Map([...entries, [main, { ...entry, value }]]);
}

function checkOptions(reader: Reader, options: YamlMap, { name }: IncludeCall): void {
  for (const option of options.entries.values()) {
    if (keys[name].includes(option.key)) continue;
    const hint =
      option.key === 'apply'
        ? 'Keywords of an import reach every task inside: write them beside it.'
        : suggestion(option.key, keys[name]);
    reader.error('unknown-argument', `"${option.key}" is not an argument of ${name}`, keySpot(option), hint);
  }
}
