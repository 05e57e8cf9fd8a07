// `loop`, `with_*` (those that only rearrange lists, and those that are look-ups), and `loop_control`.
import { isUnknown } from '../core/unknown.ts';
import { runLookup } from '../language/lookups/index.ts';
import type { Scope, Templated, Value, ValueMap } from '../language/value.ts';
import { checkVariableName } from '../language/yaml-variables.ts';
import { textOf, valueOf } from '../lib/yaml-node.ts';
import type { YamlEntry, YamlMap, YamlNode } from '../lib/yaml-node.ts';
import { suggestion } from '../lib/suggest.ts';
import type { Loop } from './ast.ts';
import { loopControlKeys } from './keywords.ts';
import { isTemplate, keySpot } from './reader.ts';
import type { Reader } from './reader.ts';

type Rearrange = (value: Value) => Value;

const forms: Readonly<Record<string, Rearrange>> = {
  with_list: (value) => value,
  with_items: (value) => flatten(keysOf(value), 1),
  with_flattened: (value) => flatten(value, Number.POSITIVE_INFINITY),
  with_dict: pairsOf,
  with_indexed_items: (value) => onList(flatten(value, 1), (items) => items.map((item, index) => [index, item])),
  with_together: (value) => onLists(value, together),
  with_nested: (value) => onLists(value, product),
  with_cartesian: (value) => onLists(value, product),
};

/** Look-ups that `with_` may name. */
const lookups = [
  'csvfile',
  'env',
  'file',
  'fileglob',
  'filetree',
  'first_found',
  'ini',
  'inventory_hostnames',
  'lines',
  'password',
  'pipe',
  'random_choice',
  'sequence',
  'subelements',
  'template',
  'url',
  'varnames',
  'vars',
];

/** The loop of a task, if it has one. */
export function readLoop(reader: Reader, map: YamlMap): Loop | undefined {
  const [entry, second] = [...map.entries.values()].filter(({ key }) => key === 'loop' || key.startsWith('with_'));
  if (second) {
    reader.error('two-loops', `a task has one loop, and this one has "${entry?.key ?? ''}" too`, keySpot(second));
  }
  const control = map.entries.get('loop_control');
  if (!entry) {
    if (control)
      reader.error(
        'loop-control',
        '"loop_control" needs a loop beside it',
        keySpot(control),
        'Add `loop:`, or remove it.',
      );
    return undefined;
  }
  const items = readItems(reader, entry);
  return items && { items, ...readControl(reader, control?.value) };
}

function readItems(reader: Reader, entry: YamlEntry): Templated | undefined {
  if (entry.key === 'loop') {
    if (isTemplate(textOf(entry.value)) || entry.value.kind === 'list') return reader.templated(entry.value);
    const hint = entry.value.kind === 'map' ? 'Use with_dict, or the filter dict2items.' : bracesHint(entry.value);
    reader.wrongType('"loop"', 'a list, or a template that gives one', entry.value, hint);
    return undefined;
  }
  const plugin = entry.key.slice('with_'.length);
  if (lookups.includes(plugin)) return byLookup(plugin, reader.templated(entry.value));
  const rearrange = Object.hasOwn(forms, entry.key) ? forms[entry.key] : undefined;
  if (!rearrange) {
    const known = [...Object.keys(forms), ...lookups.map((name) => `with_${name}`)];
    const hint = suggestion(entry.key, known) ?? 'Use `loop` with a filter or a look-up.';
    reader.error('unsupported-keyword', `there is no loop "${entry.key}"`, keySpot(entry), hint);
    return undefined;
  }
  const given = reader.templated(entry.value);
  return { ...given, evaluate: (scope) => rearrange(given.evaluate(scope)) };
}

/** What a look-up finds for all its terms; what is unknown in them makes the whole unknown. */
function byLookup(plugin: string, given: Templated): Templated {
  const evaluate = (scope: Scope): Value => {
    const value = given.evaluate(scope);
    const terms = isList(value) ? value : [value];
    const hidden = terms.find((term) => isUnknown(term));
    if (hidden !== undefined) return hidden;
    return runLookup(plugin, terms, {}, scope);
  };
  return { ...given, constant: false, evaluate };
}

