// What lives in a running template without being data: macros, loops, imported templates, points in time.
import { fail } from './budget.ts';
import type { Frame } from './compile.ts';
import { liveBrand, type Value, type ValueMap } from './value.ts';
import { isLive } from './values.ts';

/** Arguments as they were written; undefined ones are values like any other. */
export interface CallArguments {
  readonly positional: readonly Value[];
  readonly named: ValueMap;
}

export interface LiveObject {
  readonly [liveBrand]: string;
  /** `undefined` where there is no such attribute. */
  readonly attribute?: (name: string) => Value | undefined;
  readonly names?: () => Iterable<string>;
  readonly call?: (args: CallArguments, frame: Frame) => Value;
  /** How it is printed, and what becomes of it where only data can go; without it, it cannot go there. */
  readonly text?: string;
  /** What `-` makes of it and another one. */
  readonly minus?: (other: Value) => Value;
}

/** The object behind the brand. */
export function liveObject(value: Value): LiveObject | null {
  return isLive(value) ? value : null;
}

/** A function that a template may call. */
export function liveFunction(description: string, call: (args: CallArguments, frame: Frame) => Value): LiveObject {
  return { [liveBrand]: description, call };
}

/** Text of a live object where only data can go. Throws `evaluation-failed`. */
export function liveText(value: LiveObject): string {
  return value.text ?? fail(`${value[liveBrand]} is no data`, value.call ? 'call it: name(...)' : undefined);
}

/** The value as data, on its way out of an expression. */
export function asData(value: Value): Value {
  if (typeof value !== 'object') return value;
  const live = liveObject(value);
  return live ? liveText(live) : value;
}
