// How things that veza-run made are told from those of others, which are never touched.
import { VezaError } from '../../lib/errors.ts';

/** A label on what has labels. */
export const owner = { label: 'managed-by', value: 'veza-run' } as const;

export function ownedBy(labels: unknown): boolean {
  return typeof labels === 'object' && labels !== null && Reflect.get(labels, owner.label) === owner.value;
}

export type Labels = Readonly<Record<string, string>>;

/**
 * Labels as they were asked for, and no others but our mark, which is given to what is made and stays where it is.
 * Undefined, where none were asked for and the thing is there: they are not managed. `there` is null where it is not.
 */
export function exactLabels(there: Labels | null, asked: Labels | undefined): Labels | undefined {
  if (there && asked === undefined) return undefined;
  return { ...asked, ...((there === null || ownedBy(there)) && { [owner.label]: owner.value }) };
}

/** What others made is not removed by the way. Throws VezaError `foreign-resource`; labels are null where nothing is there. */
export function refuseForeignRemoval(what: string, labels: unknown): void {
  if (labels === null || ownedBy(labels)) return;
  throw new VezaError('foreign-resource', `${what} was not made by veza-run, and is not removed`, {
    hint: `Say \`force: true\` to remove it all the same, or give it the label ${owner.label}=${owner.value}.`,
  });
}

/** A TXT record beside a record set says that the set is ours: `_veza-run.www` with `heritage=veza-run type=A`. */
export function markerOf(host: string, type: string): { readonly host: string; readonly value: string } {
  const below = host.replaceAll('*', '_wildcard');
  return { host: below === '' ? '_veza-run' : `_veza-run.${below}`, value: `heritage=veza-run type=${type}` };
}

/** Whether a host is one of markers. */
export function isMarkerHost(host: string): boolean {
  return host === '_veza-run' || host.startsWith('_veza-run.');
}
