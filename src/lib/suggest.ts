// "Did you mean ...?"
import { closest, distance } from 'fastest-levenshtein';

/** The known name nearest to `name`, if it is near enough to be what was meant. */
export function near(name: string, known: Iterable<string>): string | null {
  const names = [...known];
  if (names.length === 0) return null;
  const best = closest(name, names);
  return distance(name, best) <= Math.max(1, Math.floor(name.length / 3)) ? best : null;
}
