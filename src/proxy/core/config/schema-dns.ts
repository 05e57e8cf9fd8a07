// Names of servers in the schema: who is asked, and how long answers count.
import { durationOf } from './schema-words.ts';

export const dnsSchema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description:
    'How names of servers become addresses: asked by the master, outside the traffic, again when the time of an answer is over. A failure takes nothing away: the last address stays.',
  properties: {
    servers: {
      type: 'array',
      default: [],
      items: { type: 'string', minLength: 1 },
      description:
        'DNS servers: `192.0.2.53`, `192.0.2.53:5353`, `[2001:db8::53]:53`. Only these are asked. Empty: the hosts file, then the DNS servers of the system, then the system itself (search domains).',
    },
    prefer: {
      enum: ['ipv4', 'ipv6'],
      default: 'ipv4',
      description: 'Which address a server gets if its name has both kinds.',
    },
    timeout: durationOf('1s', 'How long a DNS server has for an answer.'),
    tries: { type: 'integer', minimum: 1, maximum: 10, default: 3, description: 'How often it is asked.' },
    minTtl: durationOf('1s', 'No question sooner than this after an answer, whatever its time to live is.'),
    maxTtl: durationOf('5m', 'A question at least as often.'),
    hold: durationOf(
      '30s',
      'A name that has no address any more keeps the last one for this long; then its server is in MAINT (resolution).',
    ),
  },
} as const;
