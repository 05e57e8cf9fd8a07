// `loop`, the `with_*` forms that only rearrange lists, and `loop_control`.
import { isUnknown } from '../core/unknown.ts';
import type { Templated, Value } from '../language/value.ts';
import { checkVariableName } from '../language/yaml-variables.ts';
import { textOf, valueOf } from '../lib/yaml-node.ts';
import type { YamlEntry, YamlMap, YamlNode } from '../lib/yaml-node.ts';
import type { Loop } from './ast.ts';
import { loopControlKeys, unsupportedLoopControlKeys } from './keywords.ts';
import { isTemplate, keySpot, suggestion } from './reader.ts';
import type { Reader } from './reader.ts';

type Rearrange = (value: Value) => Value;

const forms: Readonly<Record<string, Rearrange>> = {
  with_list: (value) => value,
  with_items: (value) => flatten(value, 1),
  with_flattened: (value) => flatten(value, Number.POSITIVE_INFINITY),
  with_dict: pairsOf,
  with_indexed_items: (value) => onList(flatten(value, 1), (items) => items.map((item, index) => [index, item])),
  with_together: (value) => onLists(value, together),
  with_nested: (value) => onLists(value, product),
  with_cartesian: (value) => onLists(value, product),
};

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
  const rearrange = Object.hasOwn(forms, entry.key) ? forms[entry.key] : undefined;
  if (!rearrange) {
    const hint = suggestion(entry.key, Object.keys(forms)) ?? 'Use `loop` with a filter or a look-up.';
    reader.error('unsupported-keyword', `"${entry.key}" is not supported yet`, keySpot(entry), hint);
    return undefined;
  }
  const given = reader.templated(entry.value);
  return { ...given, evaluate: (scope) => rearrange(given.evaluate(scope)) };
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
  const indexVariable = name('index_var');
  const label = valueOf(control, 'label');
  const pause = valueOf(control, 'pause');
  return {
    variable: name('loop_var') ?? 'item',
    ...(indexVariable !== undefined && { indexVariable }),
    ...(label && { label: reader.templated(label) }),
    ...(pause && { pauseSeconds: reader.templated(pause) }),
  };
}

function checkControl(reader: Reader, control: YamlMap): void {
  for (const entry of control.entries.values()) {
    if (unsupportedLoopControlKeys.some((key) => key === entry.key)) {
      reader.error('unsupported-keyword', `"${entry.key}" of loop_control is not supported yet`, keySpot(entry));
    } else if (!loopControlKeys.some((key) => key === entry.key)) {
      const hint = suggestion(entry.key, loopControlKeys);
      reader.error('unknown-keyword', `"${entry.key}" is not a keyword of loop_control`, keySpot(entry), hint);
    }
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

function pairsOf(value: Value): Value {
  if (value === null || typeof value !== 'object' || isUnknown(value) || isList(value)) return value;
  return Object.entries(value).map(([key, item]) => ({ key, value: item as Value }));
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
