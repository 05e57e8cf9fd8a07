// Numbers of things in paths of calls: in a dry run, of things that are not there yet.

/** The `id` of a state; a word in braces where it is not known yet, which no request is ever made with. */
export function idOf(state: { readonly id?: unknown } | null): string {
  return typeof state?.id === 'number' ? String(state.id) : '{id}';
}
