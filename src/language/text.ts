// Values as text, the way Jinja and Ansible print them: Python's True, None and repr.
// Numbers have one kind here: whole ones print without a fraction (Python's 3.0 is 3).
import { type Budget, checkTextLength, fail } from './budget.ts';
import { liveObject, liveText } from './live.ts';
import type { Value, ValueMap } from './value.ts';
import { isList, isOmit, isUndefined, isUnknown, undefinedError } from './values.ts';

/** Text of a value where it is joined to other text (`~`, `string`): null is `None`. Unknown parts must be handled before. */
export function textOf(value: Value, budget: Budget): string {
  if (typeof value === 'string') return value;
  return reprOf(value, budget);
}

/** Text of a value where a template prints it: as textOf, but null prints nothing, as in Ansible. */
export function outputOf(value: Value, budget: Budget): string {
  return value === null ? '' : textOf(value, budget);
}

/** Python's repr. */
export function reprOf(value: Value, budget: Budget): string {
  budget.spend(1);
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'string') return quoted(value);
  if (isUndefined(value)) throw undefinedError(value);
  if (isUnknown(value)) return fail(`a part of the value is unknown: ${value.reason}`);
  const live = liveObject(value);
  if (live) return liveText(live);
  if (isOmit(value)) fail("'omit' cannot be a part of a text", 'use it as the whole value of an argument');
  const parts = isList(value)
    ? value.map((part) => reprOf(part, budget))
    : Object.entries(value as ValueMap).map(([key, part]) => `${quoted(key)}: ${reprOf(part, budget)}`);
  checkTextLength(parts.reduce((sum, part) => sum + part.length + 2, 0));
  return isList(value) ? `[${parts.join(', ')}]` : `{${parts.join(', ')}}`;
}

/** Python's text of a number, but whole numbers have no fraction. */
export function numberText(value: number): string {
  if (Number.isInteger(value)) return Math.abs(value) < 1e300 ? BigInt(value).toString() : String(value);
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const text = String(value);
  const small = Math.abs(value) < 1e-4 ? value.toExponential() : text;
  return small.replace(/e([+-])(\d)$/, 'e$10$2');
}

/** Maps have texts as keys. */
export function keyText(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'boolean') return String(value);
  if (value === null) return 'null';
  return fail('the key of a map must be a text or a number');
}

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = text.replace(/[\\\p{Cc}\u00a0\u00ad]/gu, (character) => {
    const code = character.charCodeAt(0);
    return escapes[character] ?? `\\x${code.toString(16).padStart(2, '0')}`;
  });
  return quote + (quote === "'" ? body.replaceAll("'", "\\'") : body) + quote;
}
