// Frontends and rules of a checked document -> the model: what a frontend says is merged into its rules.
import { parseBind } from './bind.ts';
import { durationMs } from './duration.ts';
import type { Bind, Conditions, FrontendConfig, HandlingConfig, RuleConfig } from './model.ts';
import type { ErrorPages } from '../handling/error-page.ts';
import type { PluginConfig } from '../handling/plugins.ts';
import type { ConfigDocument } from './read.ts';
import { resolveFrontendTls } from './resolve-tls.ts';

type FrontendDocument = ConfigDocument['frontends'][number];
export type RuleDocument = FrontendDocument['rules'][number];
type PluginDocument = NonNullable<RuleDocument['plugins']>[number];
export type ConditionsDocument = RuleDocument['all'][number];
/** The keys that frontends and rules share. */
export type HandlingDocument = Pick<
  RuleDocument,
  | 'allow'
  | 'deny'
  | 'rateLimit'
  | 'maintenance'
  | 'basicAuth'
  | 'jwt'
  | 'requestId'
  | 'plugins'
  | 'errors'
  | 'cors'
  | 'securityHeaders'
  | 'compression'
  | 'rewrite'
  | 'requestHeaders'
  | 'responseHeaders'
>;

export function binds(texts: readonly string[]): Bind[] {
  return texts.map(parseBind).filter((bind) => bind !== undefined);
}

export function resolveFrontend(frontend: FrontendDocument): FrontendConfig {
  const own = resolveHandling(frontend, frontend.name);
  return {
    name: frontend.name,
    mode: frontend.mode,
    binds: binds([...frontend.bind, ...(frontend.tls?.bind ?? [])]),
    tls: frontend.tls && resolveFrontendTls(frontend.tls),
    http2: frontend.http2,
    rules: frontend.rules.map((rule, index) => resolveRule(rule, `${frontend.name}#${index}`, own)),
    ruleOrder: frontend.ruleOrder,
    defaultBackend: frontend.defaultBackend,
    inspectDelayMs: durationMs(frontend.inspectDelay),
    forwardFor: frontend.forwardFor,
    forward: frontend.forward,
    trustedProxies: frontend.trustedProxies,
    maxconn: frontend.maxconn,
    maxconnPerClient: frontend.maxconnPerClient,
    acceptProxy: frontend.acceptProxy,
    allowConnect: frontend.allowConnect,
    handling: own,
  };
}

function resolveRule(rule: RuleDocument, id: string, inherited: HandlingConfig): RuleConfig {
  const { backend, server, forcePersist, redirect, respond, priority } = rule;
  const own = resolveHandling(rule, id);
  return {
    ...conditionsOf(rule),
    all: rule.all.map(conditionsOf),
    any: rule.any.map(conditionsOf),
    not: rule.not.map(conditionsOf),
    backend,
    reject: rule.reject === true,
    server,
    forcePersist,
    redirect: redirect && {
      ...redirect,
      location: redirect.location,
      prefix: redirect.prefix,
      scheme: redirect.scheme,
      host: redirect.host,
      port: redirect.port,
    },
    respond,
    priority,
    handling: rule.inherit ? merged(inherited, own) : own,
  };
}

function conditionsOf(from: ConditionsDocument): Conditions {
  const { alpn, tlsVersion, clientCertificate, clientName, path, pathPrefix, pathRegex, uriRegex } = from;
  const { scheme, methods, source, headers, query } = from;
  const { usable, usableBelow } = from;
  const [host, sni] = [from.host?.toLowerCase(), from.sni?.toLowerCase()];
  const client = { alpn, tlsVersion, clientCertificate, clientName };
  const paths = { path, pathPrefix, pathRegex, uriRegex };
  const pools = { usable, usableBelow };
  return { host, sni, ...client, ...paths, scheme, methods, source, headers, query, ...pools };
}

/** A rule's own part replaces the frontend's part of the same kind. */
function merged(inherited: HandlingConfig, own: HandlingConfig): HandlingConfig {
  const set = Object.entries(own).filter(([, part]) => part !== undefined);
  return { ...inherited, ...(Object.fromEntries(set) as Partial<HandlingConfig>) };
}

/** `id`: names the limit, so that workers mean the same one. */
function resolveHandling(from: HandlingDocument, id: string): HandlingConfig {
  const { allow, deny, rateLimit, maintenance, jwt, cors, securityHeaders, rewrite } = from;
  return {
    access: allow || deny ? { allow: allow ?? [], deny: deny ?? [] } : undefined,
    rateLimit: rateLimit && {
      id,
      requests: rateLimit.requests,
      perMs: durationMs(rateLimit.per),
      burst: rateLimit.burst ?? rateLimit.requests,
      key: rateLimit.key.toLowerCase(),
    },
    maintenance: maintenance && {
      status: maintenance.status,
      body: maintenance.body,
      contentType: maintenance.contentType,
      retryAfterSeconds: seconds(maintenance.retryAfter),
      allow: maintenance.allow,
    },
    basicAuth: from.basicAuth,
    jwt: jwt && {
      algorithm: jwt.algorithm,
      key: jwt.key ?? '',
      issuer: jwt.issuer,
      audience: jwt.audience,
      leewaySeconds: seconds(jwt.leeway),
      forward: jwt.forward,
    },
    requestId: from.requestId,
    plugins: from.plugins?.map(resolvePlugin),
    errors: from.errors && errorPages(from.errors),
    cors: cors && { ...cors, maxAgeSeconds: seconds(cors.maxAge) },
    securityHeaders: securityHeaders && {
      frameOptions: securityHeaders.frameOptions,
      contentTypeOptions: securityHeaders.contentTypeOptions,
      referrerPolicy: securityHeaders.referrerPolicy,
      contentSecurityPolicy: securityHeaders.contentSecurityPolicy,
      permissionsPolicy: securityHeaders.permissionsPolicy,
      hsts: {
        maxAgeSeconds: seconds(securityHeaders.hsts.maxAge),
        includeSubdomains: securityHeaders.hsts.includeSubdomains,
        preload: securityHeaders.hsts.preload,
      },
    },
    compression: from.compression,
    rewrite: rewrite && {
      stripPrefix: rewrite.stripPrefix,
      replacePrefix: rewrite.replacePrefix,
      regex: rewrite.regex,
      addPrefix: rewrite.addPrefix,
      pathAndQuery: rewrite.pathAndQuery,
      query: rewrite.query,
      location: rewrite.location,
      terraster:
        rewrite.mode === undefined
          ? undefined
          : { prefix: rewrite.prefix, to: rewrite.to, serverPath: rewrite.serverPath },
    },
    requestHeaders: from.requestHeaders,
    responseHeaders: from.responseHeaders,
  };
}

function resolvePlugin({ module, name, priority, timeout, options }: PluginDocument): PluginConfig {
  return { module, name: name ?? pluginName(module), priority, timeoutMs: durationMs(timeout), options };
}

/** Files that nobody read are left out: who only compares configurations needs no pages. */
function errorPages(errors: NonNullable<HandlingDocument['errors']>): ErrorPages {
  const pages = Object.entries(errors).flatMap(([status, page]) =>
    typeof page === 'string' ? [] : [[status, { status: page.status, fields: page.fields, body: page.body }] as const],
  );
  return Object.fromEntries(pages);
}

/** Without a name of its own: that of its file. */
function pluginName(module: string): string {
  const file =
    module
      .replace(/\?v=[^?]*$/, '')
      .split('/')
      .at(-1) ?? module;
  return file.replace(/\.[^.]*$/, '');
}

function seconds(duration: string): number {
  return Math.ceil(durationMs(duration) / 1000);
}
