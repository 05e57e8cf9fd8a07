// Counts a finished request in every row it belongs to, and gives what is known of it to the access log.
import { performance } from 'node:perf_hooks';
import type { RequestHead } from '../core/http/request-head.ts';
import { http2Minor } from '../core/http/http2-head.ts';
import type { AccessRecord } from '../core/logging/access-record.ts';
import type { Incoming } from '../core/handling/incoming.ts';
import { type AccessLog, inLines } from './access-log.ts';
import type { Client } from './client.ts';
import type { Exchange } from './exchange.ts';

/** `termination`: HAProxy's first two flags. `headAt`: when the response head came, 0 if it did not. */
export function recordExchange(exchange: Exchange, log: AccessLog, termination: string, headAt: number): void {
  const { client, backend, server, response, body, queueMs, connectMs } = exchange;
  // HAProxy's Tr begins when the connection is there.
  const waitedMs = Math.max(0, queueMs) + Math.max(0, connectMs);
  const responseMs = headAt === 0 ? -1 : Math.max(0, headAt - exchange.startedAt - waitedMs);
  const totalMs = performance.now() - client.headAt;
  for (const counters of [client.frontend.counters, backend.counters, server?.counters]) {
    if (!counters) continue;
    if (response.status !== 0) counters.status(response.status);
    counters.bytesIn += body.bytesIn;
    counters.bytesOut += response.bytesOut;
    counters.times(queueMs, connectMs, responseMs, totalMs);
  }
  exchange.handling.plugins?.done();
  client.frontend.counters.end();
  backend.counters.end();
  if (!log.enabled) return;
  log.write({
    ...origin(client, log),
    ...requestFacts(exchange.head, log, exchange.incoming),
    backend: backend.config.name,
    server: server?.config.name ?? '<NOSRV>',
    headMs: exchange.startedAt - client.headAt,
    queueMs,
    connectMs,
    responseMs,
    totalMs,
    status: response.status === 0 ? -1 : response.status,
    bytes: response.bytesOut,
    bytesIn: body.bytesIn,
    termination: `${termination}${cookieFlags(exchange)}`,
    backendConnections: backend.counters.sessions,
    serverConnections: server?.inFlight ?? 0,
    retries: exchange.plan.retries,
    attempt: exchange.attempts,
    redispatched: exchange.redispatched,
    serverQueue: exchange.waiting.behindServer,
    backendQueue: exchange.waiting.behindBackend,
    requestId: exchange.incoming.requestId,
    responseCaptures: log.captured('response', inLines(response.fields), exchange.incoming),
    extra: log.extra(client, exchange.incoming, exchange),
  });
}

/** A request that was refused before it was one. */
export function logRefusal(client: Client, log: AccessLog, status: number): void {
  logOwn(client, log, undefined, { status, bytes: 0, termination: 'PR--' });
}

/** A request that the proxy answered itself: HAProxy's `L` for local, or `P` for what it does not let in. */
export function logAnswer(client: Client, log: AccessLog, incoming: Incoming, status: number, bytes: number): void {
  const { counters } = client.frontend;
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
  log.write({
    ...origin(client, log),
    ...requestFacts(incoming?.head, log, incoming),
    backend: client.frontend.config.name,
    server: '<NOSRV>',
    headMs: incoming ? performance.now() - client.headAt : -1,
    queueMs: -1,
    connectMs: -1,
    responseMs: -1,
    totalMs: performance.now() - client.headAt,
    status,
    bytes,
    bytesIn: 0,
    termination,
    backendConnections: 0,
    serverConnections: 0,
    retries: 0,
    attempt: 0,
    redispatched: false,
    serverQueue: 0,
    backendQueue: 0,
    requestId: incoming?.requestId ?? '',
    responseCaptures: log.captured('response', () => undefined),
    extra: log.extra(client, incoming, undefined),
  });
}

/** HAProxy's third and fourth flag: what cookie the client brought, what was done about it. */
function cookieFlags(exchange: Exchange): string {
  const { config, cookie, server } = exchange;
  if (!config.cookie) return '--';
  if (cookie === undefined) return 'NI';
  if (server?.config.cookie === cookie) return 'VN';
  return config.servers.some((candidate) => candidate.cookie === cookie) ? 'DI' : 'II';
}

type RequestFacts = Pick<
  AccessRecord,
  'method' | 'target' | 'protocol' | 'host' | 'referer' | 'userAgent' | 'requestCaptures'
>;

function requestFacts(head: RequestHead | undefined, log: AccessLog, incoming?: Incoming): RequestFacts {
  const value = (name: string): string | undefined => {
    if (!head) return undefined;
    // The parser keeps these apart from the other lines.
    if (name === 'host') return head.host;
    if (name === 'cookie') return head.cookie;
    if (name === 'x-forwarded-for') return head.forwardedFor;
    return inLines(head.fields)(name);
  };
  const rich = head !== undefined && log.needsHeaders;
  return {
    method: head?.method ?? '',
    target: head?.target ?? '',
    protocol: head?.minor === http2Minor ? 'HTTP/2.0' : `HTTP/1.${head?.minor ?? 1}`,
    host: head?.host ?? '',
    referer: rich ? (value('referer') ?? '') : '',
    userAgent: rich ? (value('user-agent') ?? '') : '',
    requestCaptures: log.captured('request', value, incoming),
  };
}

type Origin = Pick<
  AccessRecord,
  'mode' | 'clientAddress' | 'clientPort' | 'atMs' | 'frontend' | 'active' | 'frontendConnections' | 'tls'
>;

function origin(client: Client, log: AccessLog): Origin {
  return {
    mode: 'http',
    clientAddress: client.address,
    clientPort: client.port,
    atMs: client.requestAtMs,
    frontend: client.frontend.config.name,
    active: log.connections(),
    frontendConnections: client.frontend.connections.size,
    tls: client.tls,
  };
}
