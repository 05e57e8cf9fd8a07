// Connections of clients as `show sess` lists them.
import type { FrontendConnection } from './frontend-connection.ts';
import type { FromWorker, SessionFacts } from './ipc.ts';

/** No more are listed of a worker: the list is for people. */
const maxShown = 1000;

/** The answer of a worker to the question `id` of its master. */
export function sessionsOf(
  id: number,
  connections: readonly FrontendConnection[],
  worker: number,
  nowMs: number,
): FromWorker {
  const sessions: SessionFacts[] = connections.slice(0, maxShown).map((connection) => ({
    id: sessionId(connection, worker),
    source: `${connection.address}:${connection.port}`,
    frontend: connection.frontend.config.name,
    backend: connection.route?.backend,
    server: connection.route?.server,
    phase: connection.phase,
    ageMs: Math.round(nowMs - connection.openedAt),
  }));
  return { type: 'sessions', id, sessions };
}

export function endSession(connections: readonly FrontendConnection[], worker: number, session: string): void {
  for (const connection of connections) if (sessionId(connection, worker) === session) connection.destroy();
}

/** `worker:address:port`. */
function sessionId(connection: FrontendConnection, worker: number): string {
  return `${worker}:${connection.address}:${connection.port}`;
}
