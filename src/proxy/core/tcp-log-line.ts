// One line of the access log for a connection in mode tcp, in HAProxy's tcplog format.
import { dateOf } from './log-line.ts';

export interface TcpLogRecord {
  readonly clientAddress: string;
  readonly clientPort: number;
  /** When it began, in epoch milliseconds. */
  readonly atMs: number;
  readonly frontend: string;
  readonly backend: string;
  readonly server: string;
  /** Durations in milliseconds, -1 for what was not reached. */
  readonly queueMs: number;
  readonly connectMs: number;
  readonly totalMs: number;
  readonly bytes: number;
  /** HAProxy's two termination characters. */
  readonly termination: string;
  readonly frontendConnections: number;
  readonly backendConnections: number;
  readonly serverConnections: number;
  readonly retries: number;
}

export function formatTcpLogLine(record: TcpLogRecord): string {
  const times = [record.queueMs, record.connectMs, record.totalMs]
    .map((ms) => (ms < 0 ? -1 : Math.round(ms)))
    .join('/');
  const { frontendConnections, backendConnections, serverConnections, retries } = record;
  return (
    `${record.clientAddress}:${record.clientPort} [${dateOf(record.atMs)}] ${record.frontend} ` +
    `${record.backend}/${record.server} ${times} ${record.bytes} ${record.termination} ` +
    `${frontendConnections}/${frontendConnections}/${backendConnections}/${serverConnections}/${retries} 0/0\n`
  );
}
