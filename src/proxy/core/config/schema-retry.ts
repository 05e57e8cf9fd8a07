// Retries in a backend's schema: how often, what, and how much of it.
import { durationOf } from './schema-words.ts';

export const retryProperties = {
  retries: {
    type: 'integer',
    minimum: 0,
    maximum: 10,
    default: 3,
    description:
      'Attempts after the first; each goes to another server at once if there is one. 0: none, not even when a connection is refused.',
  },
  retryFor: durationOf('30s', 'No attempt after the first begins later than this after the request came.'),
  abortOnClose: {
    type: 'boolean',
    default: true,
    description:
      'A client that closes its side before it got anything of the response is gone: its request is given up, also at the server. false: for clients that close only the side that they send on.',
  },
  retryOn: {
    type: 'array',
    default: [],
    uniqueItems: true,
    items: { enum: [401, 403, 404, 408, 421, 425, 429, 500, 501, 502, 503, 504] },
    description:
      'Statuses of a server that are tried on another one, for requests that may be repeated. The last answer is passed on as it is. Connections that fail, break or stay silent are always retried where that is allowed.',
  },
  retryNonIdempotent: {
    enum: ['never', 'unsent', 'idempotency-key', 'always'],
    default: 'idempotency-key',
    description:
      'POST, PATCH and unknown methods. unsent: only if no byte was sent. idempotency-key: also if the request has that header. always: as HAProxy does (may execute twice). never: not even unsent ones.',
  },
  retryBudget: {
    type: 'number',
    minimum: 0,
    maximum: 100,
    default: 20,
    description: 'Extra attempts allowed, in percent of the requests of the last ten seconds (and always 10 a second).',
  },
  attemptHeader: {
    type: 'string',
    pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
    description: 'Header by which servers are told that an attempt is not the first: 1 for the first repetition.',
  },
} as const;
