// Logs in the configuration file: what is written of requests, what the proxy says of itself, and where both go.
import { targetPattern } from '../logging/target.ts';
import { durationOf } from './schema-words.ts';
import { sizePattern } from './size.ts';

const targetText =
  '`off`, `stdout`, `stderr`, a file (opened again on SIGUSR1, SIGUSR2 and on reload), `syslog` (= `unix:/dev/log`), `unix:/path` or `udp://host:514`';

const oneOrMoreTargets = {
  anyOf: [
    { type: 'string', pattern: targetPattern },
    { type: 'array', items: { type: 'string', pattern: targetPattern } },
  ],
} as const;

const requestsSchema = {
  enum: ['all', 'failed', 'none'],
  description: 'Which requests have a line: all; failed: 5xx and what was broken off; none.',
} as const;

const sampleSchema = { type: 'integer', minimum: 1 } as const;

const rotateSchema = {
  type: 'object',
  additionalProperties: false,
  description:
    'Put log files aside as NAME-20261121-163015 (UTC), without losing a line. Left out: never; logrotate can do it, with SIGUSR1 (or SIGUSR2) after it.',
  properties: {
    size: {
      type: 'string',
      pattern: sizePattern,
      default: '100MB',
      description: 'When a file has this size: KB, MB, GB.',
    },
    every: durationOf(undefined, 'And when it was begun so long ago.'),
    keep: { type: 'integer', minimum: 1, maximum: 10_000, default: 10, description: 'So many old files stay.' },
    maxAge: durationOf(undefined, 'Old files go after this time.'),
    compress: { type: 'boolean', default: true, description: 'gzip them.' },
  },
} as const;

/** What a frontend may say of its own lines. */
export const frontendLogSchema = {
  type: 'object',
  additionalProperties: false,
  description: 'Lines of this frontend in the access log, where they are not as `log` says.',
  properties: {
    requests: requestsSchema,
    sample: { ...sampleSchema, description: 'As `log.sample`.' },
  },
} as const;

const captureLength = {
  type: 'integer',
  minimum: 1,
  maximum: 4096,
  description: 'Characters at most, if not `length`.',
} as const;

function captureList(what: string) {
  return {
    type: 'array',
    default: [],
    items: {
      anyOf: [
        { type: 'string' },
        {
          type: 'object',
          additionalProperties: false,
          properties: {
            header: { type: 'string', minLength: 1, description: 'Name of a header.' },
            text: { type: 'string', minLength: 1, description: 'A text with placeholders in its place.' },
            length: captureLength,
          },
        },
      ],
    },
    description: `${what}; or \`{ header, length }\`, \`{ text, length }\`.`,
  } as const;
}

export const logSchema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'Access log and operational log.',
  properties: {
    access: {
      ...oneOrMoreTargets,
      default: 'off',
      description: `Where a line for every request goes: ${targetText}; or a list of these.`,
    },
    format: {
      type: 'string',
      default: 'httplog',
      description:
        "httplog: HAProxy's (tcplog for TCP). clf: Apache's combined format, then HAProxy's fields. json: one object a line. Or a text with variables as in HAProxy's log-format: `%ci %ST %{+Q}r`.",
    },
    requests: { ...requestsSchema, default: 'all' },
    sample: {
      ...sampleSchema,
      default: 1,
      description: 'Log one of so many requests that went well; those that did not (5xx, broken off) are all logged.',
    },
    capture: {
      type: 'object',
      additionalProperties: false,
      default: {},
      description: 'Values that are logged, as by `capture request header` and the like of HAProxy.',
      properties: {
        request: captureList('Names of request headers'),
        response: captureList('Names of response headers'),
        cookie: {
          type: 'object',
          required: ['name'],
          additionalProperties: false,
          description: 'A cookie, in requests (`%CC`) and in responses that set it (`%CS`).',
          properties: {
            name: {
              type: 'string',
              pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+=?$",
              description: 'What its name begins with; with `=` behind it, its whole name.',
            },
            length: captureLength,
          },
        },
        length: {
          type: 'integer',
          minimum: 1,
          maximum: 4096,
          default: 128,
          description: 'Characters of a value at most.',
        },
      },
    },
    facility: {
      type: 'string',
      pattern: '^(kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|auth2|ftp|ntp|audit|alert|cron2|local[0-7])$',
      default: 'local0',
      description: 'Facility of syslog.',
    },
    tag: { type: 'string', pattern: '^[A-Za-z0-9_.-]{1,48}$', default: 'veza-proxy', description: 'Tag in syslog.' },
    level: {
      enum: ['debug', 'info', 'warn', 'error'],
      default: 'info',
      description: 'Least level of the operational log. debug shows every check that fails.',
    },
    style: {
      enum: ['pretty', 'json'],
      default: 'pretty',
      description: 'Lines of the operational log: for people, or one JSON object each.',
    },
    output: {
      ...oneOrMoreTargets,
      default: 'stderr',
      description: `Where the operational log goes: ${targetText}; or a list of these.`,
    },
    levels: {
      type: 'object',
      default: {},
      additionalProperties: { enum: ['debug', 'info', 'warn', 'error'] },
      description: 'Levels of their own for what is said of frontends and backends, by name: `{ api_pool: debug }`.',
    },
    mask: {
      type: 'array',
      items: { type: 'string', pattern: '^[A-Za-z0-9_.-]+$' },
      default: [
        ...['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key'],
        ...['password', 'passwd', 'secret', 'token', 'access_token', 'refresh_token', 'id_token', 'api_key', 'apikey'],
      ],
      description:
        'Values of these query parameters, captured headers and fields are shown as `********`; `-` and `_` are the same. Fields of the operational log with telling names are hidden in any case.',
    },
    sampling: {
      type: 'object',
      additionalProperties: false,
      required: ['first', 'thereafter'],
      description:
        'Operational log: of lines that differ only in numbers, so many each second, then one of so many. `leftOut` of the next one says how many are missing. Left out: all are written.',
      properties: {
        first: { type: 'integer', minimum: 1, description: 'All of the first ones of a second.' },
        thereafter: { type: 'integer', minimum: 1, description: 'Then one of so many.' },
      },
    },
    rotate: rotateSchema,
  },
} as const;
