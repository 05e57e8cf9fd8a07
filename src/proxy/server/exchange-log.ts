// Counts a finished request in every row it belongs to, and gives what is known of it to the access log.
import { performance } from 'node:perf_hooks';
import type { Counters } from '../core/counters.ts';
import { http2Minor } from '../core/http/http2-head.ts';
import { fieldValue } from '../core/http/scan.ts';
import type { AccessRecord } from '../core/logging/access-record.ts';
import type { Incoming } from '../core/handling/incoming.ts';
import type { ResponseFacts } from '../core/handling/template.ts';
import type { AccessLog } from './access-log.ts';
import type { Client } from './client.ts';
import type { Exchange } from './exchange.ts';

/** `termination`: HAProxy's first two flags. `headAt`: when the response head came, 0 if it did not. */
export function recordExchange(exchange: Exchange, log: AccessLog, termination: string, headAt: number): void {
  const { client, backend, server, queueMs, connectMs } = exchange;
  // HAProxy's Tr begins when the connection is there.
  const waitedMs = Math.max(0, queueMs) + Math.max(0, connectMs);
  const responseMs = headAt === 0 ? -1 : Math.max(0, headAt - exchange.startedAt - waitedMs);
  const totalMs = performance.now() - client.headAt;
  count(client.from.frontend.counters, exchange, responseMs, totalMs);
  count(backend.counters, exchange, responseMs, totalMs);
  if (server) count(server.counters, exchange, responseMs, totalMs);
  const { compressed } = exchange.response;
  if (compressed) for (const row of [client.from.frontend.counters, backend.counters]) row.compressed(compressed);
  if (exchange.stick) {
    const { response, body } = exchange;
    const isError = response.status >= 400 && response.status < 500;
    exchange.stick.record([1, isError ? 1 : 0, body.bytesIn, response.bytesOut], performance.now());
  }
  exchange.handling.plugins?.done();
  client.from.frontend.counters.end();
  backend.counters.end();
  if (log.enabled) log.write(recordOf(exchange, log, termination, responseMs, totalMs));
}

function count(counters: Counters, exchange: Exchange, responseMs: number, totalMs: number): void {
  const { response, body } = exchange;
  if (response.status !== 0) counters.status(response.status);
  counters.bytesIn += body.bytesIn;
  counters.bytesOut += response.bytesOut;
  counters.times(exchange.queueMs, exchange.connectMs, responseMs, totalMs);
}

function recordOf(
  exchange: Exchange,
  log: AccessLog,
  termination: string,
  responseMs: number,
  totalMs: number,
): AccessRecord {
  const { client, backend, server, response, incoming, waiting } = exchange;
  const record = draftOf(client, incoming, log);
  record.backend = backend.config.name;
  if (server) {
    record.server = server.config.name;
    record.serverConnections = server.inFlight;
  }
  record.headMs = exchange.startedAt - client.headAt;
  record.queueMs = exchange.queueMs;
  record.connectMs = exchange.connectMs;
  record.responseMs = responseMs;
  record.totalMs = totalMs;
  client.from.idleFrom = client.headAt + totalMs;
  record.status = response.status === 0 ? -1 : response.status;
  record.bytes = response.bytesOut;
  record.bytesIn = exchange.body.bytesIn;
  record.termination = termination + cookieFlags(exchange);
  record.backendConnections = backend.counters.sessions;
  record.retries = exchange.plan.retries;
  record.attempt = exchange.attempts;
  record.redispatched = exchange.redispatched;
  record.serverQueue = waiting.behindServer;
  record.backendQueue = waiting.behindBackend;
  record.responseCaptures = log.captured('response', response.fields, incoming);
  record.extra = log.extra(client, incoming, exchange);
  return record;
}

/** What rules and texts may tell of a response. */
export function factsOf({ response, backend, server, attempts }: Exchange): ResponseFacts {
  return {
    status: response.status,
    backend: backend.config.name,
    server: server?.config.name ?? '',
    attempt: attempts,
  };
}

