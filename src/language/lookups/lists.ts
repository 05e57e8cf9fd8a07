// Lookups that arrange lists: what `with_items`, `with_dict`, `with_nested` and their like loop over.
import { fail } from '../budget.ts';
import { flagArgument, mapArgument } from '../callable.ts';
import { controllerOf } from '../controller.ts';
import type { Value } from '../value.ts';
import { isList, isMap, isUnknown, kindOf, ownValue } from '../values.ts';
import type { LookupCall, PureLookup } from './index.ts';

export const listLookups: Readonly<Record<string, PureLookup>> = {
  list: { keepsUnknown: true, run: (terms) => terms },
  items: { keepsUnknown: true, run: (terms) => terms.flat() },
  flattened: { keepsUnknown: true, run: (terms, { budget }) => flattened(terms, budget) },
  indexed_items: { keepsUnknown: true, run: (terms) => terms.flat().map((item, index): Value => [index, item]) },
  together: { keepsUnknown: true, run: together },
  nested: { keepsUnknown: true, run: nested },
  cartesian: { keepsUnknown: true, run: nested },
  dict: { keepsUnknown: true, run: (terms) => flatMaps(terms) },
  subelements: { keepsUnknown: true, run: subelements },
  random_choice: { run: (terms, call) => [choice(terms, call)] },
};

/** Lists within lists become one, null items go, as `with_flattened` has it. */
function flattened(terms: readonly Value[], budget: LookupCall['budget']): readonly Value[] {
  budget.spend(terms.length);
  return terms.flatMap((term) => (isList(term) ? flattened(term, budget) : term === null ? [] : [term]));
}

function lists(terms: readonly Value[], name: string): readonly (readonly Value[])[] {
  if (terms.length === 0) fail(`the lookup '${name}' needs at least one list`);
  return terms.map((term) => (isList(term) ? term : [term]));
}

function together(terms: readonly Value[], { budget }: LookupCall): readonly Value[] {
  const all = lists(terms, 'together');
  const length = Math.max(...all.map((list) => list.length));
  budget.spend(length * all.length);
  return Array.from({ length }, (_, index): Value => all.map((list) => list[index] ?? null));
}

function nested(terms: readonly Value[], { budget }: LookupCall): readonly Value[] {
  return lists(terms, 'nested').reduce<readonly (readonly Value[])[]>(
    (rows, list) => {
      budget.spend(rows.length * list.length * 2);
      return rows.flatMap((row) => list.map((part) => [...row, part]));
    },
    [[]],
  );
}

function flatMaps(terms: readonly Value[]): readonly Value[] {
  return terms.flatMap((term) => {
    const map = mapArgument(term, "the lookup 'dict' needs maps");
    return Object.entries(map).map(([key, value]): Value => ({ key, value }));
  });
}

/** Pairs of an item and a part of one of its lists: `users, 'keys'`. */
function subelements([items = null, path = null, flags = null]: readonly Value[]): ReturnType<PureLookup['run']> {
  if (typeof path !== 'string')
    return fail("the lookup 'subelements' needs a list and the name of a part of its items");
  const skips = isMap(flags) && flagArgument(ownValue(flags, 'skip_missing'), false);
  const all = isMap(items)
    ? Object.values(items)
    : isList(items)
      ? items
      : fail(`subelements cannot go through ${kindOf(items)}`);
  const pairs: Value[] = [];
  for (const item of all) {
    if (isUnknown(item)) return item;
    if (isMap(item) && ownValue(item, 'skipped') === true) continue;
    let found: Value | undefined = item;
    for (const name of path.split('.')) found = found !== undefined && isMap(found) ? ownValue(found, name) : undefined;
    if (isUnknown(found)) return found;
    if (found === undefined) {
      if (skips) continue;
      return fail(`an item has no '${path}'`, "{'skip_missing': true} as the third argument skips it");
    }
    const parts = isList(found) ? found : fail(`'${path}' of an item is ${kindOf(found)}, not a list`);
    for (const part of parts) pairs.push([item, part]);
  }
  return pairs;
}

function choice(terms: readonly Value[], { scope }: LookupCall): Value {
  if (terms.length === 0) return fail("the lookup 'random_choice' needs something to choose from");
  const index = Math.floor(controllerOf(scope, 'a random number').random() * terms.length);
  return terms[index] ?? null;
}
