// A computation whose mistakes may turn out to be none once more is known.
import { VezaError } from '../lib/errors.ts';

export type Attempt<T> =
  { readonly kind: 'value'; readonly value: T } | { readonly kind: 'error'; readonly error: VezaError };

/** The value, or the VezaError that came instead; other errors are thrown. */
export function attempt<T>(compute: () => T): Attempt<T> {
  try {
    return { kind: 'value', value: compute() };
  } catch (error) {
    if (error instanceof VezaError) return { kind: 'error', error };
    throw error;
  }
}
