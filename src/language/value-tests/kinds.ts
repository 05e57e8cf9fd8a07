// Tests of what a value is.
import { type ValueTest } from '../callable.ts';
import { liveObject } from '../live.ts';
import { truth } from '../operators.ts';
import type { Value } from '../value.ts';
import { isList, isMap, isUndefined } from '../values.ts';

export const kindTests: Readonly<Record<string, ValueTest>> = {
  // `defined` and `undefined` of a name are decided where they are compiled; these serve select() and the like.
  defined: { parameters: [], takesUndefined: true, keepsUnknown: true, run: (value) => !isUndefined(value) },
  undefined: { parameters: [], takesUndefined: true, keepsUnknown: true, run: (value) => isUndefined(value) },
  none: kind((value) => value === null),
  string: kind((value) => typeof value === 'string'),
  number: kind((value) => typeof value === 'number' || typeof value === 'boolean'),
  integer: kind((value) => typeof value === 'number' && Number.isInteger(value)),
  float: kind((value) => typeof value === 'number' && !Number.isInteger(value)),
  boolean: kind((value) => typeof value === 'boolean'),
  true: kind((value) => value === true),
  false: kind((value) => value === false),
  truthy: {
    parameters: ['convert_bool'],
    keepsUnknown: true,
    run: (value, [convert]) => truth(converted(value, convert)),
  },
  falsy: {
    parameters: ['convert_bool'],
    keepsUnknown: true,
    run: (value, [convert]) => {
      const holds = truth(converted(value, convert));
      return typeof holds === 'boolean' ? !holds : holds;
    },
  },
  mapping: kind(isMap),
  iterable: kind((value) => typeof value === 'string' || isList(value) || isMap(value)),
  sequence: kind((value) => typeof value === 'string' || isList(value) || isMap(value)),
  callable: kind((value) => liveObject(value)?.call !== undefined),
};

function kind(holds: (value: Value) => boolean): ValueTest {
  return { parameters: [], keepsUnknown: true, run: (value) => holds(value) };
}

/** With convert_bool, texts that say yes or no are taken at their word. */
function converted(value: Value, convert: Value | undefined): Value {
  if (convert !== true || typeof value !== 'string') return value;
  if (/^(?:y|yes|on|1|true|t)$/i.test(value)) return true;
  return /^(?:n|no|off|0|false|f)$/i.test(value) ? false : value;
}
