// Everything in a worker that counts, by the name of its row in statistics.
import type { Counters } from '../core/counters.ts';
import type { AccessLog } from './access-log.ts';
import type { FrontendRuntime } from './frontend.ts';
import type { Report } from './ipc.ts';
import type { BackendRuntime } from './runtime.ts';

export type Rows = ReadonlyMap<string, Counters>;

/** `frontend:NAME`, `backend:NAME`, `server:BACKEND/NAME`. */
export function rowsOf(
  frontends: ReadonlyMap<string, FrontendRuntime>,
  backends: ReadonlyMap<string, BackendRuntime>,
): Rows {
  const rows = new Map<string, Counters>();
  for (const [name, { counters }] of frontends) rows.set(`frontend:${name}`, counters);
  for (const [name, backend] of backends) {
    rows.set(`backend:${name}`, backend.counters);
    for (const server of backend.servers) {
      server.counters.idle = server.idleCount;
      rows.set(`server:${server.key}`, server.counters);
    }
  }
  return rows;
}

/** What the master gets to add up. */
export function reportOf(rows: Rows, log: AccessLog): Report {
  // Lines are dropped by the process; one row has to tell it.
  const [first] = rows.values();
  if (first) first.logDropped = log.dropped;
  return Object.fromEntries([...rows].map(([name, counters]) => [name, counters.toArray()]));
}

/** The backend of a server's key. */
export function backendOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}
