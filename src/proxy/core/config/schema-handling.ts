// What can be done with requests beside passing them on, as schema: the same keys in a frontend and in each of its rules.
import { clientPasswordPattern } from '../handling/basic-auth.ts';
import { errorsSchema, pluginsSchema } from './schema-files.ts';
import { durationOf } from './schema-words.ts';

const list = { type: 'array', items: { type: 'string', minLength: 1 } } as const;
export const names = { ...list, default: [] } as const;

/** A text for one header value: no line ends, no bytes beyond ASCII. */
export const headerValue = '^[ -~]*$';
export const headerName = "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$";
const pathPattern = "^/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*$";

const headerEdits = <More extends object>(what: string, more: More) =>
  ({
    type: 'object',
    additionalProperties: false,
    description: `Edits of the headers of ${what}: first remove, then replace, then set, then add. Values may have placeholders such as \${remote_addr}.`,
    properties: {
      remove: { ...names, description: 'Names of headers to leave out.' },
      replace: {
        type: 'array',
        default: [],
        description: 'Other values for headers whose value an expression fits, one after the other.',
        items: {
          type: 'object',
          required: ['header', 'pattern', 'to'],
          additionalProperties: false,
          properties: {
            header: { type: 'string', pattern: headerName, description: 'Name of the header.' },
            pattern: {
              type: 'string',
              minLength: 1,
              description: 'JavaScript regular expression; it need not fit the whole value, which is replaced whole.',
            },
            to: { type: 'string', pattern: headerValue, description: 'Text with $1 to $9 and placeholders.' },
            list: { type: 'boolean', default: false, description: 'Each value between commas by itself.' },
          },
        },
      },
      set: {
        type: 'object',
        default: {},
        propertyNames: { pattern: headerName },
        additionalProperties: { type: 'string', pattern: headerValue },
        description: 'Name and value; replaces all headers of that name.',
      },
      add: {
        type: 'object',
        default: {},
        propertyNames: { pattern: headerName },
        additionalProperties: { type: 'string', pattern: headerValue },
        description: 'Name and value; one more header of that name.',
      },
      ...more,
    },
  }) as const;

const rewriteSchema = {
  type: 'object',
  additionalProperties: false,
  description: 'Changes the path that servers see; in this order. The query stays, but for the last two.',
  properties: {
    stripPrefix: { type: 'string', pattern: pathPattern, description: 'Takes these segments away: `/api/x` -> `/x`.' },
    replacePrefix: {
      type: 'object',
      required: ['from', 'to'],
      additionalProperties: false,
      description: 'Puts other segments in their place.',
      properties: {
        from: { type: 'string', pattern: pathPattern, description: 'Segments at the beginning.' },
        to: { type: 'string', pattern: pathPattern, description: 'What stands there instead.' },
      },
    },
    regex: {
      type: 'object',
      required: ['pattern', 'to'],
      additionalProperties: false,
      description: 'Replaces the first match in the path.',
      properties: {
        pattern: { type: 'string', minLength: 1, description: 'JavaScript regular expression.' },
        to: { type: 'string', pattern: "^[A-Za-z0-9._~!$&'()*+,;=:@%/<>-]*$", description: 'Text with $1 to $9.' },
      },
    },
    addPrefix: { type: 'string', pattern: pathPattern, description: 'Puts these segments in front.' },
    pathAndQuery: {
      type: 'object',
      required: ['pattern', 'to'],
      additionalProperties: false,
      description: 'Puts a text in place of path and query, if the expression is found in them.',
      properties: {
        pattern: { type: 'string', minLength: 1, description: 'JavaScript regular expression.' },
        to: { type: 'string', pattern: headerValue, description: 'Text with $1 to $9 and placeholders.' },
      },
    },
    query: {
      type: 'string',
      pattern: headerValue,
      description: 'What the query is, with placeholders: `${query}&from=${remote_addr}`. Empty: there is none.',
    },
    mode: {
      enum: ['terraster'],
      description: 'terraster: its rules, for files that come from there; only `prefix`, `to` and `serverPath` count.',
    },
    prefix: { type: 'string', pattern: '^/', description: 'mode terraster: the path of the location.' },
    to: { type: 'string', minLength: 1, description: 'mode terraster: `rewrite` of the location.' },
    serverPath: { type: 'string', pattern: '^/', description: "mode terraster: the path in the servers' URLs." },
    location: {
      type: 'boolean',
      default: true,
      description: 'Maps Location headers of servers that mean themselves back to what the client asked for.',
    },
  },
} as const;

