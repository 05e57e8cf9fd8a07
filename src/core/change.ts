// The only diff of the program. In a desired state an omitted attribute is unmanaged and a null state is absence;
// the action is derived from the two states, never declared.
import { isUnknown, type Unknown } from './unknown.ts';

export type Action = 'no-op' | 'create' | 'update' | 'delete' | 'run';

/** `before` and `after` hold only the attributes that differ (all managed ones for create and delete). */
export interface Change<S> {
  readonly action: Action;
  readonly before: Partial<S> | null;
  readonly after: Partial<S> | null;
}

/** Compares the state that is with the state that is wanted. An attribute whose current value is unknown differs. */
export function difference<S extends object>(current: S | null, desired: Partial<S> | null): Change<S> {
  if (desired === null) {
    return current === null
      ? { action: 'no-op', before: null, after: null }
      : { action: 'delete', before: current, after: null };
  }
  if (current === null) {
    const after = withoutUndefined(desired);
    // Nothing is wanted of what is not there: a look, not a creation.
    if (keysOf(after).length === 0) return { action: 'no-op', before: null, after: null };
    return { action: 'create', before: null, after };
  }
  const before: Partial<S> = {};
  const after: Partial<S> = {};
  let differs = false;
  for (const key of keysOf(desired)) {
    const wanted = desired[key];
    if (wanted === undefined || sameValue(current[key], wanted)) continue;
    before[key] = current[key];
    after[key] = wanted;
    differs = true;
  }
  return differs ? { action: 'update', before, after } : { action: 'no-op', before: null, after: null };
}

/** The state that a change leads to. */
export function applied<S extends object>(current: S | null, change: Change<S>): S | null {
  if (change.action === 'no-op') return current;
  if (change.after === null) return null;
  // The wanted attributes laid over the current ones are the state that a resource predicts for itself.
  return { ...current, ...change.after } as S;
}

/** Structural equality of plain values; two unknowns are never equal. */
export function sameValue(left: unknown, right: unknown): boolean {
  if (isUnknown(left) || isUnknown(right)) return false;
  if (left === right || Object.is(left, right)) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const leftKeys = Object.keys(left);
  if (leftKeys.length !== Object.keys(right).length) return false;
  return leftKeys.every(
    (key) => Object.hasOwn(right, key) && sameValue(Reflect.get(left, key), Reflect.get(right, key)),
  );
}

export type { Unknown };

function keysOf<T extends object>(value: T): (keyof T)[] {
  return Object.keys(value) as (keyof T)[];
}

function withoutUndefined<S extends object>(state: Partial<S>): Partial<S> {
  return Object.fromEntries(Object.entries(state).filter(([, value]) => value !== undefined)) as Partial<S>;
}
