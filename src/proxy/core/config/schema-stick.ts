// The part of a backend's schema that binds clients to servers by a table.
import { keyProperties } from './schema-balance.ts';
import { durationOf, nameSchema } from './schema-words.ts';

const stickKeySchema = {
  type: 'object',
  required: ['key'],
  additionalProperties: false,
  properties: {
    ...keyProperties,
    use: {
      enum: ['both', 'match', 'store'],
      default: 'both',
      description:
        'match: an entry of this key says the server (HAProxy: `stick match`). store: the server is written under this key (`stick store-request`). both: `stick on`.',
    },
  },
} as const;

export const stickSchema = {
  type: 'object',
  required: ['on'],
  additionalProperties: false,
  description:
    'A table says which client goes to which server, over all workers; it survives reloads, upgrades and the death of a worker. A valid cookie goes before it, `balance` after it. Who was bound to a server that is gone gets another one, and stays there.',
  properties: {
    on: {
      type: 'array',
      minItems: 1,
      maxItems: 8,
      items: stickKeySchema,
      description: 'What clients are known by. The first of which there is an entry with a usable server counts.',
    },
    table: nameSchema('Name of the table; of the backend when left out. Backends that name the same one share it.'),
    type: {
      enum: ['ip', 'ipv6', 'integer', 'string'],
      description:
        'What keys are; what cannot be read as such is no key. ip: addresses of both families. ipv6: the same, IPv4 shown as ::ffff:192.0.2.1. Left out: ip if all keys are `source`, else string.',
    },
    len: {
      type: 'integer',
      minimum: 1,
      maximum: 1024,
      default: 32,
      description: 'type string: so much of a key counts, in characters.',
    },
    size: {
      type: 'integer',
      minimum: 1,
      maximum: 4_194_304,
      default: 102_400,
      description: 'Entries; beyond it the one that was not used for longest goes. An entry takes about 200 bytes.',
    },
    expire: durationOf('30m', 'An entry that was not used for so long is forgotten. 0 = never.'),
    peers: nameSchema(
      'Name of a peers section: its machines share the table, by its name. Left out: only the workers of this machine do.',
    ),
    nopurge: { type: 'boolean', default: false, description: 'A full table takes nothing new instead.' },
    store: {
      type: 'array',
      default: [],
      uniqueItems: true,
      items: {
        type: 'string',
        pattern: '^(?:gpc0|(?:conn|http_req|http_err|bytes_in|bytes_out)_(?:cnt|rate\\([0-9]+(?:ms|s|m|h|d)\\)))$',
      },
      description:
        'What is counted of each client, for `show table`: conn_cnt, http_req_cnt, http_err_cnt (4xx), bytes_in_cnt, bytes_out_cnt, of each also a rate such as http_req_rate(10s), and gpc0, which operators set.',
    },
  },
} as const;
