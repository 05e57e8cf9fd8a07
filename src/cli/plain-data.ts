// Values of the language as plain JSON, for showing: what has no value says why in its place.
import { isUnknown } from '../core/unknown.ts';
import { isList, isMap, isUndefined } from '../language/values.ts';
import type { Value } from '../language/value.ts';
import type { Json } from '../lib/json.ts';
import type { Redactor } from '../lib/redact.ts';

/** Secrets in texts and keys are redacted. */
export function plainData(value: Value, redactor: Redactor): Json {
  if (typeof value === 'string') return redactor.redact(value);
  if (typeof value === 'number') {
    const shown = redactor.redact(String(value));
    return shown === String(value) ? value : shown;
  }
  if (value === null || typeof value === 'boolean') return value;
  if (isUnknown(value)) return `(unknown: ${value.reason})`;
  if (isUndefined(value)) return `(undefined: ${value.undefinedName})`;
  if (isList(value)) return value.map((part) => plainData(part, redactor));
  if (!isMap(value)) return '(no value)';
  const entries = Object.entries(value).map(
    ([key, part]) => [redactor.redact(key), plainData(part, redactor)] as const,
  );
  return Object.fromEntries(entries);
}
