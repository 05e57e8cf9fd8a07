// Conditions: `when`, `until`, `changed_when`, `failed_when`, `that`. Strict: the result must be a boolean.
import { VezaError } from '../lib/errors.ts';
import type { Expression, Scope, Value } from './value.ts';
import { isUnknown, kindOf, type Unknown } from './values.ts';

/** Evaluates a condition. Throws VezaError `not-boolean` for a result that is neither true nor false nor unknown. */
export function evaluateCondition(expression: Expression, scope: Scope): boolean | Unknown {
  const value = expression.evaluate(scope);
  if (typeof value === 'boolean' || isUnknown(value)) return value;
  throw new VezaError('not-boolean', `the condition '${shorten(expression.source)}' is ${describe(value)}`, {
    where: expression.where,
    hint: hintFor(value),
  });
}

function describe(value: Value): string {
  if (typeof value === 'string') return `the text '${shorten(value)}', not true or false`;
  if (typeof value === 'number') return `the number ${value}, not true or false`;
  return `${kindOf(value)}, not true or false`;
}

function hintFor(value: Value): string {
  if (typeof value === 'string' && !/^(?:yes|no|on|off|true|false|1|0)?$/i.test(value)) {
    return "say what is meant: `... != ''`, `... is defined`, or convert it: `... | bool`";
  }
  if (typeof value === 'object' && value !== null) return 'ask whether it is empty: `... | length > 0`';
  return 'convert it: `... | bool`';
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
}
