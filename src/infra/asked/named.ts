// Things of a project by the names that people give them.
import { VezaError } from '../../lib/errors.ts';
import { didYouMean } from '../../lib/suggest.ts';

interface Thing {
  readonly id: number;
  readonly name: string;
}

/** The id of the thing with that name, or with that number. Throws VezaError `not-found`. */
export function idNamed(what: string, name: string, known: readonly Thing[]): string {
  const found = known.find((one) => one.name === name) ?? known.find((one) => String(one.id) === name);
  if (found) return String(found.id);
  const names = known.map((one) => one.name);
  throw new VezaError('not-found', `the project has no ${what} "${name}"`, {
    hint: didYouMean(name, names) ?? `Its ${what}s are: ${names.join(', ') || 'none'}.`,
  });
}
