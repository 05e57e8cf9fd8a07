// The servers that a stick table is about.
import type { BackendConfig } from '../config/model.ts';

/** Names of servers by their ids; of backends that share a table the first counts. */
export function serversOfTable(backends: readonly BackendConfig[], table: string): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const { stick, servers } of backends) {
    if (stick?.table.name !== table) continue;
    for (const { id, name } of servers) if (!found.has(id)) found.set(id, name);
  }
  return found;
}
