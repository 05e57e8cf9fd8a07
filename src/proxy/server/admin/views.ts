// Backends, servers, frontends and rules as the admin interface shows them.
import type { Conditions, RuleConfig } from '../../core/config/model.ts';
import { withoutSecrets } from '../../core/config/secrets.ts';
import type { Counters } from '../../core/counters.ts';
import type { ServerRecord } from '../../core/server-record.ts';
import type { ControlledProxy } from '../controlled-proxy.ts';

export interface ServerSeen {
  readonly name: string;
  readonly backend: string;
  readonly [key: string]: unknown;
}

export async function serverViews(proxy: ControlledProxy): Promise<ServerSeen[]> {
  const counters = await proxy.counters();
  return proxy.registry.records.map((record) => serverView(record, counters.get(`server:${record.key}`)));
}

function serverView(record: ServerRecord, counters: Counters | undefined): ServerSeen {
  const { config, backend, lastCheck } = record;
  return {
    name: config.name,
    backend: backend.name,
    address: config.address,
    port: config.port,
    status: record.describe(),
    state: record.admin,
    weight: record.weight,
    maxconn: record.maxconnNow,
    backup: config.backup,
    check: lastCheck && {
      code: lastCheck.code,
      status: lastCheck.status,
      durationMs: Math.round(lastCheck.durationMs * 10) / 10,
      detail: lastCheck.detail,
    },
    sinceSeconds: Math.floor((performance.now() - record.changedAtMs) / 1000),
    downtimeSeconds: Math.floor(record.downtimeMs(performance.now()) / 1000),
    sessions: counters?.sessions ?? 0,
    requests: counters?.sessionsTotal ?? 0,
    errors: (counters?.connectErrors ?? 0) + (counters?.responseErrors ?? 0),
  };
}

export async function backendViews(proxy: ControlledProxy): Promise<{ readonly name: string }[]> {
  const servers = await serverViews(proxy);
  const tables = proxy.sticks.tables.usage(performance.now());
  return proxy.config().backends.map(({ name, balance, stick }) => ({
    name,
    status: proxy.registry.records.some((record) => record.backend.name === name && isUsable(record)) ? 'UP' : 'DOWN',
    balance,
    stick: stick && tables.find((table) => table.name === stick.table.name),
    servers: servers.filter(({ backend }) => backend === name),
  }));
}

function isUsable(record: ServerRecord): boolean {
  return record.up && record.adminNow === 'ready' && !record.stopping;
}

export function healthView(proxy: ControlledProxy): object {
  const backends = proxy.config().backends.map(({ name }) => {
    const own = proxy.registry.records.filter((record) => record.backend.name === name);
    return { name, usable: own.filter(isUsable).length, servers: own.length };
  });
  const isDown = backends.some(({ usable }) => usable === 0);
  const isWhole = backends.every(({ usable, servers }) => usable === servers);
  return { status: isDown ? 'down' : isWhole ? 'ok' : 'degraded', backends };
}

export function serviceViews(proxy: ControlledProxy): object[] {
  return proxy.config().frontends.map(({ name, binds, rules, defaultBackend }) => ({
    name,
    binds: binds.map(({ id }) => id),
    status: binds.length > 0 ? 'OPEN' : 'STOP',
    backends: [...new Set([...rules.map(({ backend }) => backend), defaultBackend])].filter(
      (each) => each !== undefined,
    ),
  }));
}

/** Rules in the order in which they are tried; the default backend last. */
export function locationViews(proxy: ControlledProxy): object[] {
  return proxy.config().frontends.flatMap(({ name, rules, defaultBackend }) => [
    ...rules.map((rule) => ({
      service: name,
      ...conditionsOf(rule),
      ...groupsOf(rule),
      action: rule.redirect ? 'redirect' : rule.respond ? 'respond' : 'backend',
      backend: rule.backend,
    })),
    ...(defaultBackend === undefined ? [] : [{ service: name, action: 'backend', backend: defaultBackend }]),
  ]);
}

/** What must hold, as far as it is said at all. */
function conditionsOf(from: Conditions): object {
  const { host, sni, alpn, clientCertificate, clientName, path, pathPrefix, pathRegex, uriRegex, scheme } = from;
  const { tlsVersion, methods, source, headers, query, usable, usableBelow } = from;
  const single = { host, sni, alpn, clientCertificate, clientName, path, pathPrefix, pathRegex, uriRegex, scheme };
  const several = Object.entries({ tlsVersion, methods, source, headers, query, usable, usableBelow });
  const said = { ...single, ...Object.fromEntries(several.filter(([, value]) => Object.keys(value).length > 0)) };
  // Readers see it: a rule may ask for a token.
  return withoutSecrets(said) as object;
}

function groupsOf({ all, any, not }: RuleConfig): object {
  const groups = Object.entries({ all, any, not }).filter(([, list]) => list.length > 0);
  return Object.fromEntries(groups.map(([key, list]) => [key, list.map(conditionsOf)]));
}
