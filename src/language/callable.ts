// What filters, tests and functions look like, and how arguments are bound to their parameters.
import { type Budget, fail } from './budget.ts';
import { didYouMean } from '../lib/suggest.ts';
import { firstUnknown } from './operators.ts';
import { textOf } from './text.ts';
import type { Scope, Value, ValueMap } from './value.ts';
import { isList, isMap, isUndefined, isUnknown, kindOf, type Unknown, used } from './values.ts';
import { characters } from './access.ts';

export interface Signature {
  /** Names in order. */
  readonly parameters: readonly string[];
  /** How many of them must be given; default 0. */
  readonly required?: number;
  /** Further arguments without a name are allowed; they follow the parameters. */
  readonly rest?: boolean;
  /** Any further name is allowed; they are in `call.named`. */
  readonly named?: boolean;
  /** Undefined values are handled, not errors. */
  readonly takesUndefined?: boolean;
  /** Works on lists and maps of which parts are unknown, and keeps those parts. */
  readonly keepsUnknown?: boolean;
  /** The result is new: the template may change it. */
  readonly makesNew?: boolean;
}

/** What a running filter may use. */
export interface Call {
  readonly budget: Budget;
  readonly scope: Scope;
  readonly named: ValueMap;
  /** The undefined value for something that is not there: the first of nothing. */
  missing(what: string): Value;
  /** Another filter or test by its name, as `map` and `select` need. */
  filter(name: string, value: Value, args: readonly Value[], named: ValueMap): Value;
  test(name: string, value: Value, args: readonly Value[]): boolean | Unknown;
}

/** An argument list: in the order of the parameters, `undefined` where not given. */
export type Args = readonly (Value | undefined)[];

export interface Filter extends Signature {
  run(value: Value, args: Args, call: Call): Value;
}

export interface ValueTest extends Signature {
  run(value: Value, args: Args, call: Call): boolean | Unknown;
}

export interface GlobalFunction extends Signature {
  run(args: Args, call: Call): Value;
}

/** What is wrong with an argument list, or null. `count` is of those without a name. */
export function checkArguments(
  signature: Signature,
  count: number,
  names: readonly string[],
): { readonly message: string; readonly hint: string | null; readonly name?: string } | null {
  const { parameters, required = 0 } = signature;
  if (!signature.rest && count > parameters.length) {
    return { message: `takes at most ${parameters.length} arguments, got ${count}`, hint: null };
  }
  for (const name of names) {
    const index = parameters.indexOf(name);
    if (index === -1 && !signature.named) {
      const hint = didYouMean(name, parameters) ?? (parameters.length ? `it has ${parameters.join(', ')}` : null);
      return { message: `has no argument '${name}'`, hint, name };
    }
    if (index !== -1 && index < count) return { message: `gets '${name}' twice`, hint: null, name };
  }
  const missing = parameters.slice(count, required).find((name) => !names.includes(name));
  return missing === undefined ? null : { message: `needs the argument '${missing}'`, hint: null };
}

/** Binds arguments; throws what checkArguments finds. */
export function bindArguments(
  signature: Signature,
  positional: readonly Value[],
  named: ValueMap,
): { readonly args: Args; readonly named: ValueMap } {
  const problem = checkArguments(signature, positional.length, Object.keys(named));
  if (problem) fail(problem.message, problem.hint ?? undefined);
  const entries = Object.entries(named);
  if (entries.length === 0) return { args: positional, named };
  const args: (Value | undefined)[] = [...positional];
  while (args.length < signature.parameters.length) args.push(undefined);
  const others: [string, Value][] = [];
  for (const [name, value] of entries) {
    const index = signature.parameters.indexOf(name);
    if (index === -1) others.push([name, value]);
    else args[index] = value;
  }
  return { args, named: Object.fromEntries(others) };
}

/** The arguments as the callee takes them. Throws for undefined values that it does not take. */
export function settled<T extends Value | undefined>(signature: Signature, values: readonly T[]): readonly T[] {
  if (signature.takesUndefined || !values.some(isUndefined)) return values;
  return values.map((value) => (value === undefined ? value : (used(value) as T)));
}

/** The unknown that makes a call unknown, if any. */
export function unknownOfCall(
  signature: Signature,
  values: readonly (Value | undefined)[],
  budget: Budget,
): Unknown | null {
  let found: Unknown | null = null;
  for (const value of values) {
    if (typeof value !== 'object' || value === null) continue;
    if (isUndefined(value)) continue;
    if (isUnknown(value)) found ??= value;
    else if (!signature.keepsUnknown) found ??= firstUnknown(value, budget);
  }
  return found;
}

/** The elements of a list, the keys of a map, the characters of a text. */
export function elements(value: Value, budget: Budget): readonly Value[] {
  if (isList(value)) {
    budget.spend(value.length);
    return value;
  }
  const found = typeof value === 'string' ? characters(value) : isMap(value) ? Object.keys(value) : null;
  if (found === null) return fail(`expected a list, got ${kindOf(value)}`);
  budget.spend(found.length);
  return found;
}

/** A list that is an argument. */
export function listArgument(value: Value | undefined, name: string, budget: Budget): readonly Value[] {
  if (value === undefined) fail(`needs the argument '${name}'`);
  return elements(value, budget);
}

export function mapArgument(value: Value, what = 'expected a map'): ValueMap {
  return isMap(value) ? value : fail(`${what}, got ${kindOf(value)}`);
}

/** A text; numbers and booleans are converted. */
export function textArgument(value: Value | undefined, fallback: string, budget: Budget): string {
  return value === undefined ? fallback : textOf(value, budget);
}

export function numberArgument(value: Value | undefined, fallback: number, name = 'argument'): number {
  if (value === undefined) return fallback;
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'string' && /^\s*-?\d+(\.\d+)?\s*$/.test(value)) return Number(value);
  return fail(`${name} must be a number, not ${kindOf(value)}`);
}

/** An integer; Python would refuse others. */
export function integerArgument(value: Value | undefined, fallback: number, name = 'argument'): number {
  const number = numberArgument(value, fallback, name);
  return Number.isInteger(number) ? number : fail(`${name} must be a whole number`);
}

/** A switch; null and absent ones have the default. */
export function flagArgument(value: Value | undefined, fallback: boolean): boolean {
  if (value === undefined || value === null) return fallback;
  if (typeof value === 'string') return /^(?:yes|true|on|1)$/i.test(value);
  return typeof value === 'object' ? true : Boolean(value);
}
