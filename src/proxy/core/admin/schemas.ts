// Shapes of what the admin interface takes and gives, as JSON Schema: requests are checked by them, and its OpenAPI document
// tells them.

const text = { type: 'string' } as const;
const count = { type: 'integer', minimum: 0 } as const;
const state = { enum: ['ready', 'drain', 'maint'] } as const;

const serverSettings = {
  address: { ...text, minLength: 1 },
  port: { type: 'integer', minimum: 1, maximum: 65_535 },
  weight: { type: 'integer', minimum: 0, maximum: 256 },
  maxconn: count,
  cookie: { ...text, minLength: 1 },
  backup: { type: 'boolean' },
  disabled: { type: 'boolean' },
  check: { type: 'boolean' },
} as const;

export const requestSchemas = {
  Login: {
    type: 'object',
    required: ['name', 'password'],
    additionalProperties: false,
    properties: { name: text, password: text },
  },
  Refresh: {
    type: 'object',
    required: ['refreshToken'],
    additionalProperties: false,
    properties: { refreshToken: text },
  },
  NewBackend: {
    type: 'object',
    required: ['name', 'servers'],
    properties: {
      name: text,
      servers: { type: 'array', minItems: 1, items: { type: 'object' } },
    },
    description: 'As one of `backends` in the configuration file, but without `tls`.',
  },
  NewServer: {
    type: 'object',
    required: ['backend', 'name', 'address', 'port'],
    additionalProperties: false,
    properties: { backend: text, name: text, ...serverSettings },
  },
  ServerChange: {
    type: 'object',
    minProperties: 1,
    additionalProperties: false,
    properties: {
      state,
      health: { enum: ['up', 'down', 'stopping'] },
      weight: serverSettings.weight,
      maxconn: count,
      address: serverSettings.address,
      port: serverSettings.port,
    },
  },
  ServerSet: {
    type: 'object',
    required: ['servers'],
    additionalProperties: false,
    properties: {
      servers: {
        type: 'array',
        minItems: 1,
        items: {
          type: 'object',
          required: ['name', 'address', 'port'],
          additionalProperties: false,
          properties: { name: text, ...serverSettings },
        },
      },
    },
  },
} as const;

const server = {
  type: 'object',
  required: ['name', 'backend', 'address', 'port', 'status', 'state', 'weight'],
  properties: {
    name: text,
    backend: text,
    address: text,
    port: count,
    status: { ...text, description: 'UP, DOWN, DRAIN, MAINT, `no check`, or in between, as `UP 1/3`.' },
    state,
    weight: count,
    maxconn: count,
    backup: { type: 'boolean' },
    check: { type: 'object', properties: { code: text, status: count, durationMs: { type: 'number' }, detail: text } },
    sinceSeconds: { ...count, description: 'Since it went UP or DOWN.' },
    downtimeSeconds: { ...count, description: 'In all.' },
    sessions: count,
    requests: count,
    errors: count,
  },
} as const;

const list = (name: string): object => ({
  type: 'object',
  required: ['items'],
  properties: { items: { type: 'array', items: { $ref: `#/components/schemas/${name}` } } },
});

export const responseSchemas: Readonly<Record<string, object>> = {
  Problem: {
    type: 'object',
    required: ['error'],
    properties: {
      error: {
        type: 'object',
        required: ['code', 'message'],
        properties: {
          code: text,
          message: text,
          problems: {
            type: 'array',
            items: {
              type: 'object',
              required: ['message'],
              properties: { message: text, code: text, line: count, column: count, hint: text, file: text },
            },
          },
        },
      },
    },
  },
  Server: server,
  Servers: list('Server'),
  Backend: {
    type: 'object',
    required: ['name', 'status', 'balance', 'servers'],
    properties: {
      name: text,
      status: { enum: ['UP', 'DOWN'] },
      balance: text,
      servers: { type: 'array', items: { $ref: '#/components/schemas/Server' } },
    },
  },
  Backends: list('Backend'),
  Service: {
    type: 'object',
    required: ['name', 'binds', 'status'],
    properties: {
      name: text,
      binds: { type: 'array', items: text },
      status: { enum: ['OPEN', 'STOP'] },
      backends: { type: 'array', items: text },
    },
  },
  Services: list('Service'),
  Location: {
    type: 'object',
    required: ['service', 'action'],
    properties: { service: text, action: text, backend: text },
  },
  Locations: list('Location'),
  Health: {
    type: 'object',
    required: ['status', 'backends'],
    properties: {
      status: { enum: ['ok', 'degraded', 'down'] },
      backends: {
        type: 'array',
        items: {
          type: 'object',
          required: ['name', 'usable', 'servers'],
          properties: { name: text, usable: count, servers: count },
        },
      },
    },
  },
  Stats: {
    type: 'object',
    required: ['info', 'rows'],
    properties: { info: { type: 'object' }, rows: { type: 'array', items: { type: 'object' } } },
  },
  Applied: {
    type: 'object',
    required: ['etag'],
    properties: { etag: text, problems: { type: 'array', items: { type: 'object' } } },
  },
  Changes: {
    type: 'object',
    required: ['diff', 'left'],
    properties: { diff: text, left: { type: 'array', items: text }, etag: text },
  },
  Processes: {
    type: 'object',
    required: ['items'],
    properties: {
      items: {
        type: 'array',
        items: {
          type: 'object',
          required: ['process'],
          properties: {
            process: { ...text, description: '`master`, or the number of a worker.' },
            pid: count,
            uptimeSeconds: count,
            cpuPercent: { type: 'number' },
            memory: { type: 'object', description: 'Bytes.', additionalProperties: count },
            eventLoop: {
              type: 'object',
              properties: {
                busyPercent: { type: 'number' },
                delayMs: { type: 'object', additionalProperties: { type: 'number' } },
              },
            },
            collections: { type: 'object', additionalProperties: { type: 'number' } },
            resources: { type: 'object', additionalProperties: count },
            problem: text,
          },
        },
      },
    },
  },
  Written: { type: 'object', required: ['file', 'sizeBytes'], properties: { file: text, sizeBytes: count } },
  Done: { type: 'object', required: ['ok'], properties: { ok: { const: true } } },
  Tokens: {
    type: 'object',
    required: ['accessToken', 'refreshToken', 'expiresIn'],
    properties: { accessToken: text, refreshToken: text, expiresIn: count },
  },
  Whoami: {
    type: 'object',
    required: ['name', 'role'],
    properties: { name: text, role: { enum: ['admin', 'reader'] } },
  },
};
