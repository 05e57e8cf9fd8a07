// The configuration as the program uses it: checked, defaults filled in, durations in milliseconds, all plain data
// (it travels to the workers as JSON). An immutable snapshot: a reload makes a new one.

import type { AccessConfig } from '../handling/access.ts';
import type { BasicAuthConfig } from '../handling/basic-auth.ts';
import type { CompressionConfig } from '../handling/compression.ts';
import type { CorsConfig } from '../handling/cors.ts';
import type { ErrorPages } from '../handling/error-page.ts';
import type { HeaderEditsConfig } from '../handling/header-edits.ts';
import type { JwtConfig } from '../handling/jwt.ts';
import type { MaintenanceConfig } from '../handling/maintenance.ts';
import type { PluginConfig } from '../handling/plugins.ts';
import type { RateLimitConfig } from '../handling/rate-limit.ts';
import type { RedirectConfig } from '../handling/redirect.ts';
import type { RewriteConfig } from '../handling/rewrite.ts';
import type { SecurityHeadersConfig } from '../handling/security-headers.ts';
import type { PeersConfig } from '../peers/model.ts';
import type { SocketLevel } from '../stats/command.ts';
import type { BreakerConfig } from './breaker-model.ts';
import type { CheckConfig } from './check-model.ts';
import type { DnsConfig } from './dns-model.ts';
import type { LogConfig } from './log-model.ts';
import type { StickConfig } from './stick-model.ts';
import type { AcmeConfig, BackendTlsConfig, ExpiryAlertsConfig, FrontendTlsConfig, Http2Config } from './tls-model.ts';

export type { BreakerConfig, OutlierConfig } from './breaker-model.ts';
export type { AgentConfig, CheckConfig } from './check-model.ts';
export type { DnsConfig } from './dns-model.ts';
export type { LogConfig } from './log-model.ts';

export interface ProxyConfig {
  readonly workers: number | 'auto';
  readonly graceMs: number;
  readonly timeouts: Timeouts;
  readonly limits: HeadLimits;
  readonly dns: DnsConfig;
  readonly log: LogConfig;
  readonly stats: StatsConfig;
  readonly admin: AdminConfig | undefined;
  readonly acme: AcmeConfig | undefined;
  readonly expiryAlerts: ExpiryAlertsConfig;
  /** Machines that share stick tables. */
  readonly peers: readonly PeersConfig[];
  readonly frontends: readonly FrontendConfig[];
  readonly backends: readonly BackendConfig[];
}

export interface Timeouts extends BackendTimeouts {
  readonly clientMs: number;
  readonly httpRequestMs: number;
  readonly keepAliveMs: number;
}

export interface BackendTimeouts {
  readonly connectMs: number;
  readonly serverMs: number;
  readonly queueMs: number;
  readonly tunnelMs: number;
  readonly firstByteMs: number;
}

export interface HeadLimits {
  readonly headerBytes: number;
  readonly headers: number;
  readonly uriBytes: number;
}

export interface StatsConfig {
  readonly sockets: readonly StatsSocket[];
  readonly listen: Bind | undefined;
  readonly uri: string;
  readonly refreshMs: number;
}

export interface AdminConfig {
  readonly listen: readonly Bind[];
  /** Of unix sockets. */
  readonly mode: number;
  readonly unixRole: 'admin' | 'reader' | 'none';
  readonly tokenFile: string | undefined;
  readonly users: Readonly<Record<string, { readonly password: string; readonly role: 'admin' | 'reader' }>>;
  readonly hosts: readonly string[];
  /** What is changed at run time goes into the file at once. */
  readonly writeBack: boolean;
  /** Folder for profiles; undefined: nobody may make one. */
  readonly debug: string | undefined;
}

/** A stats socket: who may say what there, and who may open it. */
export type StatsSocket = Bind & { readonly level: SocketLevel; readonly mode: number };

/** Something to listen on. `id` is canonical: equal binds have equal ids, so that a reload keeps their sockets. */
export type Bind =
  | { readonly kind: 'tcp'; readonly id: string; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly id: string; readonly path: string };

