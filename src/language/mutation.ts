// Templates that call `append`, `update` and the like change copies of their own: a value that hosts share stays as it is.
import type { Frame } from './compile.ts';
import type { Value } from './value.ts';
import { isList, isMap } from './values.ts';

/**
 * The value that this evaluation may change: made by it, or its one copy of a shared one, so that two names for the same
 * list still mean the same list. Maps that are computed on demand (`hostvars`) are not copied and cannot be changed.
 * Where nothing changes values (`mayCopy` false), a copy that another template has made is still the one that counts.
 */
export function adopted(value: Value, frame: Frame, mayCopy = true): Value {
  const { owned, copies, budget } = frame;
  if (typeof value !== 'object' || value === null || !owned || !copies || owned.has(value)) return value;
  const known = copies.get(value);
  if (known !== undefined || !mayCopy) return known ?? value;
  if (isList(value)) {
    budget.spend(value.length);
    const copy: Value[] = [];
    remember(value, copy, frame);
    for (const part of value) copy.push(adopted(part, frame));
    return copy;
  }
  if (!isMap(value)) return value;
  const parts = Object.entries(Object.getOwnPropertyDescriptors(value));
  if (parts.some(([, part]) => !('value' in part))) return value;
  budget.spend(parts.length);
  const copy: Record<string, Value> = {};
  remember(value, copy, frame);
  for (const [key, { value: part }] of parts) {
    const own = adopted(part as Value, frame);
    Object.defineProperty(copy, key, { value: own, enumerable: true, writable: true, configurable: true });
  }
  return copy;
}

function remember(value: object, copy: Value & object, { owned, copies }: Frame): void {
  owned?.add(copy);
  copies?.set(value, copy);
}
