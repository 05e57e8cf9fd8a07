// A configuration with mistakes of form, without what is mistaken: so that the rest of it can be judged too, and all problems
// are told at once.
import type { ErrorObject } from 'ajv';
import type { Diagnostic, Position } from '../../../lib/diagnostic.ts';
import { pathOf } from './explain.ts';
import { containerOf, schemaErrors } from './judge-schema.ts';
import { type Container, entryOf, isRecord, type Path, type Places } from './places.ts';
import type { ConfigTree } from './tree.ts';

/** More than anybody mends in one go. */
const maxRounds = 200;

export interface Pruned {
  /** The rest has the right form; false where nothing sensible is left. */
  readonly isJudged: boolean;
  /** Whether a problem of the rest may only be there because something was taken out. */
  readonly isConsequence: (problem: Diagnostic) => boolean;
}

/** Takes out of a tree, in place, what its schema does not allow. */
export function prune(tree: ConfigTree, found: readonly ErrorObject[]): Pruned {
  const { root, places } = tree;
  const robbed = new Set<string>();
  const lost = new Set<string>();
  let nameless = false;
  const drop = (path: Path): boolean => {
    const container = containerOf(root, path);
    const key = path.at(-1);
    if (!container || key === undefined) return false;
    robbed.add(idOf(places.where(root, path.slice(0, -1))));
    const entry = entryOf(container, key);
    if (Array.isArray(container)) {
      const name = isRecord(entry) ? entry['name'] : undefined;
      if (typeof name === 'string') lost.add(name);
      else nameless = true;
      removeItem(container, Number(key), places);
    } else Reflect.deleteProperty(container, key);
    return true;
  };
  let errors = found;
  for (let round = 0; round < maxRounds && errors.length > 0; round += 1) {
    if (!dropAll(errors, drop)) break;
    errors = schemaErrors(tree);
  }
  const isConsequence = ({ code, message, where }: Diagnostic): boolean => {
    if (where && robbed.has(idOf(where))) return true;
    if (code !== 'unknown-backend' && code !== 'unknown-server') return false;
    return nameless || [...lost].some((name) => message.includes(`\`${name}\``) || message.includes(`/${name}\``));
  };
  return { isJudged: errors.length === 0, isConsequence };
}

/** False if one of them is about the whole. Where a list gets shorter, paths of the others do not hold any more. */
function dropAll(errors: readonly ErrorObject[], drop: (path: Path) => boolean): boolean {
  for (const { keyword, instancePath, params } of errors) {
    if (keyword === 'anyOf') continue;
    const { additionalProperty, propertyName } = params as { additionalProperty?: string; propertyName?: string };
    const name = additionalProperty ?? propertyName;
    const path = name === undefined ? pathOf(instancePath) : [...pathOf(instancePath), name];
    if (!drop(path)) return false;
    if (typeof path.at(-1) === 'number') return true;
  }
  return true;
}

function removeItem(list: Container & unknown[], index: number, places: Places): void {
  for (let at = index; at < list.length - 1; at += 1) places.copy(list, at + 1, list, at);
  list.splice(index, 1);
}

function idOf({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`;
}
