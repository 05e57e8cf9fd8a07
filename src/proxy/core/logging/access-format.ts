// Lines of the access log: HAProxy's httplog and tcplog, Apache's combined format with HAProxy's fields behind it, JSON.
import type { AccessFormat, AccessRecord } from './access-record.ts';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** One line without its end. A TCP session has no HTTP fields, so httplog becomes tcplog for it, as in HAProxy. */
export function formatAccess(record: AccessRecord, format: AccessFormat): string {
  switch (format) {
    case 'httplog':
      return record.mode === 'tcp' ? tcplog(record) : httplog(record);
    case 'clf':
      return clf(record);
    case 'json':
      return json(record);
    default:
      return format satisfies never;
  }
}

function httplog(record: AccessRecord): string {
  const { headMs, queueMs, connectMs, responseMs, totalMs } = record;
  const times = `${whole(headMs)}/${whole(queueMs)}/${whole(connectMs)}/${whole(responseMs)}/${whole(totalMs)}`;
  return (
    `${record.clientAddress}:${record.clientPort} [${localDate(record.atMs)}] ${record.frontend} ` +
    `${record.backend}/${record.server} ${times} ${record.status} ${record.bytes} - - ${record.termination} ` +
    `${connections(record)} ${record.serverQueue}/${record.backendQueue} ` +
    `${captures(record.requestCaptures)}${captures(record.responseCaptures)}"${requestLine(record)}"`
  );
}

function tcplog(record: AccessRecord): string {
  return (
    `${record.clientAddress}:${record.clientPort} [${localDate(record.atMs)}] ${record.frontend} ` +
    `${record.backend}/${record.server} ${whole(record.queueMs)}/${whole(record.connectMs)}/${whole(record.totalMs)} ` +
    `${record.bytes} ${record.termination.slice(0, 2)} ${connections(record)} ${record.serverQueue}/${record.backendQueue}`
  );
}

function clf(record: AccessRecord): string {
  const { headMs, queueMs, connectMs, responseMs, totalMs, active, frontendConnections } = record;
  const request = record.mode === 'tcp' ? 'TCP' : requestLine(record);
  const times = [headMs, queueMs, connectMs, responseMs, totalMs].map(whole).join(' ');
  return (
    `${record.clientAddress} - - [${commonDate(record.atMs)}] "${request}" ${record.status < 0 ? '-' : record.status} ` +
    `${record.bytes} "${encoded(record.referer, forUrl)}" "${encoded(record.userAgent, forUrl)}" ` +
    `${record.clientPort} ${String(Math.floor(record.atMs) % 1000).padStart(3, '0')} "${record.frontend}" "${record.backend}" ` +
    `"${record.server}" ${times} "${record.termination}" ${active} ${frontendConnections} ${record.backendConnections} ` +
    `${record.serverConnections} ${record.retries} ${record.serverQueue} ${record.backendQueue}`
  );
}

function json(record: AccessRecord): string {
  const { headMs, queueMs, connectMs, responseMs, totalMs } = record;
  const http = record.mode === 'tcp' || record.method === '' ? undefined : record;
  const text = JSON.stringify({
    time: new Date(record.atMs).toISOString(),
    mode: record.mode,
    client: record.clientAddress,
    clientPort: record.clientPort,
    frontend: record.frontend,
    backend: record.backend,
    server: record.server,
    method: http?.method,
    target: http?.target,
    protocol: http?.protocol,
    host: http?.host,
    referer: http?.referer === '' ? undefined : http?.referer,
    userAgent: http?.userAgent === '' ? undefined : http?.userAgent,
    requestId: record.requestId === '' ? undefined : record.requestId,
    status: record.mode === 'tcp' ? undefined : record.status,
    bytesIn: record.bytesIn,
    bytesOut: record.bytes,
    times: {
      request: whole(headMs),
      queue: whole(queueMs),
      connect: whole(connectMs),
      response: whole(responseMs),
      total: whole(totalMs),
    },
    termination: record.termination,
    connections: {
      process: record.active,
      frontend: record.frontendConnections,
      backend: record.backendConnections,
      server: record.serverConnections,
    },
    retries: record.retries,
    attempt: record.attempt,
    redispatched: record.redispatched,
    queue: { server: record.serverQueue, backend: record.backendQueue },
    requestHeaders: record.requestCaptures,
    responseHeaders: record.responseCaptures,
  });
  // Header bytes above ASCII are not known to be UTF-8; as escapes the line is valid whatever they were.
  return text.replace(/[\x7f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function connections(record: AccessRecord): string {
  const retries = `${record.redispatched ? '+' : ''}${record.retries}`;
  return `${record.active}/${record.frontendConnections}/${record.backendConnections}/${record.serverConnections}/${retries}`;
}

function requestLine(record: AccessRecord): string {
  if (record.method === '') return '<BADREQ>';
  return `${record.method} ${encoded(record.target, forUrl)} ${record.protocol}`;
}

function captures(values: readonly string[] | undefined): string {
  return values ? `{${values.map((value) => encoded(value, forHeader)).join('|')}} ` : '';
}

/** What could break a line or be taken for a separator is `#` and two hexadecimal digits, as in HAProxy. */
const forUrl = /[^\x20-\x7e]|["#]/g;
const forHeader = /[^\x20-\x7e]|["#{|}]/g;

function encoded(text: string, dangerous: RegExp): string {
  return text.replace(
    dangerous,
    (char) => `#${(char.charCodeAt(0) & 0xff).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

function whole(ms: number): number {
  return ms < 0 ? -1 : Math.round(ms);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** The second that was written last: most lines share it with the line before. */
let second = { at: -1, text: '' };

/** `21/Nov/2026:07:30:01.123` in local time, as HAProxy writes it. */
function localDate(ms: number): string {
  const at = Math.floor(ms / 1000);
  if (second.at !== at) {
    const date = new Date(at * 1000);
    const day = `${two(date.getDate())}/${months[date.getMonth()] ?? ''}/${date.getFullYear()}`;
    second = { at, text: `${day}:${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}` };
  }
  return `${second.text}.${String(Math.floor(ms) % 1000).padStart(3, '0')}`;
}

/** `21/Nov/2026:07:30:01 +0000`, in UTC. */
function commonDate(ms: number): string {
  const date = new Date(ms);
  const day = `${two(date.getUTCDate())}/${months[date.getUTCMonth()] ?? ''}/${date.getUTCFullYear()}`;
  return `${day}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}

/** `Nov  1 07:30:01`, as RFC 3164 has it. */
export function syslogDate(ms: number): string {
  const date = new Date(ms);
  const day = String(date.getDate()).padStart(2, ' ');
  return `${months[date.getMonth()] ?? ''} ${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
