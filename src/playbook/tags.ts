// Which tasks `--tags` and `--skip-tags` leave in a run.

/**
 * Whether a task with these tags runs. `only` empty means all. The words `all`, `tagged`, `untagged` select by whether there are
 * tags; a task tagged `always` runs unless skipped by name, one tagged `never` only when one of its tags is named.
 */
export function selectedByTags(tags: readonly string[], only: readonly string[], skip: readonly string[]): boolean {
  const own = tags.length === 0 ? ['untagged'] : tags;
  return isWanted(own, only.length === 0 ? ['all'] : only) && !isSkipped(own, skip);
}

function isWanted(own: readonly string[], only: readonly string[]): boolean {
  if (own.includes('always') || own.some((tag) => only.includes(tag))) return true;
  if (own.includes('never')) return false;
  return only.includes('all') || (only.includes('tagged') && !own.includes('untagged'));
}

function isSkipped(own: readonly string[], skip: readonly string[]): boolean {
  if (own.some((tag) => skip.includes(tag))) return true;
  if (skip.includes('all')) return !own.includes('always');
  return skip.includes('tagged') && !own.includes('untagged');
}
