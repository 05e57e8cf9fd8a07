// Filters about values of any kind: defaults, choices, conversions.
import { fail } from '../budget.ts';
import { type Args, type Filter, flagArgument, textArgument } from '../callable.ts';
import { truth } from '../operators.ts';
import { textOf } from '../text.ts';
import type { Value } from '../value.ts';
import { isList, isUndefined, isUnknown, undefinedError } from '../values.ts';

const defaultFilter: Filter = {
  parameters: ['default_value', 'boolean'],
  takesUndefined: true,
  keepsUnknown: true,
  run(value, [fallback = '', boolean]) {
    if (isUndefined(value)) return fallback;
    if (!flagArgument(boolean, false)) return value;
    return truth(value) === false ? fallback : value;
  },
};

const ternary: Filter = {
  parameters: ['true_val', 'false_val', 'none_val'],
  required: 2,
  keepsUnknown: true,
  run: (value, [yes = null, no = null, none]) => {
    if (value === null && none !== undefined) return none;
    return truth(value) === true ? yes : no;
  },
};

export const generalFilters: Readonly<Record<string, Filter>> = {
  default: defaultFilter,
  d: defaultFilter,
  ternary,
  mandatory: {
    parameters: ['msg'],
    takesUndefined: true,
    keepsUnknown: true,
    run(value, [message], { budget }) {
      if (!isUndefined(value)) return value;
      return message === undefined ? undefinedFailure(value) : fail(textArgument(message, '', budget));
    },
  },
  bool: { parameters: [], run: toBoolean },
  string: { parameters: [], run: (value, _args, { budget }) => textOf(value, budget) },
  type_debug: { parameters: [], keepsUnknown: true, run: typeName },
};

function undefinedFailure(value: Value): never {
  throw isUndefined(value) ? undefinedError(value) : new TypeError('not undefined');
}

/** Ansible's bool: yes, on, 1 and true are true, everything else is false, null stays. */
function toBoolean(value: Value, _args: Args): Value {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return value === 1;
  return typeof value === 'string' && /^(?:yes|on|1|true)$/i.test(value);
}

function typeName(value: Value): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (isUnknown(value)) return 'unknown';
  return isList(value) ? 'list' : 'dict';
}