export interface FrontendConfig {
  readonly name: string;
  readonly mode: 'http' | 'tcp';
  /** All of them, with and without TLS. */
  readonly binds: readonly Bind[];
  readonly tls: FrontendTlsConfig | undefined;
  readonly http2: Http2Config;
  readonly rules: readonly RuleConfig[];
  readonly ruleOrder: 'listed' | 'specific';
  readonly defaultBackend: string | undefined;
  /** Mode tcp: how long rules wait for the first bytes of a client. */
  readonly inspectDelayMs: number;
  readonly forwardFor: boolean;
  readonly forward: readonly ('x-forwarded-port' | 'x-real-ip' | 'forwarded')[];
  readonly trustedProxies: readonly string[];
  readonly maxconn: number;
  /** 0 = no limit. */
  readonly maxconnPerClient: number;
  readonly acceptProxy: readonly string[];
  /** CONNECT goes to servers; it gets 405 otherwise. */
  readonly allowConnect: boolean;
  /** For requests that no rule takes. */
  readonly handling: HandlingConfig;
}

export type ValueCondition = string | { readonly regex: string } | { readonly present: boolean };

/** What a matching request gets: exactly one of these. */
export interface RuleAction {
  readonly backend: string | undefined;
  /** The one of the backend that is used while it can be. */
  readonly server: string | undefined;
  /** Bound clients get their server whatever its state is. */
  readonly forcePersist: boolean;
  readonly redirect: RedirectConfig | undefined;
  readonly respond: RespondConfig | undefined;
  /** Class of its requests in queues: lower goes first. */
  readonly priority: number;
}

/** What a request must be like; all that is said holds. */
export interface Conditions {
  readonly host: string | undefined;
  readonly sni: string | undefined;
  /** Mode tcp: the client offers this protocol. */
  readonly alpn: string | undefined;
  /** Empty: any, or none. */
  readonly tlsVersion: readonly string[];
  readonly clientCertificate: boolean | undefined;
  readonly clientName: ValueCondition | undefined;
  readonly path: string | undefined;
  readonly pathPrefix: string | undefined;
  readonly pathRegex: string | undefined;
  readonly uriRegex: string | undefined;
  readonly scheme: 'http' | 'https' | undefined;
  readonly methods: readonly string[];
  readonly source: readonly string[];
  readonly headers: Readonly<Record<string, ValueCondition>>;
  readonly query: Readonly<Record<string, ValueCondition>>;
  /** Servers that can be used, by backend: at least so many, and fewer than so many. */
  readonly usable: Readonly<Record<string, number>>;
  readonly usableBelow: Readonly<Record<string, number>>;
}

export interface RuleConfig extends RuleAction, Conditions {
  /** Mode tcp: the connection is closed. */
  readonly reject: boolean;
  readonly all: readonly Conditions[];
  /** Empty: no such condition. */
  readonly any: readonly Conditions[];
  readonly not: readonly Conditions[];
  readonly handling: HandlingConfig;
}

export interface RespondConfig {
  readonly status: number;
  readonly body: string;
  readonly contentType: string;
}

/** What is done with requests and responses on their way. What a frontend says is merged in already. */
export interface HandlingConfig {
  readonly access: AccessConfig | undefined;
  readonly rateLimit: (RateLimitConfig & { readonly id: string }) | undefined;
  readonly maintenance: MaintenanceConfig | undefined;
  readonly basicAuth: BasicAuthConfig | undefined;
  readonly jwt: JwtConfig | undefined;
  readonly requestId: { readonly header: string; readonly accept: boolean } | undefined;
  readonly plugins: readonly PluginConfig[] | undefined;
  readonly errors: ErrorPages | undefined;
  readonly cors: CorsConfig | undefined;
  readonly securityHeaders: SecurityHeadersConfig | undefined;
  readonly compression: CompressionConfig | undefined;
  readonly rewrite: RewriteConfig | undefined;
  readonly requestHeaders: HeaderEditsConfig | undefined;
  readonly responseHeaders: HeaderEditsConfig | undefined;
}

