// What `show stat` says of a running proxy, found by the names in its first line as HAProxy's readers do.
import type { RunningProxy } from './proxy.ts';

/** These columns of a row (`api,s1`, `web,FRONTEND`); empty texts while there is no such row. Throws if there is no such column. */
export async function statsOf(
  proxy: Pick<RunningProxy, 'command'>,
  row: string,
  ...names: readonly string[]
): Promise<readonly string[]> {
  const [head = '', ...rows] = (await proxy.command('show stat')).split('\n');
  const columns = head.replace(/^# /, '').split(',');
  const missing = names.filter((name) => head !== '' && !columns.includes(name));
  if (missing.length > 0) throw new Error(`show stat has no ${missing.join(', ')}`);
  const fields = rows.find((line) => line.startsWith(`${row},`))?.split(',') ?? [];
  return names.map((name) => fields[columns.indexOf(name)] ?? '');
}

/** The same as numbers; 0 where nothing is said. */
export async function countsOf(...asked: Parameters<typeof statsOf>): Promise<readonly number[]> {
  return (await statsOf(...asked)).map(Number);
}
