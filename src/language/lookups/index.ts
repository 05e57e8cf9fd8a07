// `lookup`, `query` and `with_*`: pure lookups by name, all others through the controller.
import { messageOf, VezaError } from '../../lib/errors.ts';
import { didYouMean } from '../../lib/suggest.ts';
import { Budget } from '../budget.ts';
import { controllerOf } from '../controller.ts';
import { firstUnknown } from '../operators.ts';
import type { Scope, Value, ValueMap } from '../value.ts';
import { isUnknown, type Unknown } from '../values.ts';
import { listLookups } from './lists.ts';
import { sequence, sequenceOptions } from './sequence.ts';
import { variableLookups } from './variables.ts';

export interface LookupCall {
  readonly options: ValueMap;
  readonly scope: Scope;
  readonly budget: Budget;
}

export interface PureLookup {
  /** Parts of the terms that are unknown stay parts of the result. */
  readonly keepsUnknown?: boolean;
  readonly options?: readonly string[];
  run(terms: readonly Value[], call: LookupCall): readonly Value[] | Unknown;
}

const pure: ReadonlyMap<string, PureLookup> = new Map(
  Object.entries({ ...listLookups, ...variableLookups, sequence: { options: sequenceOptions, run: sequence } }),
);

/** Names of the lookups that need no controller. */
export const pureLookups: readonly string[] = [...pure.keys()];

/** What a lookup finds, always as a list: what `query` gives and what `with_<name>` loops over. Throws VezaError. */
export function runLookup(
  name: string,
  terms: readonly Value[],
  options: ValueMap,
  scope: Scope,
  budget: Budget = new Budget(),
): readonly Value[] | Unknown {
  const plugin = name.replace(/^(?:ansible\.(?:builtin|legacy)|community\.general)\./, '');
  const own = pure.get(plugin);
  const doubt = own?.keepsUnknown ? terms.find(isUnknown) : firstUnknown([...terms, ...Object.values(options)], budget);
  if (doubt) return doubt;
  if (own) {
    checkOptions(plugin, own, options);
    return own.run(terms, { options, scope, budget });
  }
  try {
    const controller = controllerOf(scope, `the lookup '${plugin}'`);
    const found = controller.lookup(plugin, { terms, options, scope });
    if (found) return found;
    const hint = didYouMean(plugin, [...pure.keys(), ...controller.lookups]);
    throw new VezaError('unknown-lookup', `there is no lookup '${plugin}'`, {
      hint: hint ?? `lookups are ${[...pure.keys(), ...controller.lookups].sort().join(', ')}`,
    });
  } catch (error) {
    if (error instanceof VezaError) throw error;
    throw new VezaError('lookup-failed', `the lookup '${plugin}' failed: ${messageOf(error)}`, { cause: error });
  }
}

/** As `lookup` hands it over: one result as itself, several texts joined with commas, anything else as a list. */
export function joinedResults(found: readonly Value[]): Value {
  if (found.length === 1) return found[0] ?? null;
  return found.length > 0 && found.every((part) => typeof part === 'string') ? found.join(',') : found;
}

function checkOptions(plugin: string, { options: known = [] }: PureLookup, options: ValueMap): void {
  const strange = Object.keys(options).find((name) => !known.includes(name));
  if (strange === undefined) return;
  const hint = didYouMean(strange, known) ?? (known.length > 0 ? `it has ${known.join(', ')}` : undefined);
  const details = hint === undefined ? {} : { hint };
  throw new VezaError('wrong-arguments', `the lookup '${plugin}' has no option '${strange}'`, details);
}
