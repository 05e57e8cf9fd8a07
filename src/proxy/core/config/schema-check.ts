// Health checks in the schema: what is asked, what counts as healthy, how often, and what traffic adds to it.
import { durationOf } from './schema-words.ts';

const statuses = '^[1-5][0-9][0-9](-[1-5][0-9][0-9])?(,[1-5][0-9][0-9](-[1-5][0-9][0-9])?)*$';
const fall = { type: 'integer', minimum: 1, maximum: 100, description: 'Failures in a row until DOWN.' } as const;
const rise = { type: 'integer', minimum: 1, maximum: 100, description: 'Successes in a row until UP.' } as const;
const path = { type: 'string', pattern: '^/[!-~]*$', description: 'Path, for instance /api/v1/health.' } as const;
const host = {
  type: 'string',
  pattern: '^[!-~]+$',
  description: 'Host header; the server address when left out.',
} as const;

const timing = {
  inter: durationOf(undefined, 'Interval while fully UP.'),
  fastinter: durationOf(undefined, 'Interval between two states and when traffic reports an error.'),
  downinter: durationOf(undefined, 'Interval while fully DOWN.'),
  fall,
  rise,
  timeout: durationOf(undefined, 'The whole check; at most `inter`.'),
} as const;

const agentSchema = {
  type: 'object',
  required: ['port'],
  additionalProperties: false,
  description:
    "A program beside the server that says how it is, in HAProxy's words: up, down, fail, stopped, ready, drain, maint, 75%.",
  properties: {
    port: { type: 'integer', minimum: 1, maximum: 65_535, description: 'Port of the agent on each server.' },
    send: {
      type: 'string',
      pattern: '^[\\t\\r\\n -~]*$',
      default: '',
      description: 'What is sent to it after connecting.',
    },
    inter: durationOf('2s', 'How often it is asked.'),
  },
} as const;

export const checkSchema = {
  type: 'object',
  additionalProperties: false,
  description: 'Active health check of every server. Left out = servers are always UP ("no check").',
  properties: {
    type: { enum: ['http', 'tcp'], default: 'http', description: 'http: a request and its status. tcp: a connection.' },
    profile: {
      enum: ['api', 'haproxy', 'haloy', 'terraster'],
      default: 'api',
      description:
        'Defaults of inter, fall, rise, timeout. api: 5s 3 2 2s (fastinter 1s, downinter 2s). haproxy: 2s 3 2. haloy: 15s 3 2 5s. terraster: 10s 4 2 2s.',
    },
    method: { enum: ['GET', 'HEAD', 'OPTIONS'], default: 'GET', description: 'Method of the request.' },
    path: { ...path, default: '/' },
    host,
    expect: {
      type: 'string',
      pattern: statuses,
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
    tls: {
      type: 'boolean',
      description: 'Over TLS; when left out as the traffic, but for checks of another address or port.',
    },
    http2: {
      type: 'boolean',
      description:
        'http: over HTTP/2. When left out, for servers that take nothing else, but not for checks of another address or port.',
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
    ...timing,
    init: {
      enum: ['up', 'fully-up', 'down', 'fully-down'],
      default: 'up',
      description: 'State at start. up: the first failed check marks it DOWN. down: the first success marks it UP.',
    },
    minReady: durationOf('0', 'A server that comes back must pass its checks for this long before it is UP.'),
    disableOn404: {
      type: 'boolean',
      default: false,
      description:
        '404 of a server that is UP means that it is about to stop: only clients that are bound to it still come.',
    },
    observe: {
      enum: ['off', 'layer4', 'layer7'],
      default: 'off',
      description:
        'Traffic counts too. layer4: connections that fail. layer7: also 5xx (but 501, 505) and responses that break or do not come.',
    },
    errorLimit: {
      type: 'integer',
      minimum: 1,
      default: 10,
      description: 'observe: so many errors in a row, over all workers.',
    },
    onError: {
      enum: ['fastinter', 'fail-check', 'sudden-death', 'mark-down'],
      default: 'fail-check',
      description:
        'Then: fastinter: check soon. fail-check: that counts as a failed check. sudden-death: the next failed check means DOWN. mark-down: DOWN at once.',
    },
    agent: agentSchema,
  },
} as const;

/** A server's own part of the check. */
export const serverCheckSchema = {
  type: 'object',
  additionalProperties: false,
  description: "Overrides of the backend's check for this server.",
  properties: {
    enabled: { type: 'boolean', description: 'false: never checked, always UP ("no check").' },
    address: { type: 'string', description: 'Address to check instead.' },
    port: { type: 'integer', minimum: 1, maximum: 65_535, description: 'Port to check instead.' },
    path,
    host,
    expect: { type: 'string', pattern: statuses, description: 'Healthy statuses instead.' },
    ...timing,
  },
} as const;
