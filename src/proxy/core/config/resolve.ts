// A checked document -> the model: durations in milliseconds, overrides applied, nothing left to interpret.
import { durationMs } from './duration.ts';
import type { BackendConfig, ProxyConfig, ServerConfig } from './model.ts';
import type { ConfigDocument } from './read.ts';
import { cookieWord, resolveBalance, resolveCookie } from './resolve-balance.ts';
import { trackedKey } from './check-servers.ts';
import { resolveCheck } from './resolve-check.ts';
import { resolveFrontend } from './resolve-frontend.ts';
import { resolveAdmin, resolveLog, resolveStats } from './resolve-control.ts';
import { resolvePeers } from './resolve-peers.ts';
import { resolveStick } from './resolve-stick.ts';
import { protocolOf, resolveAcme, resolveAlerts, resolveBackendTls } from './resolve-tls.ts';
import { serverNameOf } from './server-name.ts';
import type { Environment } from './variables.ts';

type BackendDocument = ConfigDocument['backends'][number];
type ServerDocument = BackendDocument['servers'][number];

/** The document must have passed the schema and checkDocument. */
export function resolveConfig(document: ConfigDocument, environment: Environment): ProxyConfig {
  const { timeouts, stats } = document;
  return {
    workers: document.workers,
    graceMs: durationMs(document.grace),
    timeouts: {
      ...backendTimeouts(timeouts),
      clientMs: durationMs(timeouts.client),
      httpRequestMs: durationMs(timeouts.httpRequest),
      keepAliveMs: durationMs(timeouts.keepAlive),
    },
    limits: document.limits,
    dns: resolveDns(document.dns),
    log: resolveLog(document.log, document.frontends),
    stats: resolveStats(stats),
    admin: resolveAdmin(document.admin),
    acme: document.acme && resolveAcme(document.acme),
    expiryAlerts: resolveAlerts(document.expiryAlerts),
    peers: resolvePeers(document.peers, environment),
    frontends: document.frontends.map(resolveFrontend),
    backends: document.backends.map((backend) => resolveBackend(backend, timeouts)),
  };
}

function resolveDns(from: ConfigDocument['dns']): ProxyConfig['dns'] {
  const { servers, prefer, tries } = from;
  return {
    servers,
    prefer,
    tries,
    timeoutMs: durationMs(from.timeout),
    minTtlMs: durationMs(from.minTtl),
    maxTtlMs: durationMs(from.maxTtl),
    holdMs: durationMs(from.hold),
  };
}

function backendTimeouts(from: ConfigDocument['timeouts']): BackendConfig['timeouts'] {
  return {
    connectMs: durationMs(from.connect),
    serverMs: durationMs(from.server),
    queueMs: durationMs(from.queue ?? from.connect),
    tunnelMs: durationMs(from.tunnel),
    firstByteMs: durationMs(from.firstByte),
  };
}

function resolveBackend(backend: BackendDocument, timeouts: ConfigDocument['timeouts']): BackendConfig {
  return {
    name: backend.name,
    ...resolveBalance(backend),
    cookie: resolveCookie(backend),
    stick: resolveStick(backend),
    slowstartMs: durationMs(backend.slowstart),
    shutdownBackupSessionsOnUp: backend.onMarkedUp === 'shutdown-backup-sessions',
    shutdownSessionsOnDown: backend.onMarkedDown === 'shutdown-sessions',
    breaker: backend.breaker && {
      errors: backend.breaker.errors,
      openMs: durationMs(backend.breaker.open),
      trials: backend.breaker.trials,
      maxMs: durationMs(backend.breaker.max),
      maxEjectedPercent: backend.breaker.maxEjected,
      outlier: backend.breaker.outlier && {
        intervalMs: durationMs(backend.breaker.outlier.interval),
        requests: backend.breaker.outlier.requests,
        failurePercent: backend.breaker.outlier.failures,
        latency: backend.breaker.outlier.latency,
        latencyMinMs: durationMs(backend.breaker.outlier.latencyMin),
      },
    },
    retries: backend.retries,
    retryForMs: durationMs(backend.retryFor),
    abortOnClose: backend.abortOnClose,
    retryOn: backend.retryOn,
    attemptHeader: backend.attemptHeader,
    retryNonIdempotent: backend.retryNonIdempotent,
    retryBudgetPercent: backend.retryBudget,
    hostHeader: backend.hostHeader,
    sendProxy: backend.sendProxy,
    tls: backend.tls && resolveBackendTls(backend.tls),
    timeouts: backendTimeouts({ ...timeouts, ...backend.timeouts }),
    servers: backend.servers.map((server, index) => resolveServer(server, index + 1, backend)),
  };
}

function resolveServer(server: ServerDocument, id: number, backend: BackendDocument): ServerConfig {
  return {
    id,
    name: server.name,
    address: server.address,
    port: server.port ?? 0,
    initAddr: server.initAddr ?? '',
    serverName: serverNameOf(server, backend.tls),
    weight: server.weight,
    cookie: cookieWord(backend, server),
    backup: server.backup,
    disabled: server.disabled,
    maxconn: server.maxconn,
    minconn: server.minconn,
    maxqueue: server.maxqueue,
    protocol: protocolOf(server.http2 ?? backend.http2, backend),
    check: server.track === undefined ? resolveCheck(server, backend) : undefined,
    track: server.track === undefined ? '' : trackedKey(server.track, backend.name),
  };
}
