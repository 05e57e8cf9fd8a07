// The converted configuration as it grows: values, and for each the place that it comes from.
import { type Container, Places, putEntry } from '../config/places.ts';
import type { Spot } from './report.ts';

export class Draft {
  readonly root: Record<string, unknown> = {};
  readonly places: Places;

  constructor(file: string) {
    this.places = new Places({ file, line: 1, column: 1 });
  }

  /** Sets an entry; entries below it that have no place of their own are said to be there as well. */
  put(container: Container, key: string | number, value: unknown, spot: Spot): void {
    putEntry(container, key, value);
    this.places.set(container, key, { key: spot.where, value: spot.where });
  }

  push(list: unknown[], value: unknown, spot: Spot): void {
    this.put(list, list.length, value, spot);
  }

  /** The mapping at a key, made where it is not there yet. */
  record(container: Record<string, unknown>, key: string, spot: Spot): Record<string, unknown> {
    const known = container[key];
    if (known !== undefined) return known as Record<string, unknown>;
    const made: Record<string, unknown> = {};
    this.put(container, key, made, spot);
    return made;
  }
}
