// The part of a backend's schema that says who is picked and who waits: policy, hash, limits and queues.
import { durationOf } from './schema-words.ts';

/** What a request is known by, for a hash or a stick table. */
export const keyProperties = {
  key: {
    enum: ['uri', 'path-segment', 'path-regex', 'header', 'query', 'cookie', 'source'],
    description:
      'uri: the path (see len, depth, whole). path-segment: segment number `index`. path-regex: first group of `pattern`. header, query, cookie: the value called `name`. source: the client address.',
  },
  index: {
    type: 'integer',
    minimum: 1,
    description: 'path-segment: which one; in /stream/42/seg.ts segment 2 is 42.',
  },
  pattern: { type: 'string', description: 'path-regex: JavaScript regular expression with one group.' },
  name: { type: 'string', minLength: 1, description: 'header, query, cookie: its name.' },
  len: { type: 'integer', minimum: 0, default: 0, description: 'uri: only the first so many bytes. 0 = all.' },
  depth: { type: 'integer', minimum: 0, default: 0, description: 'uri: only the first so many segments. 0 = all.' },
  whole: { type: 'boolean', default: false, description: 'uri: with the query string.' },
  ipv4Prefix: {
    type: 'integer',
    minimum: 1,
    maximum: 32,
    default: 32,
    description: 'source: clients of one such network are one.',
  },
  ipv6Prefix: { type: 'integer', minimum: 1, maximum: 128, default: 128, description: 'source: the same for IPv6.' },
} as const;

const hashSchema = {
  type: 'object',
  additionalProperties: false,
  description: 'What `balance: hash` hashes, and how. A request without the key is spread by round robin.',
  properties: {
    ...keyProperties,
    type: {
      enum: ['consistent', 'map-based'],
      default: 'consistent',
      description:
        'consistent: a ring, from which only the keys of a server that is gone move. map-based: even to the last key, but most keys move whenever a server comes or goes.',
    },
    balanceFactor: {
      anyOf: [{ const: 0 }, { type: 'integer', minimum: 101, maximum: 1000 }],
      default: 0,
      description: 'Bounded load in percent of the average; beyond it the next server of the ring serves. 0 = off.',
    },
  },
} as const;

export const balanceProperties = {
  balance: {
    type: 'string',
    default: 'roundrobin',
    description:
      'roundrobin: smooth, by weight. static-rr: weights of the file only. leastconn: fewest requests under way and waiting. random, random(N): the better of N (2) drawn. first: the first with a free slot. source, uri, hdr, url_param, hash: by a key, see `hash`. least-response-time: shortest average times requests. sticky-session: a cookie of its own. adaptive: one of roundrobin, leastconn and least-response-time, as the servers differ.',
  },
  hash: hashSchema,
  allbackups: {
    type: 'boolean',
    default: false,
    description: 'Without other servers all backups share the traffic, not only the first.',
  },
  allDown: {
    enum: ['hold', 'fail', 'any'],
    default: 'hold',
    description:
      'While no server is usable: hold requests for `hold`, fail at once with 503, or send them to any server that is not in maintenance.',
  },
  persist: {
    type: 'boolean',
    default: false,
    description:
      'Clients that are bound to a server (by cookie, `stick` or `server`) go there though it is DOWN or in maintenance; elsewhere only when no connection comes about.',
  },
  hold: durationOf('10s', 'While no server is usable, requests wait this long for one, then get 503 with Retry-After.'),
  maxconn: {
    type: 'integer',
    minimum: 0,
    default: 0,
    description: 'Requests at once on all servers together, over all workers; more wait in the queue. 0 = no limit.',
  },
  maxqueue: {
    type: 'integer',
    minimum: 0,
    default: 0,
    description: 'Requests in the queue of the backend, over all workers; more get 503 at once. 0 = no limit.',
  },
  fullconn: {
    type: 'integer',
    minimum: 1,
    description:
      'Requests on the backend from which on servers with `minconn` have their full `maxconn`; the sum of all `maxconn` when left out.',
  },
} as const;

export const serverLimitProperties = {
  maxconn: {
    type: 'integer',
    minimum: 0,
    default: 0,
    description: 'Requests at once, over all workers; more go to other servers or wait. 0 = no limit.',
  },
  minconn: {
    type: 'integer',
    minimum: 0,
    default: 0,
    description:
      'Limit while the backend is idle; it grows to `maxconn` with the load, see `fullconn`. 0 = always `maxconn`.',
  },
  maxqueue: {
    type: 'integer',
    minimum: 0,
    default: 0,
    description: 'Clients bound to this server that wait for it, over all workers; more go elsewhere. 0 = no limit.',
  },
} as const;
