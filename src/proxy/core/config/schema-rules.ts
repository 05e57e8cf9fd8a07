// Rules of a frontend as schema: their conditions, and what is done where they hold.
import { handlingProperties, headerName, headerValue, names } from './schema-handling.ts';

const redirectSchema = {
  type: 'object',
  additionalProperties: false,
  description: 'Answers with a redirect: `location`, `prefix`, or `scheme`, `host`, `port`.',
  properties: {
    location: { type: 'string', pattern: '^[!-~]+$', description: 'Exactly this place; may have placeholders.' },
    prefix: { type: 'string', pattern: '^[!-~]+$', description: 'This with the whole target behind it.' },
    scheme: { enum: ['http', 'https'], description: 'The same place with this scheme.' },
    host: { type: 'string', pattern: '^[A-Za-z0-9.:[\\]-]+$', description: 'The same place on this host.' },
    port: { type: 'integer', minimum: 1, maximum: 65_535, description: "Another port than the scheme's own." },
    code: { enum: [301, 302, 303, 307, 308], default: 302, description: 'Status.' },
    dropQuery: { type: 'boolean', default: false, description: 'Leave the query out.' },
  },
} as const;

const respondSchema = {
  type: 'object',
  required: ['status'],
  additionalProperties: false,
  description: 'Answers with a text of its own.',
  properties: {
    status: { type: 'integer', minimum: 200, maximum: 599, description: 'Status.' },
    body: { type: 'string', maxLength: 65_536, default: '', description: 'Text; may have placeholders.' },
    contentType: {
      type: 'string',
      pattern: headerValue,
      default: 'text/plain; charset=utf-8',
      description: 'Its type.',
    },
  },
} as const;

const valueCondition = {
  anyOf: [
    { type: 'string' },
    {
      type: 'object',
      required: ['regex'],
      additionalProperties: false,
      properties: { regex: { type: 'string', minLength: 1, description: 'Regular expression on the value.' } },
    },
    {
      type: 'object',
      required: ['present'],
      additionalProperties: false,
      properties: { present: { type: 'boolean', description: 'It is there at all, or not.' } },
    },
  ],
} as const;

const serverCounts = {
  type: 'object',
  default: {},
  additionalProperties: { type: 'integer', minimum: 1, maximum: 10_000 },
} as const;

const conditionProperties = {
  host: { type: 'string', description: 'Exact host (port and case ignored), `*.example.org`, or `*`.' },
  sni: {
    type: 'string',
    description:
      'The name that the client asked for in its TLS handshake, as `host`. In mode tcp it is read, not ended.',
  },
  alpn: {
    type: 'string',
    minLength: 1,
    description: 'Mode tcp: the client offers this protocol in its TLS handshake, for instance `h2`.',
  },
  tlsVersion: {
    type: 'array',
    default: [],
    items: { enum: ['SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] },
    description: 'Any of these versions of TLS is spoken; in mode tcp it is the highest that the client offers.',
  },
  clientCertificate: { type: 'boolean', description: 'The client has a certificate (see `clientAuth`), or has none.' },
  clientName: { ...valueCondition, description: "The common name in the client's certificate, as with `headers`." },
  path: { type: 'string', pattern: '^/', description: 'The path is exactly this.' },
  pathPrefix: {
    type: 'string',
    pattern: '^/',
    description: 'The path begins with this, by whole segments: `/api` matches `/api` and `/api/x`, not `/apiary`.',
  },
  pathRegex: { type: 'string', description: 'JavaScript regular expression on the path.' },
  uriRegex: {
    type: 'string',
    description:
      'JavaScript regular expression on path and query as the client wrote them: for their length, or what is in the query. Rules about who may come where belong into `path` and the like.',
  },
  scheme: {
    enum: ['http', 'https'],
    description:
      'How the client came; behind trusted proxies as they say. In mode tcp https is whatever begins with TLS.',
  },
  methods: { ...names, description: 'Any of these methods.' },
  source: { ...names, description: 'The client connects from any of these addresses or ranges.' },
  headers: {
    type: 'object',
    default: {},
    propertyNames: { pattern: headerName },
    additionalProperties: valueCondition,
    description: 'Headers and what they must be: a text, `{ regex: ... }` or `{ present: true }`.',
  },
  query: {
    type: 'object',
    default: {},
    additionalProperties: valueCondition,
    description: 'Parameters of the query and what they must be, as with `headers`.',
  },
  usable: {
    ...serverCounts,
    description:
      'Names of backends, and how many of the servers of each can be used at least (of backups, if only these can).',
  },
  usableBelow: {
    ...serverCounts,
    description: 'As `usable`, but fewer than so many: `{ api_pool: 1 }` holds when none of its servers can be used.',
  },
} as const;

const conditionList = {
  type: 'array',
  default: [],
  items: { type: 'object', minProperties: 1, additionalProperties: false, properties: conditionProperties },
} as const;

export const ruleSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ...conditionProperties,
    all: { ...conditionList, description: 'All of these hold too.' },
    any: { ...conditionList, description: 'At least one of these holds too.' },
    not: { ...conditionList, description: 'None of these holds.' },
    backend: { type: 'string', description: 'Name of the backend to use.' },
    server: {
      type: 'string',
      description:
        'With `backend`: this server of it, as long as it can be used; a cookie of the client does not matter then.',
    },
    forcePersist: {
      type: 'boolean',
      default: false,
      description:
        'Clients that are bound to a server (by cookie or `server`) get it though it is DOWN or in maintenance: to try it before others do.',
    },
    redirect: redirectSchema,
    respond: respondSchema,
    reject: { const: true, description: 'Mode tcp: close the connection.' },
    priority: {
      type: 'integer',
      minimum: -2047,
      maximum: 2047,
      default: 0,
      description: 'Class of its requests where they wait for a slot of `maxconn`: lower goes first.',
    },
    inherit: {
      type: 'boolean',
      default: true,
      description: 'What the frontend says (rateLimit, cors, ...) holds here too, unless the same key is here.',
    },
    ...handlingProperties,
  },
} as const;