/** A request that was refused before it was one, or one that was none of this connection; `c` as its time was over. */
export function logRefusal(client: Client, log: AccessLog, status: number, incoming?: Incoming): void {
  logOwn(client, log, incoming, { status, bytes: 0, termination: status === 408 ? 'cR--' : 'PR--' });
}

/** A request that the proxy answered itself: HAProxy's `L` for local, or `P` for what it does not let in. */
export function logAnswer(client: Client, log: AccessLog, incoming: Incoming, status: number, bytes: number): void {
  const { counters } = client.from.frontend;
  const denied = status === 401 || status === 403 || status === 429;
  if (denied) counters.denied += 1;
  else counters.intercepted += 1;
  counters.begin();
  counters.end();
  counters.status(status);
  counters.bytesOut += bytes;
  logOwn(client, log, incoming, { status, bytes, termination: denied ? 'PR--' : 'LR--' });
}

function logOwn(
  client: Client,
  log: AccessLog,
  incoming: Incoming | undefined,
  { status, bytes, termination }: Pick<AccessRecord, 'status' | 'bytes' | 'termination'>,
): void {
  if (!log.enabled) return;
  const record = draftOf(client, incoming, log);
  record.totalMs = performance.now() - client.headAt;
  client.from.idleFrom = client.headAt + record.totalMs;
  if (incoming) record.headMs = record.totalMs;
  record.status = status;
  record.bytes = bytes;
  record.termination = termination;
  record.responseCaptures = log.captured('response', '', undefined);
  record.extra = log.extra(client, incoming, undefined);
  log.write(record);
}

/** HAProxy's third and fourth flag: what cookie the client brought, what was done about it. */
function cookieFlags(exchange: Exchange): string {
  const { config, cookie, server } = exchange;
  if (!config.cookie) return '--';
  if (cookie === undefined) return 'NI';
  if (server?.config.cookie === cookie) return 'VN';
  return config.servers.some((candidate) => candidate.cookie === cookie) ? 'DI' : 'II';
}

type Draft = { -readonly [Key in keyof AccessRecord]: AccessRecord[Key] };

/**
 * What is known of a request that no server has seen. One literal for all lines: to put records together from parts costs
 * more than to write the line.
 */
function draftOf(client: Client, incoming: Incoming | undefined, log: AccessLog): Draft {
  const { from } = client;
  const head = incoming?.head;
  const { handshakeMs } = from;
  // Of the first request only.
  from.handshakeMs = 0;
  const rich = head !== undefined && log.needsHeaders;
  return {
    mode: 'http',
    clientAddress: from.address,
    clientPort: from.port,
    atMs: client.requestAtMs,
    frontend: from.frontend.config.name,
    active: log.connections(),
    frontendConnections: from.frontend.connections.size,
    tls: from.tls,
    method: head?.method ?? '',
    target: head?.target ?? '',
    protocol: head?.minor === http2Minor ? 'HTTP/2.0' : `HTTP/1.${head?.minor ?? 1}`,
    host: head?.host ?? '',
    referer: rich ? (fieldValue(head.fields, 'referer') ?? '') : '',
    userAgent: rich ? (fieldValue(head.fields, 'user-agent') ?? '') : '',
    requestCaptures: log.captured('request', head, incoming),
    backend: from.frontend.config.name,
    server: '<NOSRV>',
    headMs: -1,
    handshakeMs,
    idleMs: Math.max(0, client.headAt - from.idleFrom),
    queueMs: -1,
    connectMs: -1,
    responseMs: -1,
    totalMs: -1,
    status: -1,
    bytes: 0,
    bytesIn: 0,
    termination: '',
    backendConnections: 0,
    serverConnections: 0,
    retries: 0,
    attempt: 0,
    redispatched: false,
    serverQueue: 0,
    backendQueue: 0,
    requestId: incoming?.requestId ?? '',
    responseCaptures: undefined,
    extra: undefined,
  };
}
