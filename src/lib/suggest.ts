// "Did you mean ...?": suggestions for misspelt names.
import { distance } from 'fastest-levenshtein';

/** The candidate that `name` was probably meant to be, or null. */
export function nearestName(name: string, candidates: Iterable<string>): string | null {
  if (name.length < 2) return null;
  const all = [...candidates];
  const longer = name.length < 3 ? [] : all.filter((candidate) => candidate !== name && candidate.startsWith(name));
  if (longer.length === 1) return longer[0] ?? null;
  let best: string | null = null;
  let bestDistance = Math.ceil(name.length / 3) + 1;
  for (const candidate of all) {
    if (candidate === name || Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const far = isSwap(name, candidate) ? 1 : distance(name.toLowerCase(), candidate.toLowerCase());
    if (far < bestDistance) {
      best = candidate;
      bestDistance = far;
    }
  }
  return best;
}

/** Whether two neighbouring letters changed places, the most common slip (`whne`). */
function isSwap(name: string, candidate: string): boolean {
  if (name.length !== candidate.length) return false;
  let at = 0;
  while (at < name.length && name[at] === candidate[at]) at += 1;
  const swapped = name.slice(0, at) + (name[at + 1] ?? '') + (name[at] ?? '') + name.slice(at + 2);
  return swapped === candidate;
}

/** `did you mean 'x'?`, or null when nothing is near. */
export function didYouMean(name: string, candidates: Iterable<string>): string | null {
  const near = nearestName(name, candidates);
  return near === null ? null : `did you mean '${near}'?`;
}

/** `Did you mean "x"?` as a hint, or undefined when nothing is near. */
export function suggestion(name: string, candidates: Iterable<string>): string | undefined {
  const near = nearestName(name, candidates);
  return near === null ? undefined : `Did you mean "${near}"?`;
}
