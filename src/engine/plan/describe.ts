// One decided change as a plan has it.
import type { Redactor } from '../../lib/redact.ts';
import type { DecidedChange } from '../options.ts';
import { canonical, type Fingerprinter } from './fingerprint.ts';
import { anything, type Fingerprints, type PlannedChange } from './model.ts';

export interface Describing {
  readonly fingerprints: Fingerprinter;
  /** Knows the secrets of the run: values that hold one are fingerprinted with more care, names without it. */
  readonly redactor: Redactor;
}

export function describeChange({ fingerprints, redactor }: Describing, decided: DecidedChange): PlannedChange {
  const { want, change, item } = decided;
  const key = want.resource.key(want.id);
  const secret = decided.hidden || want.secret === true;
  const isSecret = (value: unknown): boolean => {
    if (secret) return true;
    const text = canonical(value);
    return redactor.redact(text) !== text;
  };
  const passing = new Set<string>(want.resource.passing ?? []);
  const sides = (state: object | null): Fingerprints | null =>
    state &&
    Object.fromEntries(
      Object.entries(state)
        .filter(([, value]) => value !== undefined)
        .map(
          ([name, value]) => [name, passing.has(name) ? anything : fingerprints.of(value, isSecret(value))] as const,
        ),
    );
  const command = want.resource.kind === 'run';
  return {
    item,
    action: command ? 'run' : change.action,
    ...(command || decided.hidden ? {} : { resource: redactor.redact(key) }),
    id: fingerprints.of(key, isSecret(key)),
    before: sides(change.before),
    after: sides(change.after),
  };
}

/** Whether a state is what another one says: every attribute alike, or one of them unknown. */
export function alike(left: Fingerprints | null, right: Fingerprints | null): boolean {
  return within(left, right) && within(right, left);
}

/**
 * Whether two changes have the same states on both sides. Of what is to go, all is known that was looked at, which may be
 * more at one time than at another: there only what both know counts.
 */
export function sameStates(left: PlannedChange, right: PlannedChange): { before: boolean; after: boolean } {
  const shared = (one: Fingerprints | null, other: Fingerprints | null) =>
    one && Object.fromEntries(Object.entries(one).filter(([name]) => other?.[name] !== undefined));
  const going = left.action === 'delete' && right.action === 'delete';
  const before = going
    ? alike(shared(left.before, right.before), shared(right.before, left.before))
    : alike(left.before, right.before);
  return { before, after: alike(left.after, right.after) };
}

/** Whether nothing is said that the other does not say: some attributes may be as wanted already. */
export function within(part: Fingerprints | null, whole: Fingerprints | null): boolean {
  if (part === null || whole === null) return part === whole;
  return Object.entries(part).every(([name, value]) => sameMark(value, whole[name]));
}

function sameMark(left: string | undefined, right: string | undefined): boolean {
  return left === right || (left !== undefined && right !== undefined && (left === anything || right === anything));
}
