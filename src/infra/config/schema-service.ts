// A data service of infra.yaml as JSON Schema.
import { serviceTypes } from './model.ts';

/** Goes into a line of an env-file or a unit. */
const line = { type: 'string', minLength: 1, pattern: '^[^\\r\\n]*$', $comment: 'It is one line.' } as const;
const scalar = { type: ['string', 'number', 'boolean'] } as const;
const lines = { type: 'object', additionalProperties: scalar } as const;

export const serviceSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['type', 'host'],
  properties: {
    type: { enum: [...serviceTypes] },
    host: { ...line, description: 'A key of `hosts`.' },
    username: line,
    password: {
      ...line,
      writeOnly: true,
      description: 'Better left out: then the host makes a random one and keeps it.',
    },
    database_name: line,
    version: { type: ['string', 'number'], description: "The image's tag." },
    use_latest_version: { type: 'boolean' },
    variables: { ...lines, description: 'More of its environment.' },
    exposed_ports: {
      type: 'array',
      items: { type: ['integer', 'string'], pattern: '^[0-9]+(:[0-9]+)?$', minimum: 1, maximum: 65_535 },
      description: 'Ports on 127.0.0.1: 5432, or 15432:5432.',
    },
    volumes: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'container_path'],
        properties: {
          name: { ...line, pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$', $comment: 'A name is of letters, digits and _.-' },
          container_path: { ...line, pattern: '^/[^\\r\\n:]*$', $comment: 'A path begins with "/".' },
          read_only: { type: 'boolean' },
          driver: line,
          driver_opts: lines,
        },
      },
    },
    domain: {
      type: 'object',
      additionalProperties: false,
      required: ['domain'],
      properties: {
        domain: { ...line, description: 'Traefik routes its TLS here.' },
        cert_resolver: line,
        entrypoint: line,
        allowed_cidrs: { type: 'array', items: line },
      },
    },
  },
} as const;
