// Terms and options of lookups, read by the plugins of the language and of the controller alike.
import { VezaError } from '../../lib/errors.ts';
import { flagArgument } from '../callable.ts';
import type { Value, ValueMap } from '../value.ts';
import { kindOf, ownValue } from '../values.ts';

/** A term that is a text. Throws VezaError `wrong-arguments`. */
export function textTerm(plugin: string, term: Value): string {
  if (typeof term === 'string' || typeof term === 'number') return String(term);
  throw new VezaError('wrong-arguments', `the lookup '${plugin}' needs a text, not ${kindOf(term)}`);
}

export function flagOption(options: ValueMap, name: string, otherwise: boolean): boolean {
  return flagArgument(ownValue(options, name), otherwise);
}

/** An option that is a text or a number. Throws VezaError `wrong-arguments`. */
export function textOption(options: ValueMap, name: string, otherwise: string): string {
  const value = ownValue(options, name);
  if (value === undefined || value === null) return otherwise;
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new VezaError('wrong-arguments', `'${name}' of a lookup is a text, not ${kindOf(value)}`);
}

/** An option that is a number. Throws VezaError `wrong-arguments`. */
export function numberOption(options: ValueMap, name: string, otherwise: number): number {
  const value = Number(textOption(options, name, String(otherwise)));
  if (Number.isFinite(value)) return value;
  throw new VezaError('wrong-arguments', `'${name}' of a lookup is a number`);
}
