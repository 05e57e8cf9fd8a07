// Attributes, items and slices of plain data: own properties only, indices as in Python.
import { fail } from './budget.ts';
import { liveObject } from './live.ts';
import { keyText } from './text.ts';
import type { Value } from './value.ts';
import {
  isList,
  isLive,
  isMap,
  isUndefined,
  isUnknown,
  kindOf,
  orElse,
  ownValue,
  undefinedBelow,
  undefinedValue,
} from './values.ts';
import type { Position } from '../lib/diagnostic.ts';

const nowhere: Position = { file: '', line: 1, column: 1 };

/** `target.name`. Undefined where there is no such attribute; unknown of unknown. */
export function getAttribute(target: Value, name: string, path = name, where = nowhere): Value {
  if (isUnknown(target)) return target;
  if (isUndefined(target)) return undefinedBelow(target, path);
  const live = liveObject(target);
  if (live) return orElse(live.attribute?.(name), () => undefinedValue(path, where, () => live.names?.() ?? []));
  if (!isMap(target)) return undefinedValue(path, where, () => []);
  return orElse(ownValue(target, name), () => undefinedValue(path, where, () => Object.keys(target)));
}

/** `target[index]`. */
export function getItem(target: Value, index: Value, path: string | null = null, where = nowhere): Value {
  if (isUnknown(target)) return target;
  if (isUndefined(index)) return index;
  const full = (): string => `${path ?? 'value'}[${isUnknown(index) ? '?' : describeIndex(index)}]`;
  if (isUndefined(target)) return undefinedBelow(target, full());
  if (isUnknown(index)) return index;
  if (isLive(target) && typeof index === 'string') return getAttribute(target, index, full(), where);
  if (isMap(target)) {
    return orElse(ownValue(target, keyText(index)), () => undefinedValue(full(), where, () => Object.keys(target)));
  }
  if (typeof index !== 'number' || !Number.isInteger(index)) {
    // As in Jinja: a list or a text has no such item.
    return undefinedValue(full(), where, () => []);
  }
  const sequence = isList(target) ? target : typeof target === 'string' ? characters(target) : [];
  return orElse(sequence[index < 0 ? sequence.length + index : index], () => undefinedValue(full(), where, () => []));
}

/** `target[from:to:step]`; bounds of null are left out. */
export function slice(target: Value, bounds: readonly (Value | null)[]): Value {
  if (isUnknown(target)) return target;
  for (const bound of bounds) {
    if (isUnknown(bound)) return bound;
    if (bound !== null && !Number.isInteger(bound)) fail(`a bound of a slice must be a whole number`, 'use | int');
  }
  const [from = null, to = null, step = null] = bounds as readonly (number | null)[];
  if (step === 0) fail('the step of a slice cannot be 0');
  if (typeof target === 'string') return sliced(characters(target), from, to, step ?? 1).join('');
  if (isList(target)) return sliced(target, from, to, step ?? 1);
  return fail(`cannot slice ${kindOf(target)}`);
}

/** The characters (code points) of a text. */
export function characters(text: string): readonly string[] {
  return /[\ud800-\udfff]/.test(text) ? Array.from(text) : text.split('');
}

function sliced<T>(list: readonly T[], from: number | null, to: number | null, step: number): T[] {
  const length = list.length;
  const lowest = step < 0 ? -1 : 0;
  const highest = step < 0 ? length - 1 : length;
  const clamp = (index: number): number => Math.min(Math.max(index < 0 ? index + length : index, lowest), highest);
  const start = from === null ? (step < 0 ? highest : lowest) : clamp(from);
  const end = to === null ? (step < 0 ? lowest : highest) : clamp(to);
  if (step === 1) return list.slice(start, Math.max(start, end));
  const result: T[] = [];
  for (let index = start; step < 0 ? index > end : index < end; index += step) result.push(list[index] as T);
  return result;
}

function describeIndex(index: Value): string {
  return typeof index === 'string' ? `'${index}'` : typeof index === 'number' ? String(index) : kindOf(index);
}
