// The part of the schema that names the machines which share stick tables with this one.
import { durationOf, nameSchema } from './schema-words.ts';

const memberSchema = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: nameSchema('Name of the machine: on all of them the same.'),
    address: {
      type: 'string',
      pattern: '^[A-Za-z0-9_.:-]+$',
      description: 'IP address or name where it is called; this machine listens there unless `bind` says otherwise.',
    },
    port: { type: 'integer', minimum: 1, maximum: 65_535, description: 'Port where it is called.' },
  },
} as const;

const peersSectionSchema = {
  type: 'object',
  required: ['name', 'members'],
  additionalProperties: false,
  properties: {
    name: nameSchema('Name of the section, for `peers` of stick tables.'),
    members: {
      type: 'array',
      minItems: 1,
      maxItems: 64,
      items: memberSchema,
      description: 'The machines, this one too: the same list on all of them.',
    },
    local: nameSchema(
      'Which of the members this machine is; its host name when left out. `-L` of the commands, or HAPROXY_LOCALPEER in the environment, say it for all sections and go before it.',
    ),
    bind: {
      type: 'string',
      minLength: 1,
      description:
        'Where the others call this machine (`10.0.0.1:1024`, `*:1024`); left out: at the address of the local member.',
    },
    tls: {
      type: 'object',
      required: ['cert', 'key', 'ca'],
      additionalProperties: false,
      description:
        'The members speak TLS (1.2 or later), and each verifies the other: whoever has a certificate of the authority may be a member. Left out: in the clear.',
      properties: {
        cert: {
          type: 'string',
          minLength: 1,
          description: 'PEM file: the certificate of this machine, which may be that of a server and of a client.',
        },
        key: { type: 'string', minLength: 1, description: 'PEM file: its private key.' },
        ca: {
          type: 'string',
          minLength: 1,
          description: 'PEM file: the authority of the certificates of all members.',
        },
      },
    },
    timeouts: {
      type: 'object',
      additionalProperties: false,
      default: {},
      description: "How long peers wait for each other; these are HAProxy's.",
      properties: {
        connect: durationOf('5s', 'Connecting and greeting.'),
        reconnect: durationOf('5s', 'Before a member that could not be reached is called again.'),
        heartbeat: durationOf('3s', 'Who had nothing to say for so long says that it is there.'),
        silence: durationOf('5s', 'Who was not heard of for so long is gone: its connection is closed.'),
        resync: durationOf(
          '5s',
          'After a start: a member that was asked for all entries and tells none is not waited for.',
        ),
      },
    },
  },
} as const;

export const peersSchema = {
  type: 'array',
  default: [],
  items: peersSectionSchema,
  description:
    "Machines that share stick tables (`stick.peers`), as HAProxy's `peers` sections do, and with HAProxy: each tells the others what changes in its tables, and all it has to one that starts.",
} as const;
