// Counts a finished connection of mode tcp in every row that it belongs to, and gives what is known of it to the access log.
import type { AccessLog } from './access-log.ts';
import type { FrontendRuntime } from './frontend.ts';
import type { BackendRuntime, ServerRuntime } from './runtime.ts';

/** What is known of a connection at its end. Times that were not reached are -1. */
export interface TcpFacts {
  readonly address: string;
  readonly port: number;
  readonly frontend: FrontendRuntime;
  /** Undefined: it was closed before that was decided. */
  readonly backend: BackendRuntime | undefined;
  readonly server: ServerRuntime | undefined;
  readonly epochMs: number;
  readonly queueMs: number;
  readonly connectMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Connections to servers that did not come about. */
  readonly failures: number;
  /** The name that it asked for, if that was looked at. */
  readonly sni: string;
}

/** `termination`: HAProxy's two flags. */
export function recordTcp(facts: TcpFacts, totalMs: number, termination: string, log: AccessLog): void {
  const { frontend, backend, server, queueMs, connectMs, bytesIn, bytesOut } = facts;
  for (const counters of [frontend.counters, backend?.counters, server?.counters]) {
    if (!counters) continue;
    counters.bytesIn += bytesIn;
    counters.bytesOut += bytesOut;
    counters.times(queueMs, connectMs, -1, totalMs);
    if (termination.startsWith('C')) counters.clientAborts += 1;
    if (/^[SD]/.test(termination)) counters.serverAborts += 1;
  }
  frontend.counters.end();
  backend?.counters.end();
  if (!log.enabled) return;
  log.write({
    mode: 'tcp',
    clientAddress: facts.address,
    clientPort: facts.port,
    atMs: facts.epochMs,
    frontend: frontend.config.name,
    backend: backend?.config.name ?? frontend.config.name,
    server: server?.config.name ?? '<NOSRV>',
    queueMs,
    connectMs,
    totalMs,
    bytes: bytesOut,
    termination,
    frontendConnections: frontend.connections.size,
    backendConnections: backend?.counters.sessions ?? 0,
    serverConnections: server?.inFlight ?? 0,
    retries: facts.failures,
    attempt: facts.failures + 1,
    headMs: -1,
    handshakeMs: 0,
    idleMs: 0,
    responseMs: -1,
    status: -1,
    bytesIn,
    active: log.connections(),
    redispatched: false,
    serverQueue: 0,
    backendQueue: 0,
    method: '',
    target: '',
    protocol: '',
    host: facts.sni,
    requestId: '',
    referer: '',
    userAgent: '',
    tls: undefined,
    extra: undefined,
    requestCaptures: undefined,
    responseCaptures: undefined,
  });
}
