// Filters on whole lists: order, parts, combinations.
import { fail } from '../budget.ts';
import {
  type Args,
  type Call,
  elements,
  type Filter,
  flagArgument,
  integerArgument,
  listArgument,
} from '../callable.ts';
import { order } from '../comparison.ts';
import { identityOf } from '../identity.ts';
import type { Value } from '../value.ts';
import { isList, isMap, isUnknown, kindOf, orElse } from '../values.ts';
import { characters } from '../access.ts';

export const listFilters: Readonly<Record<string, Filter>> = {
  list: {
    parameters: [],
    keepsUnknown: true,
    makesNew: true,
    run: (value, _args, { budget }) => [...elements(value, budget)],
  },
  length: { parameters: [], keepsUnknown: true, run: length },
  count: { parameters: [], keepsUnknown: true, run: length },
  first: {
    parameters: [],
    keepsUnknown: true,
    run: (value, _args, call) =>
      orElse(elements(value, call.budget)[0], () => call.missing('the first item of an empty list')),
  },
  last: {
    parameters: [],
    keepsUnknown: true,
    run: (value, _args, call) =>
      orElse(elements(value, call.budget).at(-1), () => call.missing('the last item of an empty list')),
  },
  reverse: {
    parameters: [],
    keepsUnknown: true,
    run: (value, _args, { budget }) => {
      if (typeof value === 'string') return [...characters(value)].reverse().join('');
      return [...elements(value, budget)].reverse();
    },
  },
  sort: {
    parameters: ['reverse', 'case_sensitive', 'attribute'],
    makesNew: true,
    run: (value, [reverse, caseSensitive, attribute], call) => {
      const sorted = sortBy(elements(value, call.budget), attribute, flagArgument(caseSensitive, false), call);
      return flagArgument(reverse, false) ? reverseStable(sorted, call) : sorted.map(({ item }) => item);
    },
  },
  flatten: {
    parameters: ['levels', 'skip_nulls'],
    keepsUnknown: true,
    run: (value, [levels, skipNulls], call) => {
      const depth = levels === undefined || levels === null ? Infinity : integerArgument(levels, 0);
      return flatten(elements(value, call.budget), depth, flagArgument(skipNulls, true), call);
    },
  },
  zip: { parameters: [], rest: true, keepsUnknown: true, run: (value, args, call) => zip(value, args, call, null) },
  zip_longest: {
    parameters: [],
    rest: true,
    named: true,
    keepsUnknown: true,
    run: (value, args, call) => zip(value, args, call, call.named['fillvalue'] ?? null, true),
  },
  product: { parameters: [], rest: true, named: true, keepsUnknown: true, run: product },
  permutations: { parameters: ['length'], run: (value, [size], call) => arrange(value, size, call, false) },
  combinations: { parameters: ['length'], required: 1, run: (value, [size], call) => arrange(value, size, call, true) },
};

function length(value: Value): Value {
  if (typeof value === 'string') return characters(value).length;
  if (isList(value)) return value.length;
  return isMap(value) ? Object.keys(value).length : fail(`${kindOf(value)} has no length`);
}

interface Keyed {
  readonly item: Value;
  readonly key: Value;
}

/** Items with their sort keys, in order. */
export function sortBy(
  list: readonly Value[],
  attribute: Value | undefined,
  caseSensitive: boolean,
  call: Call,
): readonly Keyed[] {
  const keyed = list.map((item) => ({ item, key: keysOf(item, attribute, caseSensitive, call) }));
  return keyed.sort((left, right) => {
    const sign = order(left.key, right.key, call.budget);
    return isUnknown(sign) ? 0 : sign;
  });
}

function keysOf(item: Value, attribute: Value | undefined, caseSensitive: boolean, call: Call): Value {
  const fold = (key: Value): Value => (typeof key === 'string' && !caseSensitive ? key.toLowerCase() : key);
  if (attribute === undefined || attribute === null) return fold(item);
  const paths = typeof attribute === 'string' ? attribute.split(',') : [attribute];
  const keys = paths.map((path) =>
    fold(elements(call.filter('map', [item], [], { attribute: path }), call.budget)[0] ?? null),
  );
  return keys.length === 1 ? (keys[0] ?? null) : keys;
}

function reverseStable(sorted: readonly Keyed[], call: Call): readonly Value[] {
  // Python keeps equal items in their order when it sorts in reverse.
  const groups: Value[][] = [];
  let previous: Keyed | null = null;
  for (const entry of sorted) {
    const group = groups.at(-1);
    if (previous && group && identityOf(previous.key, call.budget) === identityOf(entry.key, call.budget))
      group.push(entry.item);
    else groups.push([entry.item]);
    previous = entry;
  }
  return groups.reverse().flat();
}

function flatten(list: readonly Value[], depth: number, skipNulls: boolean, call: Call): readonly Value[] {
  call.budget.spend(list.length);
  return list.flatMap((part) => {
    if (skipNulls && (part === null || part === 'None' || part === 'null')) return [];
    return isList(part) && depth > 0 ? flatten(part, depth - 1, skipNulls, call) : [part];
  });
}

function zip(value: Value, args: Args, { budget }: Call, fill: Value, longest = false): Value {
  const lists = [value, ...args].map((list) => listArgument(list, 'list', budget));
  const lengths = lists.map((list) => list.length);
  const count = longest ? Math.max(...lengths) : Math.min(...lengths);
  budget.spend(count * lists.length);
  return Array.from({ length: count }, (_, index) => lists.map((list) => list[index] ?? fill));
}

function product(value: Value, args: Args, { budget, named }: Call): Value {
  const lists = [value, ...args].map((list) => listArgument(list, 'list', budget));
  const repeated = Array.from({ length: integerArgument(named['repeat'], 1) }, () => lists).flat();
  return repeated.reduce<readonly (readonly Value[])[]>(
    (rows, list) => {
      budget.spend(rows.length * list.length * 2);
      return rows.flatMap((row) => list.map((part) => [...row, part]));
    },
    [[]],
  );
}

function arrange(value: Value, size: Value | undefined, { budget }: Call, ascending: boolean): Value {
  const list = elements(value, budget);
  const wanted = integerArgument(size ?? undefined, list.length);
  const rows: (readonly number[])[] = [];
  const extend = (row: readonly number[]): void => {
    budget.spend(row.length + 1);
    if (row.length === wanted) {
      rows.push(row);
      return;
    }
    const from = ascending ? (row.at(-1) ?? -1) + 1 : 0;
    for (let index = from; index < list.length; index++) if (!row.includes(index)) extend([...row, index]);
  };
  if (wanted <= list.length) extend([]);
  return rows.map((row) => row.map((index) => list[index] ?? null));
}
