// Logs in the configuration file: what is written of requests, what the proxy says of itself, and where both go.
import { targetPattern } from '../logging/target.ts';

const targetText =
  '`off`, `stdout`, `stderr`, a file (opened again on SIGUSR2 and on reload), `syslog` (= `unix:/dev/log`), `unix:/path` or `udp://host:514`';

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
      anyOf: [
        { type: 'string', pattern: targetPattern },
        { type: 'array', items: { type: 'string', pattern: targetPattern } },
      ],
      default: 'off',
      description: `Where a line for every request goes: ${targetText}; or a list of these.`,
    },
    format: {
      type: 'string',
      default: 'httplog',
      description:
        "httplog: HAProxy's (tcplog for TCP). clf: Apache's combined format, then HAProxy's fields. json: one object a line. Or a text with variables as in HAProxy's log-format: `%ci %ST %{+Q}r`.",
    },
    sample: {
      type: 'integer',
      minimum: 1,
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
      type: 'string',
      pattern: targetPattern,
      default: 'stderr',
      description: `Where the operational log goes: ${targetText}.`,
    },
  },
} as const;
