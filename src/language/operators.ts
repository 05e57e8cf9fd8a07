// Arithmetic and joining, with Python's meaning. Unknown operands give unknown; undefined ones are errors.
import { type Budget, checkTextLength, fail } from './budget.ts';
import { formatPercent } from './format.ts';
import type { BinaryOperator } from './syntax.ts';
import { liveObject } from './live.ts';
import { textOf } from './text.ts';
import type { Value, ValueMap } from './value.ts';
import { isList, isLive, isUndefined, isUnknown, kindOf, type Unknown, used } from './values.ts';

/** A binary operator; both operands may be anything. */
export function binary(operator: BinaryOperator, first: Value, second: Value, budget: Budget): Value {
  const left = used(first);
  const right = used(second);
  if (isUnknown(left)) return left;
  if (isUnknown(right)) return right;
  if (operator === '+' && typeof left === 'string' && typeof right === 'string') return joined(left + right);
  if (operator === '+' && isList(left) && isList(right)) {
    budget.spend(left.length + right.length);
    return [...left, ...right];
  }
  const live = operator === '-' ? liveObject(left) : null;
  if (live?.minus) return live.minus(right);
  if (operator === '*') {
    const repeated = repeat(left, right, budget) ?? repeat(right, left, budget);
    if (repeated !== null) return repeated;
  }
  if (operator === '%' && typeof left === 'string') {
    const unknownPart = firstUnknown(right, budget);
    return unknownPart ?? joined(formatPercent(left, right, budget));
  }
  return arithmetic(operator, operand(operator, left, right, left), operand(operator, left, right, right));
}

/** `a ~ b ~ c`. */
export function concat(values: readonly Value[], budget: Budget): Value {
  let text = '';
  for (const operand of values) {
    const value = used(operand);
    const unknownPart = firstUnknown(value, budget);
    if (unknownPart) return unknownPart;
    text += textOf(value, budget);
  }
  return joined(text);
}

export function negative(operand: Value): Value {
  const value = used(operand);
  if (isUnknown(value)) return value;
  if (typeof value === 'string' || value === null || typeof value === 'object') {
    return fail(`cannot negate ${kindOf(value)}`, typeof value === 'string' ? 'convert it: | int' : undefined);
  }
  return 0 - Number(value);
}

/** Python's truth of a value: empty ones are false. */
export function truth(value: Value): boolean | Unknown {
  if (typeof value === 'boolean') return value;
  if (value === null) return false;
  if (typeof value === 'string') return value !== '';
  if (typeof value === 'number') return value !== 0;
  if (isUndefined(value)) return truth(used(value));
  if (isUnknown(value)) return value;
  if (isLive(value)) return true;
  return isList(value) ? value.length > 0 : Object.keys(value).length > 0;
}

/** The first unknown in a value, itself included; null if everything is known. */
export function firstUnknown(value: Value, budget: Budget): Unknown | null {
  if (typeof value !== 'object' || value === null) return null;
  if (isUnknown(value)) return value;
  if (isLive(value)) return null;
  const parts = isList(value) ? value : Object.values(value as ValueMap);
  budget.spend(parts.length);
  for (const part of parts) {
    const found = firstUnknown(part, budget);
    if (found) return found;
  }
  return null;
}

/** Python's floored remainder. */
export function modulo(left: number, right: number): number {
  if (right === 0) fail('division by zero');
  const remainder = left % right;
  return remainder !== 0 && remainder < 0 !== right < 0 ? remainder + right : remainder;
}

function arithmetic(operator: BinaryOperator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return right === 0 ? fail('division by zero') : left / right;
    case '//':
      return right === 0 ? fail('division by zero') : Math.floor(left / right);
    case '%':
      return modulo(left, right);
    case '**':
      return left === 0 && right < 0 ? fail('division by zero') : left ** right;
  }
}

function operand(operator: BinaryOperator, left: Value, right: Value, value: Value): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  const hint =
    typeof left === 'string' || typeof right === 'string'
      ? operator === '+'
        ? "join texts with '~', or convert to a number: | int"
        : 'convert the text to a number: | int'
      : undefined;
  return fail(`'${operator}' cannot work on ${kindOf(left)} and ${kindOf(right)}`, hint);
}

function repeat(value: Value, times: Value, budget: Budget): Value | null {
  if (typeof times !== 'number' && typeof times !== 'boolean') return null;
  const count = Math.max(0, Number(times));
  if (typeof value !== 'string' && !isList(value)) return null;
  if (!Number.isInteger(count)) fail(`cannot repeat ${kindOf(value)} ${count} times`);
  if (typeof value === 'string') {
    checkTextLength(value.length * count);
    return value.repeat(count);
  }
  budget.spend(value.length * count);
  return Array.from({ length: count }, () => value).flat();
}

function joined(text: string): string {
  checkTextLength(text.length);
  return text;
}
