// Tests that compare a value with others.
import { fail } from '../budget.ts';
import { type Call, elements, listArgument, numberArgument, type ValueTest } from '../callable.ts';
import { compare, contains } from '../comparison.ts';
import { identityOf } from '../identity.ts';
import { modulo, truth } from '../operators.ts';
import type { CompareOperator } from '../syntax.ts';
import type { Value } from '../value.ts';
import { kindOf } from '../values.ts';

export const comparisonTests: Readonly<Record<string, ValueTest>> = {
  ...aliases(['eq', 'equalto', '=='], comparing('==')),
  ...aliases(['ne', '!='], comparing('!=')),
  ...aliases(['lt', 'lessthan', '<'], comparing('<')),
  ...aliases(['le', '<='], comparing('<=')),
  ...aliases(['gt', 'greaterthan', '>'], comparing('>')),
  ...aliases(['ge', '>='], comparing('>=')),
  in: { ...comparing('in'), parameters: ['seq'] },
  contains: {
    parameters: ['value'],
    required: 1,
    keepsUnknown: true,
    run: (value, [wanted = null], { budget }) => contains(value, wanted, budget),
  },
  sameas: {
    parameters: ['other'],
    required: 1,
    run: (value, [other = null]) => value === other,
  },
  even: { parameters: [], run: (value) => modulo(strictNumber(value), 2) === 0 },
  odd: { parameters: [], run: (value) => modulo(strictNumber(value), 2) === 1 },
  divisibleby: {
    parameters: ['num'],
    required: 1,
    run: (value, [by]) => modulo(strictNumber(value), numberArgument(by, 1)) === 0,
  },
  ...aliases(['nan', 'isnan'], { parameters: [], run: (value) => Number.isNaN(strictNumber(value)) }),
  ...aliases(
    ['subset', 'issubset'],
    subsetTest((value, other) => [value, other]),
  ),
  ...aliases(
    ['superset', 'issuperset'],
    subsetTest((value, other) => [other, value]),
  ),
  all: { parameters: [], keepsUnknown: true, run: (value, _args, call) => combined(value, call, false) },
  any: { parameters: [], keepsUnknown: true, run: (value, _args, call) => combined(value, call, true) },
};

function aliases(names: readonly string[], test: ValueTest): Readonly<Record<string, ValueTest>> {
  return Object.fromEntries(names.map((name) => [name, test]));
}

function comparing(operator: CompareOperator): ValueTest {
  return {
    parameters: ['other'],
    required: 1,
    keepsUnknown: true,
    run: (value, [other = null], { budget }) => compare(operator, value, other, budget),
  };
}

function strictNumber(value: Value): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  return fail(`expected a number, got ${kindOf(value)}`, typeof value === 'string' ? 'convert it: | int' : undefined);
}

function subsetTest(order: (value: Value, other: Value) => readonly [Value, Value]): ValueTest {
  return {
    parameters: ['other'],
    required: 1,
    run: (value, [other = null], { budget }) => {
      const [small, large] = order(value, other);
      const known = new Set(listArgument(large, 'other', budget).map((part) => identityOf(part, budget)));
      return elements(small, budget).every((part) => known.has(identityOf(part, budget)));
    },
  };
}

/** Python's any and all, with a third answer. */
function combined(value: Value, { budget }: Call, any: boolean): ReturnType<ValueTest['run']> {
  let doubt: ReturnType<ValueTest['run']> = !any;
  for (const part of elements(value, budget)) {
    const holds = truth(part);
    if (holds === any) return any;
    if (typeof holds !== 'boolean') doubt = holds;
  }
  return doubt;
}
