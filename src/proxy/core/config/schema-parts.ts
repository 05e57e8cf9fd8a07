// The parts of a backend's schema that have keys of their own: cookie, breaker.
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
      anyOf: [{ type: 'boolean' }, { const: 'auto' }],
      default: 'auto',
      description: 'Add Secure. auto: where the client came over TLS.',
    },
    mode: {
      enum: ['insert', 'rewrite', 'prefix'],
      default: 'insert',
      description:
        'insert: the proxy sets the cookie, servers never see it. rewrite: where a server sets this cookie, its value becomes the name of the server. prefix: the server goes in front of the value of a cookie of the application, which sees its own value.',
    },
    secret: {
      type: 'string',
      minLength: 16,
      description: 'Values are hashes under this key instead of the names of servers; the same key on all balancers.',
    },
    maxidle: durationOf('0', 'A cookie that was not used for so long does not count. 0 = always counts.'),
    maxlife: durationOf('0', 'A cookie that is as old does not count. 0 = always counts.'),
    samesite: { enum: ['Strict', 'Lax', 'None'], description: 'Add SameSite.' },
    domain: { type: 'string', pattern: '^[A-Za-z0-9.-]+$', description: 'Add Domain.' },
  },
} as const;

const outlierSchema = {
  type: 'object',
  additionalProperties: false,
  description:
    'Also servers that differ from the others of the backend over an interval. One server has nothing to be compared with.',
  properties: {
    interval: durationOf('10s', 'Looked at this often.'),
    requests: {
      type: 'integer',
      minimum: 1,
      default: 50,
      description: 'A server with fewer requests in the interval is not judged.',
    },
    failures: {
      type: 'number',
      minimum: 0,
      maximum: 100,
      default: 50,
      description: 'Percent of its requests that failed, where another fails at most half as many. 0 = not looked at.',
    },
    latency: {
      type: 'number',
      minimum: 0,
      maximum: 1000,
      default: 5,
      description: 'Its mean time to the first byte, in medians of the others. 0 = not looked at.',
    },
    latencyMin: durationOf('100ms', 'Faster servers are no outliers, whatever the others do.'),
  },
} as const;

export const breakerSchema = {
  type: 'object',
  additionalProperties: false,
  description:
    'Takes a server out of the pick when traffic shows that it fails: 5xx (but 501, 505), broken or no answers, counted over all workers.',
  properties: {
    errors: { type: 'integer', minimum: 1, maximum: 1000, default: 5, description: 'So many failures in a row.' },
    open: durationOf(
      '30s',
      'Out for this long; then `trials` requests may try it. Each further time adds as much, and as long in which it is well takes that back.',
    ),
    trials: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: 1,
      description:
        'So many requests at a time try a server that was out, over all workers, until one finds it well or ill.',
    },
    max: durationOf('5m', 'Never out for longer than this.'),
    maxEjected: {
      type: 'integer',
      minimum: 0,
      maximum: 100,
      default: 50,
      description: 'Percent of the servers of the backend that may be out at once.',
    },
    outlier: outlierSchema,
  },
} as const;
