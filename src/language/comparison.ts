// Comparisons with Python's meaning and a third answer. True equals 1, a text never equals a number.
import { type Budget, fail } from './budget.ts';
import type { CompareOperator } from './syntax.ts';
import { keyText } from './text.ts';
import type { Value } from './value.ts';
import { isList, isLive, isMap, isUnknown, kindOf, ownValue, type Unknown, used } from './values.ts';

/** One comparison; both operands may be anything. */
export function compare(operator: CompareOperator, first: Value, second: Value, budget: Budget): boolean | Unknown {
  const left = used(first);
  const right = used(second);
  switch (operator) {
    case '==':
      return equal(left, right, budget);
    case '!=':
      return not(equal(left, right, budget));
    case 'in':
      return contains(right, left, budget);
    case 'not in':
      return not(contains(right, left, budget));
    case '<':
    case '<=':
    case '>':
    case '>=': {
      if (isUnknown(left)) return left;
      if (isUnknown(right)) return right;
      const sign = order(left, right, budget);
      if (typeof sign !== 'number') return sign;
      return operator === '<' ? sign < 0 : operator === '<=' ? sign <= 0 : operator === '>' ? sign > 0 : sign >= 0;
    }
  }
}

/** Whether two values are equal; a difference among known parts is enough for false. */
export function equal(left: Value, right: Value, budget: Budget): boolean | Unknown {
  if (isUnknown(left)) return left;
  if (isUnknown(right)) return right;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) {
    return scalar(left) === scalar(right);
  }
  if (isLive(left) || isLive(right)) return left === right;
  if (isList(left) !== isList(right)) return false;
  let doubt: Unknown | null = null;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  budget.spend(keys.length);
  for (const key of keys) {
    if (!Object.hasOwn(right, key)) return false;
    const same = equal(partOf(left, key), partOf(right, key), budget);
    if (same === false) return false;
    if (same !== true) doubt ??= same;
  }
  return doubt ?? true;
}

/** Whether two values are certainly equal. */
export function same(left: Value, right: Value, budget: Budget): boolean {
  return equal(left, right, budget) === true;
}

/** `value in container`. */
export function contains(container: Value, value: Value, budget: Budget): boolean | Unknown {
  if (isUnknown(container)) return container;
  if (isUnknown(value)) return value;
  if (typeof container === 'string') {
    if (typeof value !== 'string') {
      fail(`'in' cannot look for ${kindOf(value)} in a text`, 'convert it: | string');
    }
    return container.includes(value);
  }
  if (isMap(container)) return ownValue(container, keyText(value)) !== undefined;
  if (!isList(container)) return fail(`'in' needs a text, a list or a map on its right, not ${kindOf(container)}`);
  let doubt: Unknown | null = null;
  budget.spend(container.length);
  for (const part of container) {
    const found = equal(part, value, budget);
    if (found === true) return true;
    if (found !== false) doubt ??= found;
  }
  return doubt ?? false;
}

/** Negative, zero or positive; unknown where an unknown part decides. Throws for kinds that have no order. */
export function order(left: Value, right: Value, budget: Budget): number | Unknown {
  if (isUnknown(left)) return left;
  if (isUnknown(right)) return right;
  const a = typeof left === 'boolean' ? Number(left) : left;
  const b = typeof right === 'boolean' ? Number(right) : right;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return orderTexts(a, b);
  if (isList(a) && isList(b)) {
    const length = Math.min(a.length, b.length);
    budget.spend(length);
    for (let index = 0; index < length; index++) {
      const sign = order(a[index] ?? null, b[index] ?? null, budget);
      if (sign !== 0) return sign;
    }
    return a.length - b.length;
  }
  const hint = typeof a === 'string' || typeof b === 'string' ? 'convert the text to a number: | int' : undefined;
  return fail(`cannot compare ${kindOf(left)} with ${kindOf(right)}`, hint);
}

/** By code points, as Python orders texts. */
export function orderTexts(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    if (left.charCodeAt(index) === right.charCodeAt(index)) continue;
    const a = left.codePointAt(index) ?? 0;
    const b = right.codePointAt(index) ?? 0;
    if (a !== b) return a - b;
  }
  return left.length - right.length;
}

export function not(value: boolean | Unknown): boolean | Unknown {
  return typeof value === 'boolean' ? !value : value;
}

function scalar(value: Value): Value {
  return typeof value === 'boolean' ? Number(value) : value;
}

function partOf(container: Value, key: string): Value {
  if (isList(container)) return container[Number(key)] ?? null;
  return isMap(container) ? (container[key] ?? null) : null;
}
