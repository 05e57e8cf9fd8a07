// Where each value of a configuration was written. Values move (files are merged, old keys become new ones); their places
// go with them, so that every problem is told where the user can mend it.
import type { Position } from '../../../lib/diagnostic.ts';

export type Path = readonly (string | number)[];

/** Of one entry of a mapping or list. */
export interface Place {
  readonly key: Position;
  readonly value: Position;
  /** Made from text (a variable, an override): numbers and booleans in it count as such. */
  readonly fromText?: boolean;
}

export class Places {
  readonly #entries = new WeakMap<object, Map<string, Place>>();
  readonly #root: Position;

  /** `root`: where what has no place of its own is said to be. */
  constructor(root: Position) {
    this.#root = root;
  }

  set(container: object, key: string | number, place: Place): void {
    const known = this.#entries.get(container);
    if (known) known.set(String(key), place);
    else this.#entries.set(container, new Map([[String(key), place]]));
  }

  get(container: object, key: string | number): Place | undefined {
    return this.#entries.get(container)?.get(String(key));
  }

  /** Says that an entry comes from where another one was. */
  copy(from: object, fromKey: string | number, to: object, toKey: string | number): void {
    const place = this.get(from, fromKey);
    if (place) this.set(to, toKey, place);
  }

  /** The place of the value at a path of `root`, or of a key in the mapping there; of the nearest parent that has one. */
  where(root: unknown, path: Path, key?: string): Position {
    let node = root;
    let found = this.#root;
    for (const part of path) {
      if (!isContainer(node)) return found;
      found = this.get(node, part)?.value ?? found;
      node = entryOf(node, part);
    }
    return (key !== undefined && isContainer(node) ? this.get(node, key)?.key : undefined) ?? found;
  }
}

export type Container = Record<string, unknown> | unknown[];

export function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return isContainer(value) && !Array.isArray(value);
}

export function entryOf(container: Container, key: string | number): unknown {
  return Array.isArray(container) ? container[Number(key)] : container[String(key)];
}

/** What lies at the end of a path, if it leads anywhere. */
export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((node, part) => (isContainer(node) ? entryOf(node, part) : undefined), root);
}

/** Puts a value where it was or where it is new; a name such as `__proto__` is a name like others. */
export function putEntry(container: Container, key: string | number, value: unknown): void {
  Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true });
}
