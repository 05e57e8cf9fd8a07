// Lines of the access log: HAProxy's httplog and tcplog, Apache's combined format with HAProxy's fields behind it, JSON.
import {
  captures,
  commonDate,
  connections,
  encoded,
  forUrl,
  frontendOf,
  localDate,
  milliseconds,
  requestLine,
  whole,
} from './access-fields.ts';
import type { AccessRecord } from './access-record.ts';
import { compileLogFormat, type LogFormat, type Writer } from './log-format.ts';

const formats = {
  // A TCP session has no HTTP fields, so httplog becomes tcplog for it, as in HAProxy.
  httplog: (record: AccessRecord): string => (record.mode === 'tcp' ? tcplog(record) : httplog(record)),
  clf,
  json,
} as const;

/** Names of formats; all else is a text of HAProxy's `log-format`. */
export const formatNames: readonly string[] = Object.keys(formats);

/** What writes one line without its end. A `log-format` is for HTTP; TCP sessions have tcplog beside it. */
export function formatterOf(format: string, writer: Writer): LogFormat {
  if (format === 'httplog' || format === 'clf' || format === 'json') return { format: formats[format], texts: [] };
  const { format: own, texts } = compileLogFormat(format, writer);
  return { format: (record) => (record.mode === 'tcp' ? tcplog(record) : own(record)), texts };
}

function httplog(record: AccessRecord): string {
  const { headMs, queueMs, connectMs, responseMs, totalMs } = record;
  const times = `${whole(headMs)}/${whole(queueMs)}/${whole(connectMs)}/${whole(responseMs)}/${whole(totalMs)}`;
  return (
    `${record.clientAddress}:${record.clientPort} [${localDate(record.atMs)}] ${frontendOf(record)} ` +
    `${record.backend}/${record.server} ${times} ${record.status} ${record.bytes} ${cookies(record)} ${record.termination} ` +
    `${connections(record)} ${record.serverQueue}/${record.backendQueue} ` +
    `${spaced(record.requestCaptures)}${spaced(record.responseCaptures)}"${requestLine(record)}"`
  );
}

function cookies({ extra }: AccessRecord): string {
  if (!extra) return '- -';
  return `${encoded(extra.requestCookie, forUrl) || '-'} ${encoded(extra.responseCookie, forUrl) || '-'}`;
}

function spaced(values: readonly string[] | undefined): string {
  return values ? `${captures(values)} ` : '';
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
    `${record.clientPort} ${milliseconds(record.atMs)} "${record.frontend}" "${record.backend}" ` +
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
    requestCookie: record.extra?.requestCookie === '' ? undefined : record.extra?.requestCookie,
    responseCookie: record.extra?.responseCookie === '' ? undefined : record.extra?.responseCookie,
  });
  // Header bytes above ASCII are not known to be UTF-8; as escapes the line is valid whatever they were.
  return text.replace(/[\x7f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