function bracesHint(node: YamlNode): string | undefined {
  const text = textOf(node);
  return text === undefined ? undefined : `If "${text}" is a variable, write "{{ ${text} }}".`;
}

function readControl(reader: Reader, control: YamlNode | undefined): Omit<Loop, 'items'> {
  if (control?.kind === 'map') checkControl(reader, control);
  const name = (key: string) => {
    const node = valueOf(control, key);
    const text = textOf(node);
    if (node && text === undefined) reader.wrongType(`"${key}"`, 'the name of a variable', node);
    if (node && text !== undefined) checkVariableName(text, node.where, reader.report);
    return text;
  };
  const templated = (key: string) => {
    const node = valueOf(control, key);
    return node && reader.templated(node);
  };
  const indexVariable = name('index_var');
  const label = templated('label');
  const pause = templated('pause');
  const extended = templated('extended');
  const allItems = templated('extended_allitems');
  const breakWhen = reader.conditions(control?.kind === 'map' ? control.entries.get('break_when') : undefined);
  return {
    variable: name('loop_var') ?? 'item',
    ...(indexVariable !== undefined && { indexVariable }),
    ...(label && { label }),
    ...(pause && { pauseSeconds: pause }),
    ...(extended && { extended }),
    ...(allItems && { allItems }),
    ...(breakWhen && { breakWhen }),
  };
}

function checkControl(reader: Reader, control: YamlMap): void {
  for (const entry of control.entries.values()) {
    if (loopControlKeys.some((key) => key === entry.key)) continue;
    const hint = suggestion(entry.key, loopControlKeys);
    reader.error('unknown-keyword', `"${entry.key}" is not a keyword of loop_control`, keySpot(entry), hint);
  }
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

function onList(value: Value, use: (items: readonly Value[]) => Value): Value {
  return isList(value) ? use(value) : value;
}

/** Lists of a list; one that is unknown makes the whole unknown, for its length is. */
function onLists(value: Value, use: (lists: readonly (readonly Value[])[]) => Value): Value {
  return onList(value, (items) => {
    const hidden = items.find((item) => isUnknown(item));
    return hidden ?? use(items.map((item) => (isList(item) ? item : [item])));
  });
}

function flatten(value: Value, depth: number): Value {
  if (isUnknown(value)) return value;
  if (!isList(value)) return [value];
  const flat: Value[] = [];
  for (const item of value) {
    const parts = depth > 0 && isList(item) ? flatten(item, depth - 1) : item;
    // An unknown part may stand for many.
    if (isUnknown(parts)) return parts;
    if (isList(parts) && isList(item) && depth > 0) flat.push(...parts);
    else flat.push(parts);
  }
  return flat;
}

/** A map that stands for a list is that of its keys. */
function keysOf(value: Value): Value {
  return isMap(value) ? Object.keys(value) : value;
}

function isMap(value: Value): value is ValueMap {
  return value !== null && typeof value === 'object' && !isUnknown(value) && !isList(value);
}

/** The pairs of a map, or of all maps of a list. */
function pairsOf(value: Value): Value {
  if (isList(value)) return onParts(value);
  if (!isMap(value)) return value;
  return Object.entries(value).map(([key, item]) => ({ key, value: item }));
}

function onParts(values: readonly Value[]): Value {
  const parts = values.map(pairsOf);
  const hidden = parts.find((part) => isUnknown(part));
  return hidden ?? parts.flatMap((part) => (isList(part) ? part : [part]));
}

function together(lists: readonly (readonly Value[])[]): Value {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, index) => lists.map((list) => list[index] ?? null));
}

function product(lists: readonly (readonly Value[])[]): Value {
  return lists.reduce<readonly (readonly Value[])[]>(
    (rows, list) => rows.flatMap((row) => list.map((item) => [...row, item])),
    [[]],
  );
}