export const handlingProperties = {
  allow: { ...list, description: 'Addresses and ranges that may come; all others get 403.' },
  deny: { ...list, description: 'Addresses and ranges that get 403, also if allowed.' },
  rateLimit: {
    type: 'object',
    required: ['requests'],
    additionalProperties: false,
    description: 'Requests of one client in a time; beyond it 429 with Retry-After. Over all workers.',
    properties: {
      requests: { type: 'integer', minimum: 1, maximum: 1_000_000, description: 'So many requests ...' },
      per: durationOf('1s', '... in this time.'),
      burst: { type: 'integer', minimum: 1, description: 'At once after a pause; `requests` when left out.' },
      key: {
        type: 'string',
        pattern: headerName,
        default: 'source',
        description:
          '`source`: the client address (IPv6: its /64; behind trusted proxies the client that they name). Else the name of a header.',
      },
    },
  },
  maintenance: {
    type: 'object',
    additionalProperties: false,
    description: 'A page in place of the service.',
    properties: {
      status: { type: 'integer', minimum: 200, maximum: 599, default: 503, description: 'Status.' },
      body: { type: 'string', maxLength: 65_536, default: 'Down for maintenance.\n', description: 'The page.' },
      contentType: {
        type: 'string',
        pattern: headerValue,
        default: 'text/plain; charset=utf-8',
        description: 'Its type.',
      },
      retryAfter: durationOf('5m', 'When clients should come again.'),
      allow: { ...names, description: 'Addresses and ranges that get the service all the same.' },
    },
  },
  basicAuth: {
    type: 'object',
    required: ['users'],
    additionalProperties: false,
    description: 'Asks for a name and a password.',
    properties: {
      realm: {
        type: 'string',
        pattern: '^[ !#-\\[\\]-~]*$',
        default: 'restricted',
        description: 'What browsers show.',
      },
      users: {
        type: 'object',
        minProperties: 1,
        additionalProperties: { type: 'string', pattern: clientPasswordPattern, writeOnly: true },
        description: 'Names and hashes; `veza-proxy password` makes a hash.',
      },
    },
  },
  jwt: {
    type: 'object',
    required: ['algorithm'],
    additionalProperties: false,
    description: 'Asks for a JSON Web Token in `Authorization: Bearer`. Tokens must expire.',
    properties: {
      algorithm: { enum: ['HS256', 'RS256', 'ES256'], description: 'The one that is accepted.' },
      key: {
        type: 'string',
        minLength: 1,
        writeOnly: true,
        description: 'HS256: the secret, 32 bytes or more. Others: public key in PEM.',
      },
      issuer: { type: 'string', description: 'What `iss` must be.' },
      audience: { type: 'string', description: 'What `aud` must be or hold.' },
      leeway: durationOf('30s', 'How far clocks may differ.'),
      forward: {
        type: 'object',
        default: {},
        propertyNames: { pattern: headerName },
        additionalProperties: { type: 'string', minLength: 1 },
        description: 'Headers for servers and the claims that they get: `X-User: sub`. Clients cannot set them.',
      },
    },
  },
  requestId: {
    type: 'object',
    additionalProperties: false,
    description: 'Gives each request an id that servers, clients and the other edits see.',
    properties: {
      header: { type: 'string', pattern: headerName, default: 'X-Request-ID', description: 'Header that holds it.' },
      accept: { type: 'boolean', default: false, description: 'Keep an id that the client sent, if it is harmless.' },
    },
  },
  cors: {
    type: 'object',
    required: ['origins'],
    additionalProperties: false,
    description: 'Cross-origin resource sharing: preflights are answered here.',
    properties: {
      origins: {
        type: 'array',
        minItems: 1,
        items: { type: 'string', pattern: '^(\\*|[a-z][a-z0-9+.-]*://[a-z0-9.*:[\\]-]+)$' },
        description: '`*`, exact origins, or `https://*.example.org`.',
      },
      methods: { ...list, default: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'], description: 'Methods.' },
      headers: { ...names, description: 'Request headers; those that are asked for when left out.' },
      expose: { ...names, description: 'Response headers that scripts may read.' },
      credentials: { type: 'boolean', default: false, description: 'Cookies and passwords may be sent.' },
      maxAge: durationOf('10m', 'How long browsers remember a preflight.'),
    },
  },
  securityHeaders: {
    type: 'object',
    additionalProperties: false,
    description: 'Headers that tell browsers to be careful; they replace those of servers.',
    properties: {
      hsts: {
        type: 'object',
        additionalProperties: false,
        default: {},
        description: 'Strict-Transport-Security, where the client came over TLS.',
        properties: {
          maxAge: durationOf('730d', '0 = none.'),
          includeSubdomains: { type: 'boolean', default: false, description: 'Subdomains too.' },
          preload: { type: 'boolean', default: false, description: 'May be put into browsers. Hard to undo.' },
        },
      },
      frameOptions: { enum: ['DENY', 'SAMEORIGIN', 'off'], default: 'SAMEORIGIN', description: 'X-Frame-Options.' },
      contentTypeOptions: { type: 'boolean', default: true, description: 'X-Content-Type-Options: nosniff.' },
      referrerPolicy: { type: 'string', pattern: headerValue, description: 'Referrer-Policy.' },
      contentSecurityPolicy: { type: 'string', pattern: headerValue, description: 'Content-Security-Policy.' },
      permissionsPolicy: { type: 'string', pattern: headerValue, description: 'Permissions-Policy.' },
    },
  },
  compression: {
    type: 'object',
    additionalProperties: false,
    description:
      'Compresses responses for clients that accept it. Never what is compressed, partial or a stream of events.',
    properties: {
      codings: {
        type: 'array',
        minItems: 1,
        uniqueItems: true,
        items: { enum: ['br', 'gzip', 'zstd'] },
        default: ['br', 'gzip'],
        description: 'In order of preference; what the client likes better wins.',
      },
      minBytes: { type: 'integer', minimum: 0, default: 1024, description: 'Smaller ones stay as they are.' },
      types: {
        ...list,
        default: [
          'text/*',
          'application/json',
          'application/javascript',
          'application/xml',
          'application/manifest+json',
          'image/svg+xml',
        ],
        description: 'Content types: whole, or `text/*`.',
      },
    },
  },
  plugins: pluginsSchema,
  errors: errorsSchema,
  rewrite: rewriteSchema,
  requestHeaders: headerEdits('requests', {}),
  responseHeaders: headerEdits('responses', {
    guessContentType: {
      type: 'boolean',
      default: false,
      description:
        'Gives responses without Content-Type one by the ending of the path. Off: what a server does not say is not guessed.',
    },
  } as const),
} as const;
