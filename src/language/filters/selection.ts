// Filters that apply another filter or test to each item.
import { getAttribute, getItem } from '../access.ts';
import { fail } from '../budget.ts';
import { type Args, type Call, elements, type Filter } from '../callable.ts';
import { truth } from '../operators.ts';
import { textOf } from '../text.ts';
import type { Value } from '../value.ts';
import { isMap, isUndefined, isUnknown, kindOf, ownValue, undefinedError, type Unknown } from '../values.ts';

export const selectionFilters: Readonly<Record<string, Filter>> = {
  map: { parameters: ['filter'], rest: true, named: true, keepsUnknown: true, run: map },
  select: {
    parameters: ['test'],
    rest: true,
    named: true,
    keepsUnknown: true,
    run: (value, args, call) => pick(value, args, call, true),
  },
  reject: {
    parameters: ['test'],
    rest: true,
    named: true,
    keepsUnknown: true,
    run: (value, args, call) => pick(value, args, call, false),
  },
  selectattr: {
    parameters: ['attribute', 'test'],
    required: 1,
    rest: true,
    named: true,
    keepsUnknown: true,
    run: (value, args, call) => pickBy(value, args, call, true),
  },
  rejectattr: {
    parameters: ['attribute', 'test'],
    required: 1,
    rest: true,
    named: true,
    keepsUnknown: true,
    run: (value, args, call) => pickBy(value, args, call, false),
  },
};

function map(value: Value, [filter, ...args]: Args, call: Call): Value {
  const items = elements(value, call.budget);
  const { attribute, default: fallback, ...named } = call.named;
  if (filter === undefined) {
    if (attribute === undefined) fail("map needs a filter or 'attribute='");
    return items.map((item) => {
      const found = attributeOf(item, attribute, call);
      if (!isUndefined(found)) return found;
      if (fallback !== undefined) return fallback;
      throw undefinedError(found);
    });
  }
  const name = textOf(filter, call.budget);
  return items.map((item) => call.filter(name, item, args as readonly Value[], named));
}

function pick(value: Value, [test, ...args]: Args, call: Call, wanted: boolean): Value {
  return pickItems(elements(value, call.budget), (item) => item, test, args, call, wanted);
}

function pickBy(value: Value, [attribute = null, test, ...args]: Args, call: Call, wanted: boolean): Value {
  const items = elements(value, call.budget);
  return pickItems(items, (item) => attributeOf(item, attribute, call), test, args, call, wanted);
}

/** Which items are picked must be known, else the whole list is unknown. */
function pickItems(
  items: readonly Value[],
  subject: (item: Value) => Value,
  test: Value | undefined,
  args: Args,
  call: Call,
  wanted: boolean,
): Value {
  const picked: Value[] = [];
  for (const item of items) {
    const holds = holdsFor(subject(item), test, args, call);
    if (typeof holds !== 'boolean') return holds;
    if (holds === wanted) picked.push(item);
  }
  return picked;
}

function holdsFor(subject: Value, test: Value | undefined, args: Args, call: Call): boolean | Unknown {
  if (test === undefined) return truth(subject);
  return call.test(textOf(test, call.budget), subject, args as readonly Value[], call.named);
}

/** Jinja's attribute: a dotted path, numbers index lists. */
function attributeOf(item: Value, attribute: Value, call: Call): Value {
  if (typeof attribute === 'number') return getItem(item, attribute);
  if (typeof attribute !== 'string') fail(`an attribute is a text, not ${kindOf(attribute)}`);
  let value: Value = item;
  for (const name of attribute.split('.')) {
    const holder: Value = value;
    value = /^\d+$/.test(name) && !isMap(holder) ? getItem(holder, Number(name)) : getAttribute(holder, name, name);
    if (isUnknown(value)) return value;
    if (isUndefined(value)) {
      const own = isMap(item) ? ownValue(item, 'name') : undefined;
      const whose = typeof own === 'string' ? `the item '${own}'` : 'an item of the list';
      return call.missing(`'${attribute}' of ${whose}`);
    }
  }
  return value;
}
