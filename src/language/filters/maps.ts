// Filters on maps.
import { fail } from '../budget.ts';
import { type Args, type Call, elements, type Filter, flagArgument, mapArgument, textArgument } from '../callable.ts';
import { identityOf } from '../identity.ts';
import { keyText } from '../text.ts';
import type { Value, ValueMap } from '../value.ts';
import { isList, isMap, isUnknown, mapOf, orElse, ownValue } from '../values.ts';
import { sortBy } from './lists.ts';

export const mapFilters: Readonly<Record<string, Filter>> = {
  items: { parameters: [], keepsUnknown: true, run: (value) => Object.entries(mapArgument(value)) },
  keys: { parameters: [], keepsUnknown: true, run: (value) => Object.keys(mapArgument(value)) },
  values: { parameters: [], keepsUnknown: true, run: (value) => Object.values(mapArgument(value)) },
  dictsort: { parameters: ['case_sensitive', 'by', 'reverse'], keepsUnknown: true, run: dictSort },
  dict2items: {
    parameters: ['key_name', 'value_name'],
    keepsUnknown: true,
    run: (value, [keyName, valueName], { budget }) => {
      const [first, second] = [textArgument(keyName, 'key', budget), textArgument(valueName, 'value', budget)];
      return Object.entries(mapArgument(value)).map(([key, part]) =>
        mapOf([
          [first, key],
          [second, part],
        ]),
      );
    },
  },
  items2dict: {
    parameters: ['key_name', 'value_name'],
    keepsUnknown: true,
    run: (value, [keyName, valueName], { budget }) => {
      const [first, second] = [textArgument(keyName, 'key', budget), textArgument(valueName, 'value', budget)];
      const need = (item: Value, name: string): Value => {
        const found = ownValue(mapArgument(item, 'items2dict needs a list of maps'), name);
        return orElse(found, () => fail(`an item has no '${name}'`));
      };
      return mapOf(elements(value, budget).map((item) => [keyText(need(item, first)), need(item, second)] as const));
    },
  },
  combine: { parameters: [], rest: true, named: true, keepsUnknown: true, makesNew: true, run: combineAll },
};

function dictSort(value: Value, [caseSensitive, by = 'key', reverse]: Args, call: Call): Value {
  const index = by === 'key' ? 0 : by === 'value' ? 1 : fail("dictsort sorts by 'key' or 'value'");
  const entries = Object.entries(mapArgument(value));
  const sorted = sortBy(entries, index, flagArgument(caseSensitive, false), call).map(({ item }) => item);
  return flagArgument(reverse, false) ? sorted.reverse() : sorted;
}

type ListMerge = (older: readonly Value[], newer: readonly Value[], call: Call) => readonly Value[];

const listMerges: ReadonlyMap<string, ListMerge> = new Map<string, ListMerge>([
  ['replace', (_older, newer) => newer],
  ['keep', (older) => older],
  ['append', (older, newer) => [...older, ...newer]],
  ['prepend', (older, newer) => [...newer, ...older]],
  ['append_rp', (older, newer, call) => [...without(older, newer, call), ...newer]],
  ['prepend_rp', (older, newer, call) => [...newer, ...without(older, newer, call)]],
]);

function combineAll(value: Value, args: Args, call: Call): Value {
  const { recursive, list_merge: listMerge = 'replace', ...others } = call.named;
  const [strange] = Object.keys(others);
  if (strange !== undefined) fail(`combine has no argument '${strange}'`, 'it has recursive and list_merge');
  const mergeName = textArgument(listMerge, '', call.budget);
  const merge = listMerges.get(mergeName);
  if (!merge) fail(`combine has no list_merge '${mergeName}'`, `it has ${[...listMerges.keys()].join(', ')}`);
  const maps = [value, ...args].flatMap((part) => (part !== undefined && isList(part) ? flat(part) : [part ?? null]));
  return maps
    .map((part) => mapArgument(part, 'combine needs maps'))
    .reduce<ValueMap>((older, newer) => combine(older, newer, recursive === true, merge, call), {});
}

function combine(older: ValueMap, newer: ValueMap, recursive: boolean, merge: ListMerge, call: Call): ValueMap {
  const entries = Object.entries(newer);
  call.budget.spend(entries.length + Object.keys(older).length);
  const result = new Map(Object.entries(older));
  for (const [key, value] of entries) {
    const previous = result.get(key);
    if (recursive && previous !== undefined && isMap(previous) && isMap(value)) {
      result.set(key, combine(previous, value, recursive, merge, call));
    } else if (previous !== undefined && isList(previous) && isList(value)) {
      result.set(key, merge(previous, value, call));
    } else result.set(key, value);
  }
  return mapOf(result);
}

function without(list: readonly Value[], others: readonly Value[], { budget }: Call): readonly Value[] {
  const known = new Set(others.filter((part) => !isUnknown(part)).map((part) => identityOf(part, budget)));
  return list.filter((part) => isUnknown(part) || !known.has(identityOf(part, budget)));
}

function flat(list: readonly Value[]): readonly Value[] {
  return list.flatMap((part) => (isList(part) ? flat(part) : [part]));
}
