// Connections of clients as `show sess` lists them.
import type { ClientConnection } from './client-connection.ts';
import type { SessionFacts } from './ipc.ts';

/** No more are listed of a worker: the list is for people. */
const maxShown = 1000;

export function sessionsOf(connections: readonly ClientConnection[], worker: number, nowMs: number): SessionFacts[] {
  return connections.slice(0, maxShown).map((connection) => ({
    id: sessionId(connection, worker),
    source: `${connection.address}:${connection.port}`,
    frontend: connection.frontend.config.name,
    backend: connection.route?.backend,
    server: connection.route?.server,
    phase: connection.phase,
    ageMs: Math.round(nowMs - connection.openedAt),
  }));
}

/** `worker:address:port`. */
export function sessionId(connection: ClientConnection, worker: number): string {
  return `${worker}:${connection.address}:${connection.port}`;
}
