// A change of something in the cloud as people see it: one line an attribute.
import type { Change } from '../../core/change.ts';
import type { Diff } from '../../core/resource.ts';
import { isUnknown } from '../../core/unknown.ts';
import type { Json } from '../../lib/json.ts';

export function attributeDiff(change: Change<object>): Diff {
  const { before, after } = change;
  const names = Object.keys(after ?? before ?? {});
  const value = (state: object | null, name: string): Json | undefined => {
    const found: unknown = state === null ? undefined : Reflect.get(state, name);
    return found === undefined ? undefined : shown(found);
  };
  return {
    attributes: names
      .filter((name) => name !== 'id' && name !== 'address')
      .map((name) => ({ name, before: value(before, name), after: value(after, name) })),
  };
}

/** Unknown parts in words. */
export function shown(value: unknown): Json {
  if (isUnknown(value)) return '(known after apply)';
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shown(part)]));
  }
  return value as Json;
}
