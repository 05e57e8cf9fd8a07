// The configuration file as JSON Schema: every key, its default and its description. Validation, documentation and
// editor completion come from this one literal. Meaning across keys (names that must exist) is checked in check.ts.
import { adminSchema } from './schema-admin.ts';
import { acmeSchema, expiryAlertsSchema } from './acme-schema.ts';
import { dnsSchema } from './schema-dns.ts';
import { balanceProperties, serverLimitProperties } from './schema-balance.ts';
import { checkSchema, serverCheckSchema } from './schema-check.ts';
import { breakerSchema, cookieSchema } from './schema-parts.ts';
import { stickSchema } from './schema-stick.ts';
import { peersSchema } from './schema-peers.ts';
import { retryProperties } from './schema-retry.ts';
import { handlingProperties } from './schema-handling.ts';
import { frontendLogSchema, logSchema } from './schema-log.ts';
import { statsSchema } from './schema-stats.ts';
import { ruleSchema } from './schema-rules.ts';
import {
  backendHttp2Schema,
  backendTlsSchema,
  frontendTlsSchema,
  http2Schema,
  serverHttp2Schema,
} from './tls-schema.ts';
import { durationOf, nameSchema, weightSchema } from './schema-words.ts';

const timeoutsSchema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'How long each wait may last.',
  properties: {
    connect: durationOf('5s', 'Opening a connection to a server.'),
    client: durationOf('60s', 'A client that neither sends nor takes bytes in the middle of a request or response.'),
    server: durationOf(
      '60s',
      'A server that sends nothing: before the response head 504, within the body a cut response.',
    ),
    httpRequest: durationOf('10s', 'From the first byte of a request to the end of its head, in total: 408.'),
    keepAlive: durationOf('60s', 'An idle client connection between two requests; closed silently.'),
    queue: durationOf(
      undefined,
      'A request that waits for a slot of `maxconn`: 503. Left out: as `connect`, as with HAProxy.',
    ),
    tunnel: durationOf('1h', 'A WebSocket or other upgraded connection on which nothing moves either way.'),
    firstByte: durationOf(
      '1s',
      'A replayable request that got no byte of a response for this long is sent to another server as well; the first answer wins. 0 turns it off.',
    ),
  },
} as const;

const backendTimeoutsSchema = {
  type: 'object',
  additionalProperties: false,
  description: 'Overrides of the top-level timeouts for this backend.',
  properties: {
    connect: durationOf(undefined, 'As `timeouts.connect`.'),
    server: durationOf(undefined, 'As `timeouts.server`.'),
    queue: durationOf(undefined, 'As `timeouts.queue`.'),
    tunnel: durationOf(undefined, 'As `timeouts.tunnel`.'),
    firstByte: durationOf(undefined, 'As `timeouts.firstByte`.'),
  },
} as const;

const frontendSchema = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: nameSchema('Name of the frontend, as statistics and logs show it.'),
    bind: {
      type: 'array',
      default: [],
      items: { type: 'string', minLength: 1 },
      description:
        'Addresses to listen on: `*:80`, `127.0.0.1:8080`, `[::]:80`, `unix:/run/x.sock`. A socket that systemd passed with the same address is used instead of binding.',
    },
    mode: {
      enum: ['http', 'tcp'],
      default: 'http',
      description:
        'tcp: connections are joined with servers as they are. Rules choose by `sni`, `alpn`, `scheme` and `source`; all that looks into requests means nothing.',
    },
    rules: {
      type: 'array',
      default: [],
      description: 'The first whose conditions all hold says what is done: backend, redirect or respond.',
      items: ruleSchema,
    },
    ruleOrder: {
      enum: ['listed', 'specific'],
      default: 'listed',
      description:
        'listed: the first rule that holds. specific: exact hosts before longer wildcards, exact paths before longer prefixes before expressions.',
    },
    defaultBackend: {
      type: 'string',
      description:
        'Backend when no rule matches; without it such requests get 404, and connections in mode tcp are closed.',
    },
    inspectDelay: durationOf(
      '5s',
      'Mode tcp: rules about TLS wait so long for the first bytes of a client; who is silent for longer is as one without TLS.',
    ),
    forwardFor: {
      type: 'boolean',
      default: true,
      description: 'Add X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host.',
    },
    trustedProxies: {
      type: 'array',
      default: [],
      items: { type: 'string' },
      description:
        'Addresses or CIDR ranges whose own X-Forwarded-* headers are kept and appended to; others are dropped.',
    },
    maxconn: {
      type: 'integer',
      minimum: 1,
      default: 20_000,
      description: 'Connections at once, over all workers; more wait in the queue of the kernel.',
    },
    maxconnPerClient: {
      type: 'integer',
      minimum: 0,
      default: 0,
      description:
        'Connections of one client (IPv6: of one /64) per worker; those beyond it are closed. 0 = no limit; never for `acceptProxy`, who speak for many.',
    },
    forward: {
      type: 'array',
      default: [],
      uniqueItems: true,
      items: { enum: ['x-forwarded-port', 'x-real-ip', 'forwarded'] },
      description: 'Further headers that tell servers where a request comes from; Forwarded is that of RFC 7239.',
    },
    acceptProxy: {
      type: 'array',
      default: [],
      items: { type: 'string' },
      description: 'Addresses or ranges that speak the PROXY protocol (v1 or v2): they must, all others must not.',
    },
    allowConnect: {
      type: 'boolean',
      default: false,
      description:
        'Whether clients may ask for tunnels by CONNECT, which servers then open (forward proxies do). Otherwise they get 405: a server that knows no CONNECT may close the connection, which would count as its failure.',
    },
    tls: frontendTlsSchema,
    http2: http2Schema,
    accessLog: frontendLogSchema,
    ...handlingProperties,
  },
} as const;

