// The methods of texts, lists and maps that expressions may call. Anything else has none.
import { type Budget, checkTextLength, fail } from './budget.ts';
import { integerArgument, mapArgument } from './callable.ts';
import type { Frame } from './compile.ts';
import { contains, orderTexts, same } from './comparison.ts';
import { formatBraces } from './format.ts';
import { keyText } from './text.ts';
import { textMethods } from './text-methods.ts';
import type { Value, ValueMap } from './value.ts';
import { isList, isMap, kindOf, orElse, ownValue, type Unknown } from './values.ts';

export interface MethodCall {
  readonly positional: readonly Value[];
  readonly named: ValueMap;
  /** The unknown among the arguments, if any. */
  readonly doubt: Unknown | null;
  readonly frame: Frame;
}

type ListMethod = (list: readonly Value[], args: readonly Value[], budget: Budget) => Value;
type MapMethod = (map: ValueMap, args: readonly Value[]) => Value;

const listMethods: ReadonlyMap<string, ListMethod> = new Map<string, ListMethod>([
  ['index', (list, [value = null], budget) => indexIn(list, value, budget)],
  ['count', (list, [value = null], budget) => list.filter((part) => same(part, value, budget)).length],
  ['copy', (list) => [...list]],
]);

const mapMethods: ReadonlyMap<string, MapMethod> = new Map<string, MapMethod>([
  ['items', (map) => Object.entries(map)],
  ['keys', (map) => Object.keys(map)],
  ['values', (map) => Object.values(map)],
  ['get', (map, [key = null, fallback = null]) => orElse(ownValue(map, keyText(key)), () => fallback)],
  ['copy', (map) => ({ ...map })],
]);

/** Change the value itself: allowed only on what the template made. */
type Mutation<T> = (target: T, args: readonly Value[], budget: Budget) => Value | undefined;

const listMutations: ReadonlyMap<string, Mutation<Value[]>> = new Map<string, Mutation<Value[]>>([
  [
    'append',
    (list, [value = null]) => {
      list.push(value);
    },
  ],
  [
    'extend',
    (list, [more = null]) => {
      list.push(...(isList(more) ? more : fail('extend needs a list')));
    },
  ],
  [
    'insert',
    (list, [at, value = null]) => {
      list.splice(integerArgument(at, 0), 0, value);
    },
  ],
  [
    'reverse',
    (list) => {
      list.reverse();
    },
  ],
  [
    'clear',
    (list) => {
      list.splice(0);
    },
  ],
  ['pop', (list, [at]) => orElse(list.splice(integerArgument(at, -1), 1)[0], () => fail('pop from an empty list'))],
  [
    'remove',
    (list, [value = null], budget) => {
      list.splice(indexIn(list, value, budget), 1);
    },
  ],
  [
    'sort',
    (list) => {
      list.sort(orderPlain);
    },
  ],
]);

type MutableMap = Record<string, Value>;
const mapMutations: ReadonlyMap<string, Mutation<MutableMap>> = new Map<string, Mutation<MutableMap>>([
  [
    'update',
    (map, [more = null]) => {
      Object.entries(mapArgument(more)).forEach(([k, v]) => put(map, k, v));
    },
  ],
  ['pop', (map, [key = null, fallback]) => takeKey(map, keyText(key), fallback)],
  [
    'setdefault',
    (map, [key = null, value = null]) => orElse(ownValue(map, keyText(key)), () => put(map, keyText(key), value)),
  ],
  [
    'clear',
    (map) => {
      Object.keys(map).forEach((key) => Reflect.deleteProperty(map, key));
    },
  ],
]);

/** Methods that change what they are called on. */
export const changingMethods: ReadonlySet<string> = new Set([...listMutations.keys(), ...mapMutations.keys()]);

/** All names that can be called with a dot. */
export const methodNames: ReadonlySet<string> = new Set([
  ...textMethods.keys(),
  ...listMethods.keys(),
  ...mapMethods.keys(),
  ...listMutations.keys(),
  ...mapMutations.keys(),
  'format',
]);

/** Calls a method on a known value. */
export function callMethod(target: Value, name: string, call: MethodCall): Value {
  const { positional: args, doubt, frame } = call;
  if (typeof target === 'string') {
    if (doubt) return doubt;
    if (name === 'format') return checked(formatBraces(target, args, call.named, frame.budget));
    const method = textMethods.get(name);
    if (method) return checked(method(target, bindText(args, call.named), frame.budget));
  } else if (isList(target)) {
    frame.budget.spend(target.length);
    const method = listMethods.get(name);
    if (method) return doubt ?? own(frame, method(target, args, frame.budget));
    const mutation = listMutations.get(name);
    if (mutation) return mutation(changeable(target as Value[], name, frame), args, frame.budget) ?? null;
  } else if (isMap(target)) {
    const method = mapMethods.get(name);
    if (method) return doubt ?? own(frame, method(target, args));
    const mutation = mapMutations.get(name);
    const more = name === 'update' ? [{ ...(args[0] as ValueMap | undefined), ...call.named }] : args;
    if (mutation) return mutation(changeable(target, name, frame), more, frame.budget) ?? null;
  }
  return fail(`${kindOf(target)} has no method '${name}'`);
}

function bindText(args: readonly Value[], named: ValueMap): readonly Value[] {
  const values = Object.values(named);
  return values.length === 0 ? args : [...args, ...values];
}

function checked(value: Value): Value {
  if (typeof value === 'string') checkTextLength(value.length);
  return value;
}

function own(frame: Frame, value: Value): Value {
  if (typeof value === 'object' && value !== null) frame.owned?.add(value);
  return value;
}

function changeable<T extends object>(target: T, name: string, frame: Frame): T {
  if (frame.owned?.has(target)) return target;
  const instead = Array.isArray(target) ? 'make a new list: list + [value]' : 'make a new map: map | combine(other)';
  return fail(`'${name}' would change a value that was not made in this template`, instead);
}

function put(map: MutableMap, key: string, value: Value): Value {
  Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });
  return value;
}

function takeKey(map: MutableMap, key: string, fallback: Value | undefined): Value {
  const value = orElse(ownValue(map, key), () => orElse(fallback, () => fail(`there is no key '${key}'`)));
  Reflect.deleteProperty(map, key);
  return value;
}

function indexIn(list: readonly Value[], value: Value, budget: Budget): number {
  const index = list.findIndex((part) => same(part, value, budget));
  return index === -1 || contains(list, value, budget) !== true ? fail('the value is not in the list') : index;
}

function orderPlain(left: Value, right: Value): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string') return orderTexts(left, right);
  return fail(`cannot sort ${kindOf(left)} and ${kindOf(right)} together`);
}
