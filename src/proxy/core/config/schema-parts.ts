// The parts of a backend's schema that have keys of their own: cookie, breaker, check.
import { durationOf } from './schema-words.ts';

export const cookieSchema = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  description: 'Persistence by a cookie that the proxy sets itself (HAProxy: `insert indirect nocache`).',
  properties: {
    name: {
      type: 'string',
      pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
      description: 'Name of the cookie, for instance SERVERID.',
    },
    httponly: { type: 'boolean', default: true, description: 'Add HttpOnly.' },
    secure: {
      enum: [true, false, 'auto'],
      default: 'auto',
      description: 'Add Secure; auto = for clients that came over TLS.',
    },
    samesite: { enum: ['Strict', 'Lax', 'None'], description: 'Add SameSite.' },
    domain: { type: 'string', pattern: '^[A-Za-z0-9.-]+$', description: 'Add Domain.' },
  },
} as const;

export const breakerSchema = {
  type: 'object',
  additionalProperties: false,
  description:
    'Takes a server out of the pick when traffic shows that it fails: 5xx (but 501, 505), broken or no answers. Each worker by what it sees.',
  properties: {
    errors: { type: 'integer', minimum: 1, maximum: 1000, default: 5, description: 'So many failures in a row.' },
    open: durationOf('30s', 'Out for this long; then one request tries it. Each failure of such a try adds as much.'),
    max: durationOf('5m', 'Never out for longer than this.'),
    maxEjected: {
      type: 'integer',
      minimum: 0,
      maximum: 100,
      default: 50,
      description: 'Percent of the servers of the backend that may be out at once.',
    },
  },
} as const;

export const checkSchema = {
  type: 'object',
  additionalProperties: false,
  description: 'Active health check of every server. Left out = servers are always UP ("no check").',
  properties: {
    type: { enum: ['http', 'tcp'], default: 'http', description: 'http: a request and its status. tcp: a connection.' },
    method: { enum: ['GET', 'HEAD', 'OPTIONS'], default: 'GET', description: 'Method of the request.' },
    path: { type: 'string', pattern: '^/[!-~]*$', default: '/', description: 'Path, for instance /api/v1/health.' },
    host: { type: 'string', pattern: '^[!-~]+$', description: 'Host header; the server address when left out.' },
    expect: {
      type: 'string',
      pattern: '^[1-5][0-9][0-9](-[1-5][0-9][0-9])?(,[1-5][0-9][0-9](-[1-5][0-9][0-9])?)*$',
      default: '200-399',
      description: 'Statuses that count as healthy: `200-399`, `200,204`. Redirects are not followed.',
    },
    headers: {
      type: 'object',
      default: {},
      propertyNames: { pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" },
      additionalProperties: { type: 'string', pattern: '^[ -~]*$' },
      description: 'http: further headers of the request.',
    },
    send: {
      type: 'string',
      pattern: '^[\\t\\r\\n -~]*$',
      default: '',
      description: 'tcp: what is sent after connecting, for instance "PING\\r\\n".',
    },
    body: {
      type: 'object',
      additionalProperties: false,
      description: 'What the answer must hold, within its first 16 KB.',
      properties: {
        text: { type: 'string', minLength: 1, description: 'This text.' },
        regex: { type: 'string', minLength: 1, description: 'A match of this JavaScript regular expression.' },
        not: { type: 'boolean', default: false, description: 'It must not hold that.' },
      },
    },
    tls: {
      type: 'boolean',
      description: 'Over TLS; when left out as the traffic, but for checks of another address or port.',
    },
    inter: durationOf('5s', 'Interval while fully UP.'),
    fastinter: durationOf('1s', 'Interval between two states and when traffic reports an error.'),
    downinter: durationOf('2s', 'Interval while fully DOWN.'),
    fall: { type: 'integer', minimum: 1, maximum: 100, default: 3, description: 'Failures in a row until DOWN.' },
    rise: { type: 'integer', minimum: 1, maximum: 100, default: 2, description: 'Successes in a row until UP.' },
    timeout: durationOf('2s', 'The whole check.'),
    init: {
      enum: ['up', 'fully-up', 'down', 'fully-down'],
      default: 'up',
      description: 'State at start. up: the first failed check marks it DOWN. down: the first success marks it UP.',
    },
  },
} as const;
