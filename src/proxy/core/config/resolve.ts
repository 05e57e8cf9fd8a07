// A checked document -> the model: durations in milliseconds, overrides applied, nothing left to interpret.
import { balanceWord } from './balance-names.ts';
import { parseBind } from './bind.ts';
import { durationMs } from './duration.ts';
import type { BackendConfig, CheckConfig, CookieConfig, ProxyConfig, ServerConfig } from './model.ts';
import type { ConfigDocument } from './read.ts';
import { resolveBalance, stickySessionCookie } from './resolve-balance.ts';
import { binds, resolveFrontend } from './resolve-frontend.ts';
import { resolveAcme, resolveBackendTls } from './resolve-tls.ts';

type BackendDocument = ConfigDocument['backends'][number];
type ServerDocument = BackendDocument['servers'][number];

/** The document must have passed the schema and checkDocument. */
export function resolveConfig(document: ConfigDocument): ProxyConfig {
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
    accessLog: document.log.access,
    stats: {
      sockets: binds(stats.socket),
      listen: stats.listen === undefined ? undefined : parseBind(stats.listen),
      uri: stats.uri,
      refreshMs: durationMs(stats.refresh),
    },
    acme: document.acme && resolveAcme(document.acme),
    expiryAlerts: { days: document.expiryAlerts.days, webhook: document.expiryAlerts.webhook },
    frontends: document.frontends.map(resolveFrontend),
    backends: document.backends.map((backend) => resolveBackend(backend, timeouts)),
  };
}

function backendTimeouts(from: ConfigDocument['timeouts']): BackendConfig['timeouts'] {
  return {
    connectMs: durationMs(from.connect),
    serverMs: durationMs(from.server),
    queueMs: durationMs(from.queue),
    tunnelMs: durationMs(from.tunnel),
    firstByteMs: durationMs(from.firstByte),
  };
}

function resolveBackend(backend: BackendDocument, timeouts: ConfigDocument['timeouts']): BackendConfig {
  const cookie = cookieOf(backend);
  return {
    name: backend.name,
    ...resolveBalance(backend),
    cookie,
    slowstartMs: durationMs(backend.slowstart),
    shutdownSessionsOnDown: backend.onMarkedDown === 'shutdown-sessions',
    breaker: backend.breaker && {
      errors: backend.breaker.errors,
      openMs: durationMs(backend.breaker.open),
      maxMs: durationMs(backend.breaker.max),
      maxEjectedPercent: backend.breaker.maxEjected,
    },
    retries: backend.retries,
    retryNonIdempotent: backend.retryNonIdempotent,
    retryBudgetPercent: backend.retryBudget,
    hostHeader: backend.hostHeader,
    sendProxy: backend.sendProxy,
    tls: backend.tls && resolveBackendTls(backend.tls),
    timeouts: backendTimeouts({ ...timeouts, ...backend.timeouts }),
    servers: backend.servers.map((server, index) => resolveServer(server, index + 1, backend)),
  };
}

function cookieOf({ balance, cookie }: BackendDocument): CookieConfig | undefined {
  if (cookie) {
    return {
      name: cookie.name,
      attributes: cookieAttributes(cookie, false),
      tlsAttributes: cookieAttributes(cookie, true),
    };
  }
  return balanceWord(balance)?.sticky === true ? stickySessionCookie : undefined;
}

/** HAProxy's order: HttpOnly, Secure, domain, further attributes. */
function cookieAttributes(cookie: NonNullable<BackendDocument['cookie']>, tls: boolean): CookieConfig['attributes'] {
  return [
    cookie.httponly && '; HttpOnly',
    (cookie.secure === 'auto' ? tls : cookie.secure) && '; Secure',
    cookie.domain !== undefined && `; domain=${cookie.domain}`,
    cookie.samesite !== undefined && `; SameSite=${cookie.samesite}`,
  ]
    .filter((part) => part !== false)
    .join('');
}

function resolveServer(server: ServerDocument, id: number, backend: BackendDocument): ServerConfig {
  return {
    id,
    name: server.name,
    address: server.address,
    port: server.port,
    serverName: serverNameOf(server, backend),
    weight: server.weight,
    cookie: server.cookie ?? server.name,
    backup: server.backup,
    disabled: server.disabled,
    maxconn: server.maxconn,
    minconn: server.minconn,
    maxqueue: server.maxqueue,
    check: resolveCheck(server, backend),
  };
}

/** An IP address cannot be asked for (RFC 6066, 3); certificates may have it all the same. */
function serverNameOf({ serverName, address }: ServerDocument, { tls }: BackendDocument): string {
  return serverName ?? tls?.serverName ?? (/^[0-9.]+$|:/.test(address) ? '' : address);
}

function resolveCheck(server: ServerDocument, backend: BackendDocument): CheckConfig | undefined {
  const { check, sendProxy } = backend;
  if (!check || server.check?.enabled === false) return undefined;
  const own = server.check;
  // Another port or address is another service.
  const same = own?.port === undefined && own?.address === undefined;
  return {
    type: check.type,
    method: check.method,
    path: own?.path ?? check.path,
    host: check.host ?? `${server.address.includes(':') ? `[${server.address}]` : server.address}:${server.port}`,
    address: own?.address ?? server.address,
    port: own?.port ?? server.port,
    headers: check.headers,
    send: check.send,
    body: check.body && { text: check.body.text ?? '', regex: check.body.regex, not: check.body.not },
    expect: check.expect.split(',').map((range) => {
      const [low = '', high = low] = range.split('-');
      return [Number(low), Number(high)] as const;
    }),
    interMs: durationMs(own?.inter ?? check.inter),
    fastinterMs: durationMs(check.fastinter),
    downinterMs: durationMs(check.downinter),
    fall: check.fall,
    rise: check.rise,
    timeoutMs: durationMs(own?.timeout ?? check.timeout),
    tls: backend.tls && (check.tls ?? same) ? { serverName: serverNameOf(server, backend) } : undefined,
    sendProxy: same ? sendProxy : 'off',
    init: check.init,
  };
}
