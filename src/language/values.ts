// What kinds of values there are, and how undefined ones come about and complain. No conversions here: see text.ts.
import { isUnknown, type Unknown } from '../core/unknown.ts';
import type { Position } from '../lib/diagnostic.ts';
import { VezaError } from '../lib/errors.ts';
import { didYouMean } from '../lib/suggest.ts';
import { type Live, liveBrand, undefinedBrand, type Undefined, type Value, type ValueMap } from './value.ts';

export { isUnknown, type Unknown };

/** An undefined value with what is needed to explain it. */
export interface UndefinedValue extends Undefined {
  readonly where: Position;
  /** The first part of the path that is not there: `a.b` of `a.b.c`. */
  readonly missing: string;
  /** Names that exist in its place. */
  readonly candidates: () => Iterable<string>;
  /** Using it is no error: it is an empty text then. */
  readonly lenient?: boolean;
  /** What to do about it. */
  readonly hint?: string;
}

/** The value of `omit`: compared by identity, so that no text of a host can pass for it. */
export const omit: ValueMap = Object.freeze({});

export function isOmit(value: unknown): boolean {
  return value === omit;
}

/** Makes an undefined value for a path such as `a.b`. */
export function undefinedValue(path: string, where: Position, candidates: () => Iterable<string>): UndefinedValue {
  return { [undefinedBrand]: true, undefinedName: path, where, missing: path, candidates };
}

/** An attribute of an undefined value: as undefined, with a longer path. */
export function undefinedBelow(parent: UndefinedValue, path: string): UndefinedValue {
  return { ...parent, undefinedName: path };
}

export function isUndefined(value: unknown): value is UndefinedValue {
  return typeof value === 'object' && value !== null && undefinedBrand in value;
}

/** A macro, a loop and the like: no data. */
export function isLive(value: unknown): value is Live {
  return typeof value === 'object' && value !== null && liveBrand in value;
}

export function isList(value: unknown): value is readonly Value[] {
  return Array.isArray(value);
}

/** A map of data; neither a list nor unknown nor undefined. */
export function isMap(value: unknown): value is ValueMap {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !isUnknown(value) && !isUndefined(value) && !isLive(value);
}

/** Own properties only: the one way to read a map. */
export function ownValue(map: ValueMap, key: string): Value | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** The value to use. Throws `undefined-variable` if it is undefined; what an `if` without `else` leaves out is ''. */
export function used(value: Value): Value {
  if (typeof value !== 'object' || !isUndefined(value)) return value;
  if (value.lenient) return '';
  throw undefinedError(value);
}

/** The value, or what `otherwise` gives where there is none; null is a value. */
export function orElse(value: Value | undefined, otherwise: () => Value): Value {
  return value === undefined ? otherwise() : value;
}

/** The error for a use of an undefined value. */
export function undefinedError(value: UndefinedValue): VezaError {
  const { undefinedName: path, missing, where } = value;
  const shown = path.includes(' ') ? path : `'${path}'`;
  const message = path === missing ? `${shown} is undefined` : `${shown} is undefined: there is no '${missing}'`;
  const lastName = /[^.]*$/.exec(missing)?.[0] ?? missing;
  const near = didYouMean(lastName, value.candidates());
  const use = path.includes(' ')
    ? 'give it a value'
    : `define it, or give it a value where it is used: ${path} | default(...)`;
  const hint = near ?? value.hint ?? use;
  return new VezaError('undefined-variable', message, { where, hint });
}

/** What people call the kind of a value. */
export function kindOf(value: Value): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'a text';
  if (typeof value === 'number') return 'a number';
  if (typeof value === 'boolean') return 'a boolean';
  if (isUnknown(value)) return 'an unknown value';
  if (isUndefined(value)) return 'undefined';
  if (isLive(value)) return value[liveBrand];
  return isList(value) ? 'a list' : 'a map';
}

/** A map from pairs; `__proto__` is a key like any other. */
export function mapOf(entries: Iterable<readonly [string, Value]>): ValueMap {
  return Object.fromEntries(entries);
}
