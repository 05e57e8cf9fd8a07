// What hostile and random input is tried on, and how.
import { createScope } from '../../src/language/scope.ts';
import type { ValueMap } from '../../src/language/value.ts';
import { VezaError } from '../../src/lib/errors.ts';
import { values } from './support.ts';

/** Values of many shapes. */
export const data: ValueMap = { a: { b: 'x', list: [1, 2] }, n: 5, s: 'text', l: ['p', 'q'], long: 'a'.repeat(5000) };
export const scope = createScope([values(data)]);

/** Evaluates whatever it is; only VezaErrors may come out. */
export function attempt(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (error instanceof VezaError) return error;
    throw error;
  }
}
