// What still holds of infra.yaml where its schema has found mistakes: what broken values make of themselves would only
// confuse, but mistakes in sound ones beside them are told with them.
import type { SchemaProblem } from '../../lib/validate.ts';
import type { ReferenceProblem } from './references.ts';
import type { Path } from './server-references.ts';

interface Rests {
  /** So many steps above its own place: a list or a map, all of which counts. Its own value alone where left out. */
  readonly above?: number;
  /** Other places, all of which count. */
  readonly also?: readonly Path[];
  /** Places that must be there: what is misspelt could be one of them. */
  readonly needs?: readonly Path[];
}

const restsOf: Readonly<Record<string, Rests>> = {
  'unknown-host': { needs: [['hosts']] },
  'unknown-output': { needs: [['load_balancer']] },
  'not-for-this': { above: 1 },
  'duplicate-record': { above: 1 },
  'bad-record': { above: 2 },
  'unused-port': { also: [['load_balancer', 'listeners']] },
  'missing-certificate': { above: 1, also: [['load_balancer', 'ssl'], ['ssl']] },
  'missing-listener': { also: [['load_balancer', 'listeners']], needs: [['load_balancer']] },
  'ssh-closed': { also: [['firewalls'], ['hosts']] },
};

/** Whether a problem is one in its own right, whatever becomes of the mistakes that the schema found. */
export function stands({ diagnostic, path }: ReferenceProblem, mistakes: readonly SchemaProblem[]): boolean {
  const { above = 0, also = [], needs = [] } = restsOf[diagnostic.code] ?? {};
  const places = [path.slice(0, path.length - above), ...also];
  return !mistakes.some(
    (mistake) =>
      places.some((place) => touches(mistake, place)) ||
      [...also, ...needs].some((place) => mistake.kind === 'unknown' && isSame(mistake.path, place.slice(0, -1))),
  );
}

/** It is there or within, or what holds the place is no list and no map at all. */
function touches({ kind, path }: SchemaProblem, place: Path): boolean {
  return isWithin(path, place) || (kind === 'wrong' && isWithin(place, path));
}

function isSame(one: Path, other: Path): boolean {
  return one.length === other.length && isWithin(one, other);
}

function isWithin(path: Path, place: Path): boolean {
  return place.every((step, index) => String(step) === String(path[index]));
}
