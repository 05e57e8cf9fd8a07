// A change of something in the cloud as people see it: one line for each value that differs, however deep it is.
import { sameValue, type Change } from '../../core/change.ts';
import type { AttributeDiff, Diff } from '../../core/resource.ts';
import { isUnknown } from '../../core/unknown.ts';
import { isJsonObject, type Json } from '../../lib/json.ts';

/** What is only observed and says nothing to people. */
const hidden: ReadonlySet<string> = new Set(['id', 'address', 'address6', 'privateAddress']);

export function attributeDiff({ before, after }: Change<object>): Diff {
  const names = Object.keys(after ?? before ?? {}).filter((name) => !hidden.has(name));
  return { attributes: names.flatMap((name) => leaves(name, valueIn(before, name), valueIn(after, name))) };
}

function leaves(name: string, before: unknown, after: unknown): readonly AttributeDiff[] {
  if (sameValue(before, after)) return [];
  if (isMap(before) || isMap(after)) {
    // Something that comes or goes as a whole has one line for itself, then its parts.
    const [old, now] = [isMap(before) ? before : {}, isMap(after) ? after : {}];
    const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])];
    if (isMap(before) && after === null) return [{ name, before: shown(before), after: null }];
    return keys.flatMap((key) => leaves(`${name}.${key}`, valueIn(old, key), valueIn(now, key)));
  }
  const empty =
    before === undefined && (after === null || after === '' || (Array.isArray(after) && after.length === 0));
  if (empty) return [];
  return [
    {
      name,
      before: before === undefined ? undefined : shown(before),
      after: after === undefined ? undefined : shown(after),
    },
  ];
}

function isMap(value: unknown): value is object {
  return isJsonObject(value) && !isUnknown(value);
}

function valueIn(state: object | null, name: string): unknown {
  return state === null ? undefined : Reflect.get(state, name);
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
