// The keys of TLS and HTTP/2: on the side of the clients (`tls`, `http2` of a frontend) and of the servers (`tls` of a
// backend). Paths are of files on this machine; what is in them is checked where files are read (server/tls-files.ts).
import { acmeSourceSchema } from './acme-schema.ts';
import { durationOf } from './schema-words.ts';

const file = { type: 'string', minLength: 1 } as const;

/** What is offered in handshakes, on both sides. */
const offerProperties = {
  minVersion: { enum: ['TLSv1.2', 'TLSv1.3'], description: "Another lowest version than the profile's." },
  maxVersion: { enum: ['TLSv1.2', 'TLSv1.3'], description: 'The highest version; the newest when left out.' },
  ciphers: {
    type: 'string',
    pattern: '^[A-Za-z0-9_:+!@=-]+$',
    description: "For TLS 1.2, as OpenSSL writes them, with `:` between; the profile's when left out.",
  },
  cipherSuites: {
    type: 'string',
    pattern: '^TLS_[A-Z0-9_]+(:TLS_[A-Z0-9_]+)*$',
    description: "For TLS 1.3; the profile's when left out.",
  },
  groups: {
    type: 'string',
    pattern: '^[A-Za-z0-9_:-]+$',
    description: "Curves and groups for the exchange of keys; the profile's when left out.",
  },
} as const;

export const frontendTlsSchema = {
  type: 'object',
  required: ['bind', 'certificates'],
  additionalProperties: false,
  description: 'TLS for clients.',
  properties: {
    bind: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', minLength: 1 },
      description: 'Addresses to listen on with TLS, written as in `bind`.',
    },
    certificates: {
      type: 'array',
      minItems: 1,
      items: {
        anyOf: [
          file,
          {
            type: 'object',
            required: ['cert'],
            additionalProperties: false,
            properties: {
              cert: { ...file, description: 'PEM file: the certificate, then those between it and the root.' },
              key: {
                ...file,
                description:
                  'PEM file: its private key. Left out: it is in the same file, or beside it; `cert` may be a folder then.',
              },
              names: {
                type: 'array',
                minItems: 1,
                items: { type: 'string', pattern: '^(?:\\*\\.)?[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*$' },
                description:
                  'Clients get it for these names only, whatever names it has: `example.org`, `*.example.org`.',
              },
            },
          },
          acmeSourceSchema,
        ],
      },
      description:
        'PEM files with certificate, chain and key; folders of such files; `{ cert, key, names }`; or `{ acme: [HOST] }`. Clients get the one for the name they ask for, else the first.',
    },
    profile: {
      enum: ['intermediate', 'modern'],
      default: 'intermediate',
      description: "Mozilla's profile: intermediate is TLS 1.2 and 1.3, modern is TLS 1.3.",
    },
    ...offerProperties,
    sessionTickets: {
      type: 'boolean',
      default: true,
      description: 'Clients that come back skip half of the handshake. Keys are shared by all workers and renewed.',
    },
    alpn: {
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      default: ['h2', 'http/1.1'],
      items: { enum: ['h2', 'http/1.1'] },
      description: 'Protocols that are offered, the preferred first.',
    },
    strictSni: {
      type: 'boolean',
      default: false,
      description: 'Clients that ask for no name or for one without a certificate are turned away.',
    },
    clientAuth: {
      type: 'object',
      required: ['ca'],
      additionalProperties: false,
      description: 'Certificates of clients.',
      properties: {
        ca: { ...file, description: 'PEM file: who may have issued them.' },
        mode: {
          enum: ['required', 'optional'],
          default: 'required',
          description: 'optional: clients without one come in, with one that is not valid they do not.',
        },
        crl: { ...file, description: 'PEM file: lists of those that were revoked.' },
      },
    },
    ocsp: {
      enum: ['auto', 'on', 'off'],
      default: 'auto',
      description:
        'Staple what the issuer says about the certificate. auto: for certificates that demand it. on: for all that name a responder.',
    },
    handshake: durationOf('10s', 'A handshake that takes longer is given up.'),
  },
} as const;

export const http2Schema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'HTTP/2 for clients; whether it is offered over TLS is said by `tls.alpn`.',
  properties: {
    maxStreams: { type: 'integer', minimum: 1, maximum: 1000, default: 100, description: 'Requests at once.' },
    clear: {
      type: 'boolean',
      default: false,
      description: 'Without TLS: clients that begin with the preface of HTTP/2 speak it.',
    },
    webSockets: {
      type: 'boolean',
      default: true,
      description:
        'Clients may open WebSockets as streams (RFC 8441); else they make a connection of HTTP/1.1 for each.',
    },
  },
} as const;

export const backendTlsSchema = {
  type: 'object',
  additionalProperties: false,
  description: 'TLS to the servers. Their certificates are verified.',
  properties: {
    ca: { ...file, description: 'PEM file: who may have issued them; left out = the well-known ones.' },
    serverName: {
      type: 'string',
      pattern: '^[A-Za-z0-9.-]+$',
      description: 'Name to ask for and to find in the certificate; the address of the server when left out.',
    },
    cert: { ...file, description: 'PEM file: our own certificate, for servers that want one.' },
    key: { ...file, description: 'PEM file: its private key.' },
    ...offerProperties,
    verifyName: {
      type: 'boolean',
      default: true,
      description: 'false: whoever has any certificate of these issuers may answer, whatever its name.',
    },
    insecureSkipVerify: {
      type: 'boolean',
      default: false,
      description: 'Talk to whoever answers. Anybody in between can read and change everything.',
    },
  },
} as const;

const serverProtocols = [false, true, 'only'] as const;

export const backendHttp2Schema = {
  enum: serverProtocols,
  default: false,
  description:
    'HTTP/2 to the servers. true: with `tls` where a server chooses it, without `tls` always (prior knowledge, h2c). only: with `tls` nothing else is offered.',
} as const;

export const serverHttp2Schema = {
  enum: serverProtocols,
  description: 'As `http2` of the backend, for this server; false turns it off.',
} as const;
