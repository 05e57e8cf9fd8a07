// The keys of certificates that the proxy gets and renews itself (ACME, http-01), and of alerts before any runs out.

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
      description: 'Only for these is anything asked for; `*.example.org` allows example.org and names right below it.',
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
  },
} as const;
