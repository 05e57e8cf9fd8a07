// Filters that treat lists as sets, or cut them into groups.
import {
  type Args,
  type Call,
  elements,
  type Filter,
  flagArgument,
  integerArgument,
  listArgument,
} from '../callable.ts';
import { fail } from '../budget.ts';
import { identityOf } from '../identity.ts';
import { keyText } from '../text.ts';
import type { Value } from '../value.ts';
import { isMap, orElse, ownValue } from '../values.ts';
import { sortBy } from './lists.ts';

export const collectionFilters: Readonly<Record<string, Filter>> = {
  unique: { parameters: ['case_sensitive', 'attribute'], run: unique },
  union: setFilter((left, right) => [...left, ...right]),
  intersect: setFilter((left, right, has) => left.filter(has(right))),
  difference: setFilter((left, right, has) => {
    const inRight = has(right);
    return left.filter((part) => !inRight(part));
  }),
  symmetric_difference: setFilter((left, right, has) => {
    const [inLeft, inRight] = [has(left), has(right)];
    return [...left, ...right].filter((part) => inLeft(part) !== inRight(part));
  }),
  groupby: { parameters: ['attribute', 'default', 'case_sensitive'], required: 1, run: groupBy },
  batch: {
    parameters: ['linecount', 'fill_with'],
    required: 1,
    keepsUnknown: true,
    run: (value, [size, fill], { budget }) => {
      const width = integerArgument(size, 1);
      if (width < 1) fail('batch needs a size of at least 1');
      const list = elements(value, budget);
      const rows: Value[][] = [];
      for (let start = 0; start < list.length; start += width) rows.push(list.slice(start, start + width));
      const last = rows.at(-1);
      if (fill !== undefined && fill !== null && last) {
        budget.spend(width);
        while (last.length < width) last.push(fill);
      }
      return rows;
    },
  },
  slice: { parameters: ['slices', 'fill_with'], required: 1, keepsUnknown: true, run: columns },
  subelements: { parameters: ['subelements', 'skip_missing'], required: 1, keepsUnknown: true, run: subelements },
  extract: {
    parameters: ['container', 'morekeys'],
    required: 1,
    run: (value, [container = null, more], call) => {
      const keys = more === undefined || more === null ? [] : Array.isArray(more) ? (more as readonly Value[]) : [more];
      return [value, ...keys].reduce<Value>((from, key) => {
        const found = isMap(from) ? ownValue(from, keyText(key)) : elements(from, call.budget)[Number(key)];
        return orElse(found, () => call.missing(`the item ${keyText(key)} to extract`));
      }, container);
    },
  },
};

type Has = (list: readonly Value[]) => (part: Value) => boolean;

function setFilter(run: (left: readonly Value[], right: readonly Value[], has: Has) => readonly Value[]): Filter {
  return {
    parameters: ['b'],
    required: 1,
    run: (value, [other], { budget }) => {
      const has: Has = (list) => {
        const known = new Set(list.map((part) => identityOf(part, budget)));
        return (part) => known.has(identityOf(part, budget));
      };
      const result = run(elements(value, budget), listArgument(other, 'b', budget), has);
      return distinct(
        result,
        result.map((part) => identityOf(part, budget)),
      );
    },
  };
}

function distinct(list: readonly Value[], keys: readonly string[]): readonly Value[] {
  const seen = new Set<string>();
  return list.filter((_, index) => {
    const key = keys[index] ?? '';
    return !seen.has(key) && seen.add(key);
  });
}

function unique(value: Value, [caseSensitive, attribute]: Args, call: Call): Value {
  const list = elements(value, call.budget);
  const by =
    attribute === undefined || attribute === null
      ? list
      : elements(call.filter('map', list, [], { attribute }), call.budget);
  const folds = !flagArgument(caseSensitive, false);
  const keys = by.map((key) => identityOf(folds && typeof key === 'string' ? key.toLowerCase() : key, call.budget));
  return distinct(list, keys);
}

function groupBy(value: Value, [attribute, fallback, caseSensitive]: Args, call: Call): Value {
  const list = elements(value, call.budget);
  const named = { attribute: attribute ?? null, ...(fallback === undefined ? {} : { default: fallback }) };
  const keys = elements(call.filter('map', list, [], named), call.budget);
  const pairs = list.map((item, index): Value => [keys[index] ?? null, item]);
  const sorted = sortBy(pairs, 0, flagArgument(caseSensitive, false), call);
  const groups: { readonly key: string; readonly first: Value; readonly items: Value[] }[] = [];
  for (const { item, key } of sorted) {
    const identity = identityOf(key, call.budget);
    const [first = null, member = null] = item as readonly Value[];
    const last = groups.at(-1);
    if (last?.key === identity) last.items.push(member);
    else groups.push({ key: identity, first, items: [member] });
  }
  return groups.map(({ first, items }) => [first, items]);
}

function columns(value: Value, [count, fill]: Args, { budget }: Call): Value {
  const list = elements(value, budget);
  const wanted = integerArgument(count, 1);
  if (wanted < 1) fail('slice needs at least one column');
  budget.spend(wanted);
  const size = Math.floor(list.length / wanted);
  const longer = list.length % wanted;
  let offset = 0;
  return Array.from({ length: wanted }, (_, index) => {
    const end = offset + size + (index < longer ? 1 : 0);
    const column = list.slice(offset, end);
    offset = end;
    return fill !== undefined && fill !== null && index >= longer ? [...column, fill] : column;
  });
}

function subelements(value: Value, [path = null, skipMissing]: Args, { budget }: Call): Value {
  const names = typeof path === 'string' ? path.split('.') : elements(path, budget).map(String);
  const items = isMap(value) ? Object.values(value) : elements(value, budget);
  return items.flatMap((item) => {
    let found: Value | undefined = item;
    for (const name of names) found = found !== undefined && isMap(found) ? ownValue(found, name) : undefined;
    if (found === undefined) {
      return flagArgument(skipMissing, false)
        ? []
        : fail(`an item has no '${names.join('.')}'`, 'skip_missing=True skips it');
    }
    return elements(found, budget).map((part): Value => [item, part]);
  });
}
