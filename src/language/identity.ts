// A text for each value such that equal values, and only they, have the same text. Makes sets of values fast.
import type { Budget } from './budget.ts';
import { orderTexts } from './comparison.ts';
import { liveObject, liveText } from './live.ts';
import type { Value, ValueMap } from './value.ts';
import { isList, isUnknown, used } from './values.ts';

/** Equal values (as `==` has it) have equal identities. Unknown values must be handled before. */
export function identityOf(value: Value, budget: Budget): string {
  budget.spend(1);
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === null) return 'null';
  if (typeof value !== 'object') return String(Number(value));
  used(value);
  if (isUnknown(value)) throw new TypeError('an unknown value has no identity');
  const live = liveObject(value);
  if (live) return JSON.stringify(liveText(live));
  if (isList(value)) return `[${value.map((part) => identityOf(part, budget)).join()}]`;
  const parts = Object.entries(value as ValueMap).sort(([left], [right]) => orderTexts(left, right));
  return `{${parts.map(([key, part]) => `${JSON.stringify(key)}:${identityOf(part, budget)}`).join()}}`;
}
