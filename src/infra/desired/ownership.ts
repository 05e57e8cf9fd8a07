// How things that veza-run made are told from those of others, which are never touched.

/** A label on what has labels. */
export const owner = { label: 'managed-by', value: 'veza-run' } as const;

export function ownedBy(labels: unknown): boolean {
  return typeof labels === 'object' && labels !== null && Reflect.get(labels, owner.label) === owner.value;
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