const serverSchema = {
  type: 'object',
  required: ['name', 'address'],
  additionalProperties: false,
  properties: {
    name: nameSchema('Name of the server, unique in its backend.'),
    address: {
      type: 'string',
      minLength: 1,
      description:
        'IP address, name, or `unix:/run/app.sock`. A name is looked up as `dns` says; several servers of a backend with the same name and port get different addresses of it. `_service._tcp.name` is looked up as SRV, which says the port too.',
    },
    port: { type: 'integer', minimum: 1, maximum: 65_535, description: 'Port; not of unix sockets and SRV names.' },
    initAddr: {
      type: 'string',
      minLength: 1,
      description:
        'IP address to use until its name was looked up. Without it the server is in MAINT (resolution) until then.',
    },
    serverName: { type: 'string', pattern: '^[A-Za-z0-9.-]+$', description: 'As `tls.serverName`, for this server.' },
    weight: weightSchema,
    cookie: {
      type: 'string',
      pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~:/@-]+$",
      description: 'Value of the persistence cookie for this server; its name when left out.',
    },
    backup: { type: 'boolean', default: false, description: 'Used only while no other server is usable.' },
    disabled: { type: 'boolean', default: false, description: 'Starts in state MAINT.' },
    ...serverLimitProperties,
    http2: serverHttp2Schema,
    check: serverCheckSchema,
    track: {
      type: 'string',
      pattern: '^[A-Za-z0-9_.:-]+(/[A-Za-z0-9_.:-]+)?$',
      description:
        'Is as well as this server (`backend/server`, or one of the same backend), in maintenance and drained with it, and has no check of its own.',
    },
  },
} as const;

const backendSchema = {
  type: 'object',
  required: ['name', 'servers'],
  additionalProperties: false,
  properties: {
    name: nameSchema('Name of the backend.'),
    ...balanceProperties,
    cookie: cookieSchema,
    stick: stickSchema,
    check: checkSchema,
    breaker: breakerSchema,
    slowstart: durationOf('0', 'After a recovery the weight grows from 1/16 to full over this time. 0 = at once.'),
    onMarkedDown: {
      enum: ['none', 'shutdown-sessions'],
      default: 'shutdown-sessions',
      description:
        'shutdown-sessions: when a server goes DOWN its tunnels are closed and its requests tried elsewhere.',
    },
    onMarkedUp: {
      enum: ['none', 'shutdown-backup-sessions'],
      default: 'none',
      description:
        'shutdown-backup-sessions: when a server that is no backup comes back, the connections of backups are closed and their requests tried elsewhere.',
    },
    ...retryProperties,
    hostHeader: {
      type: 'string',
      pattern: '^[A-Za-z0-9.:[\\]_-]+$',
      default: 'preserve',
      description: 'Host that servers see: `preserve`, `server` (its address and port), or this one.',
    },
    sendProxy: {
      enum: ['off', 'v1', 'v2'],
      default: 'off',
      description:
        'Tell servers who the client is by the PROXY protocol; checks too. Each client then has connections of its own.',
    },
    tls: backendTlsSchema,
    http2: backendHttp2Schema,
    timeouts: backendTimeoutsSchema,
    servers: { type: 'array', minItems: 1, items: serverSchema, description: 'The servers, in order.' },
  },
} as const;

export const configSchema = {
  type: 'object',
  required: ['frontends', 'backends'],
  additionalProperties: false,
  properties: {
    workers: {
      anyOf: [{ type: 'integer', minimum: 1, maximum: 64 }, { const: 'auto' }],
      default: 'auto',
      description: 'Worker processes; auto = one a CPU.',
    },
    grace: durationOf('30s', 'On SIGTERM, how long requests and tunnels may go on before they are closed.'),
    timeouts: timeoutsSchema,
    limits: {
      type: 'object',
      additionalProperties: false,
      default: {},
      description: 'Limits on what clients and servers may send.',
      properties: {
        headerBytes: {
          type: 'integer',
          minimum: 1024,
          maximum: 1_048_576,
          default: 16_384,
          description: 'Bytes of the head of a request; more is answered with 431.',
        },
        headers: {
          type: 'integer',
          minimum: 10,
          maximum: 1000,
          default: 128,
          description: 'Header lines of a request; more are answered with 431.',
        },
        uriBytes: {
          type: 'integer',
          minimum: 256,
          maximum: 65_536,
          default: 8192,
          description: 'Bytes of path and query; more is answered with 414.',
        },
      },
    },
    dns: dnsSchema,
    log: logSchema,
    stats: statsSchema,
    admin: adminSchema,
    acme: acmeSchema,
    expiryAlerts: expiryAlertsSchema,
    peers: peersSchema,
    frontends: {
      type: 'array',
      minItems: 1,
      items: frontendSchema,
      description:
        'Where clients connect. One service alone may be written in short: `port`, and `backends` as a list of URLs.',
    },
    backends: { type: 'array', items: backendSchema, description: 'Pools of servers.' },
  },
} as const;
