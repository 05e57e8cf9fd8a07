// The keys of certificates that the proxy gets and renews itself (ACME), and of alerts before any runs out.
import { durationOf } from './schema-words.ts';

const challengeSchema = {
  enum: ['http-01', 'dns-01'],
  description:
    'How the authority is shown that a name is ours: over port 80, or by a DNS record, as wildcards need it.',
} as const;

const acmeDnsSchema = {
  type: 'object',
  required: ['provider'],
  additionalProperties: false,
  description: 'Who publishes DNS records for dns-01.',
  properties: {
    provider: { enum: ['cloudns', 'module'], description: 'ClouDNS, or an ES module of your own.' },
    credentials: {
      type: 'string',
      pattern: '^/',
      description:
        'cloudns: file of `CLOUDNS_AUTH_ID=...` (or `CLOUDNS_SUB_AUTH_ID`, `CLOUDNS_SUB_AUTH_USER`) and `CLOUDNS_AUTH_PASSWORD=...`, read when they are needed; left out: these variables of the environment.',
    },
    module: {
      type: 'string',
      minLength: 1,
      description:
        'module: file that exports `present` and `cleanup`; a relative path counts from the folder of this file.',
    },
    options: { type: 'object', description: 'module: what it gets.' },
    nameservers: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', minLength: 1 },
      description: 'Addresses of servers that must show a record first; left out: those that the zone names.',
    },
    propagation: durationOf('5m', 'How long that may take.'),
  },
} as const;

export const acmeSchema = {
  type: 'object',
  required: ['hosts', 'storage'],
  additionalProperties: false,
  description:
    'Certificates that the proxy gets and renews itself: those named `{ acme: [HOST, ...] }` in `certificates`.',
  properties: {
    directory: {
      type: 'string',
      pattern: '^(production|staging|https://[^/\\s]+\\S*)$',
      default: 'production',
      description: "The authority: production or staging (Let's Encrypt), or the URL of a directory.",
    },
    email: { type: 'string', pattern: '^\\S+@\\S+$', description: 'Where the authority may write to.' },
    agreeTerms: {
      type: 'boolean',
      default: false,
      description: "You agree to the authority's terms of use. Nothing is asked for without that.",
    },
    hosts: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', pattern: '^(\\*\\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$' },
      description: 'Only for these is anything asked for; `*.example.org` allows itself and names right below it.',
    },
    storage: {
      type: 'string',
      pattern: '^/',
      description: 'Folder of account and certificates, for the user of veza-proxy only: `/var/lib/veza-proxy/acme`.',
    },
    trust: {
      type: 'string',
      minLength: 1,
      description: "PEM file: who issued the certificate of a private authority's directory.",
    },
    challenge: { ...challengeSchema, default: 'http-01' },
    dns: acmeDnsSchema,
    keyType: { enum: ['ecdsa', 'rsa'], default: 'ecdsa', description: 'Kind of the keys; ecdsa is P-256.' },
  },
} as const;

/** One of the `certificates` of a frontend. */
export const acmeSourceSchema = {
  type: 'object',
  required: ['acme'],
  additionalProperties: false,
  properties: {
    acme: {
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: { type: 'string', maxLength: 200, pattern: '^[A-Za-z0-9*]([A-Za-z0-9.-]*[A-Za-z0-9])?$' },
      description: 'Names of one certificate that the proxy gets by itself, as the top-level `acme` says.',
    },
    challenge: { ...challengeSchema, description: 'As `acme.challenge`; names with a wildcard always have dns-01.' },
  },
} as const;

export const expiryAlertsSchema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'Who is told, once a day, of certificates that run out. The log always is.',
  properties: {
    days: { type: 'integer', minimum: 1, maximum: 365, default: 30, description: 'From so many days before on.' },
    webhook: {
      type: 'string',
      pattern: '^https?://[^/\\s]+\\S*$',
      description: 'URL that gets a POST of JSON: `{ event, text, certificates }`.',
    },
    mail: {
      type: 'object',
      required: ['host', 'from', 'to'],
      additionalProperties: false,
      description: 'Server that takes a mail.',
      properties: {
        host: { type: 'string', pattern: '^[A-Za-z0-9.:-]+$', description: 'Name or address.' },
        port: { type: 'integer', minimum: 1, maximum: 65_535, description: 'Left out: 465 for tls, 587, 25 for none.' },
        security: {
          enum: ['tls', 'starttls', 'none'],
          default: 'starttls',
          description: 'none: for a server on this machine; there is no password then.',
        },
        user: { type: 'string', minLength: 1, description: 'Who we are there.' },
        passwordFile: { type: 'string', pattern: '^/', description: 'File of the password, for veza-proxy only.' },
        from: { type: 'string', pattern: '^\\S+@\\S+$', description: 'Address of the sender.' },
        to: {
          type: 'array',
          minItems: 1,
          items: { type: 'string', pattern: '^\\S+@\\S+$' },
          description: 'Who gets it.',
        },
        trust: { type: 'string', minLength: 1, description: "PEM file: who issued the server's certificate." },
      },
    },
  },
} as const;
