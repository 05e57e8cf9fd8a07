// One line of the access log in HAProxy's httplog format.
import { http2Minor } from './http/http2-head.ts';

export interface LogRecord {
  readonly clientAddress: string;
  readonly clientPort: number;
  /** When the request began, in epoch milliseconds. */
  readonly atMs: number;
  readonly frontend: string;
  readonly backend: string;
  readonly server: string;
  /** Durations in milliseconds, -1 for what was not reached. */
  readonly headMs: number;
  readonly queueMs: number;
  readonly connectMs: number;
  readonly responseMs: number;
  readonly totalMs: number;
  readonly status: number;
  readonly bytes: number;
  /** HAProxy's four termination characters. */
  readonly termination: string;
  readonly active: number;
  readonly frontendConnections: number;
  readonly backendConnections: number;
  readonly serverConnections: number;
  readonly retries: number;
  readonly redispatched: boolean;
  /** How many were in front of it where it waited: for its server, for any. */
  readonly serverQueue: number;
  readonly queue: number;
  readonly method: string;
  readonly target: string;
  readonly minor: number;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export function formatLogLine(record: LogRecord): string {
  const { headMs, queueMs, connectMs, responseMs, totalMs } = record;
  const times = `${whole(headMs)}/${whole(queueMs)}/${whole(connectMs)}/${whole(responseMs)}/${whole(totalMs)}`;
  const connections = `${record.active}/${record.frontendConnections}/${record.backendConnections}/${record.serverConnections}`;
  const retries = `${record.redispatched ? '+' : ''}${record.retries}`;
  const request =
    record.method === ''
      ? '<BADREQ>'
      : `${record.method} ${escaped(record.target)} ${record.minor === http2Minor ? 'HTTP/2.0' : `HTTP/1.${record.minor}`}`;
  return (
    `${record.clientAddress}:${record.clientPort} [${dateOf(record.atMs)}] ${record.frontend} ` +
    `${record.backend}/${record.server} ${times} ${record.status} ${record.bytes} - - ${record.termination} ` +
    `${connections}/${retries} ${record.serverQueue}/${record.queue} "${request}"\n`
  );
}

function whole(ms: number): number {
  return ms < 0 ? -1 : Math.round(ms);
}

/** `21/Nov/2026:07:30:01.123`, in UTC. */
function dateOf(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${two(date.getUTCDate())}/${months[date.getUTCMonth()] ?? ''}/${date.getUTCFullYear()}`;
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  return `${day}:${time}.${String(date.getUTCMilliseconds()).padStart(3, '0')}`;
}

/** A target holds printable ASCII only (the parser sees to it); the quote is what could break the line. */
function escaped(text: string): string {
  return text.includes('"') ? text.replaceAll('"', '#22') : text;
}
