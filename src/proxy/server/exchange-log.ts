// Counts a finished request in every row it belongs to, and writes its line of the access log.
import { performance } from 'node:perf_hooks';
import type { RequestHead } from '../core/http/request-head.ts';
import { formatLogLine, type LogRecord } from '../core/log-line.ts';
import type { AccessLog } from './access-log.ts';
import type { Client } from './client.ts';
import type { Exchange } from './exchange.ts';

/** `termination`: HAProxy's first two flags. `headAt`: when the response head came, 0 if it did not. */
export function recordExchange(exchange: Exchange, log: AccessLog, termination: string, headAt: number): void {
  const { client, backend, server, response, body, queueMs, connectMs } = exchange;
  const responseMs = headAt === 0 ? -1 : headAt - exchange.startedAt;
  const totalMs = performance.now() - client.headAt;
  for (const counters of [client.frontend.counters, backend.counters, server?.counters]) {
    if (!counters) continue;
    if (response.status !== 0) counters.status(response.status);
    counters.bytesIn += body.bytesIn;
    counters.bytesOut += response.bytesOut;
    counters.times(queueMs, connectMs, responseMs, totalMs);
  }
  client.frontend.counters.end();
  backend.counters.end();
  if (!log.enabled) return;
  const { head } = exchange;
  log.line(
    formatLogLine({
      ...origin(client),
      backend: backend.config.name,
      server: server?.config.name ?? '<NOSRV>',
      headMs: exchange.startedAt - client.headAt,
      queueMs,
      connectMs,
      responseMs,
      totalMs,
      status: response.status === 0 ? -1 : response.status,
      bytes: response.bytesOut,
      termination: `${termination}${cookieFlags(exchange)}`,
      backendConnections: backend.counters.sessions,
      serverConnections: server?.inFlight ?? 0,
      retries: exchange.plan.retries,
      redispatched: exchange.redispatched,
      serverQueue: exchange.waiting.behindServer,
      queue: exchange.waiting.behindBackend,
      method: head.method,
      target: head.target,
      minor: head.minor,
    }),
  );
}

/** A request that was refused before it was one. */
export function logRefusal(client: Client, log: AccessLog, status: number): void {
  logOwn(client, log, undefined, status, 'PR--');
}

/** A request that the proxy answered itself: HAProxy's `L` for local, or `P` for what it does not let in. */
export function logAnswer(client: Client, log: AccessLog, head: RequestHead, status: number): void {
  const { counters } = client.frontend;
  const denied = status === 401 || status === 403 || status === 429;
  if (denied) counters.denied += 1;
  else counters.intercepted += 1;
  counters.begin();
  counters.end();
  counters.status(status);
  logOwn(client, log, head, status, denied ? 'PR--' : 'LR--');
}

function logOwn(
  client: Client,
  log: AccessLog,
  head: RequestHead | undefined,
  status: number,
  termination: string,
): void {
  if (!log.enabled) return;
  log.line(
    formatLogLine({
      ...origin(client),
      backend: client.frontend.config.name,
      server: '<NOSRV>',
      headMs: head ? performance.now() - client.headAt : -1,
      queueMs: -1,
      connectMs: -1,
      responseMs: -1,
      totalMs: performance.now() - client.headAt,
      status,
      bytes: 0,
      termination,
      backendConnections: 0,
      serverConnections: 0,
      retries: 0,
      redispatched: false,
      serverQueue: 0,
      queue: 0,
      method: head?.method ?? '',
      target: head?.target ?? '',
      minor: head?.minor ?? 1,
    }),
  );
}

/** HAProxy's third and fourth flag: what cookie the client brought, what was done about it. */
function cookieFlags(exchange: Exchange): string {
  const { config, cookie, server } = exchange;
  if (!config.cookie) return '--';
  if (cookie === undefined) return 'NI';
  if (server?.config.cookie === cookie) return 'VN';
  return config.servers.some((candidate) => candidate.cookie === cookie) ? 'DI' : 'II';
}

type Origin = Pick<LogRecord, 'clientAddress' | 'clientPort' | 'atMs' | 'frontend' | 'active' | 'frontendConnections'>;

function origin(client: Client): Origin {
  const connections = client.frontend.connections.size;
  return {
    clientAddress: client.address,
    clientPort: client.port,
    atMs: client.requestAtMs,
    frontend: client.frontend.config.name,
    active: connections,
    frontendConnections: connections,
  };
}