export type RetryNonIdempotent = 'never' | 'unsent' | 'idempotency-key' | 'always';

export interface BackendConfig {
  readonly name: string;
  readonly balance:
    'roundrobin' | 'static-rr' | 'leastconn' | 'random' | 'first' | 'hash' | 'least-response-time' | 'adaptive';
  /** Servers that `random` compares. */
  readonly draws: number;
  readonly hash: HashConfig | undefined;
  readonly allBackups: boolean;
  readonly allDown: 'hold' | 'fail' | 'any';
  /** Clients go to the server that they are bound to, whatever is known of it. */
  readonly persist: boolean;
  /** Limits over all workers; 0 = none. */
  readonly maxconn: number;
  readonly maxqueue: number;
  /** Load from which on servers with minconn have their full maxconn. */
  readonly fullconn: number;
  readonly cookie: CookieConfig | undefined;
  readonly stick: StickConfig | undefined;
  readonly slowstartMs: number;
  readonly shutdownSessionsOnDown: boolean;
  readonly shutdownBackupSessionsOnUp: boolean;
  readonly breaker: BreakerConfig | undefined;
  readonly holdMs: number;
  readonly retries: number;
  /** No attempt begins later than this after the request came. */
  readonly retryForMs: number;
  /** A client that will send no more is taken to be gone while nothing was sent to it. */
  readonly abortOnClose: boolean;
  /** Statuses that are tried elsewhere. */
  readonly retryOn: readonly number[];
  readonly attemptHeader: string | undefined;
  readonly retryNonIdempotent: RetryNonIdempotent;
  readonly retryBudgetPercent: number;
  /** `preserve`, `server`, or what servers see instead. */
  readonly hostHeader: string;
  readonly sendProxy: 'off' | 'v1' | 'v2';
  readonly tls: BackendTlsConfig | undefined;
  readonly timeouts: BackendTimeouts;
  readonly servers: readonly ServerConfig[];
}

/** Where in a request a key is found. */
export interface KeyConfig {
  readonly key: 'uri' | 'path-segment' | 'path-regex' | 'header' | 'query' | 'cookie' | 'source';
  readonly index: number;
  readonly pattern: string;
  readonly name: string;
  readonly len: number;
  readonly depth: number;
  readonly ipv4Prefix: number;
  readonly ipv6Prefix: number;
  readonly whole: boolean;
}

export interface HashConfig extends KeyConfig {
  readonly type: 'consistent' | 'map-based';
  readonly balanceFactor: number;
}

export interface CookieConfig {
  readonly name: string;
  readonly mode: 'insert' | 'rewrite' | 'prefix';
  /** What follows `NAME=value; path=/` in Set-Cookie, for clients without and with TLS. */
  readonly attributes: string;
  readonly secureAttributes: string;
  readonly maxIdleSeconds: number;
  readonly maxLifeSeconds: number;
}

export interface ServerConfig {
  /** 1-based place in its backend: the identity in HAProxy's hash ring. */
  readonly id: number;
  readonly name: string;
  /** IP address, `unix:` and a path, or a name. */
  readonly address: string;
  /** 0: it has none, or its name says it. */
  readonly port: number;
  /** Where it is until its name was looked up; '' = nowhere. */
  readonly initAddr: string;
  /** To ask for in TLS and to find in the certificate; '' = the address, which is no name. */
  readonly serverName: string;
  readonly weight: number;
  readonly cookie: string;
  readonly backup: boolean;
  readonly disabled: boolean;
  readonly maxconn: number;
  readonly minconn: number;
  readonly maxqueue: number;
  /** What is spoken to it; `negotiated`: what it chooses with TLS. */
  readonly protocol: 'h1' | 'h2' | 'negotiated';
  readonly check: CheckConfig | undefined;
  /** Key of the server that it is as well as; '' = it is checked itself, or not at all. */
  readonly track: string;
}

/** `backend/server`: how state survives reloads, and how commands name a server. */
export function serverKey(backend: string, server: string): string {
  return `${backend}/${server}`;
}
