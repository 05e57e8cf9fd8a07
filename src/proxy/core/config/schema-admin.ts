// The admin interface in the configuration file: where it listens, and who may use it.
import { passwordPattern } from '../handling/basic-auth.ts';

export const adminSchema = {
  type: 'object',
  additionalProperties: false,
  description: 'Admin interface (REST, OpenAPI at /api/openapi.json). Left out: there is none.',
  properties: {
    listen: {
      type: 'array',
      default: [],
      items: { type: 'string', minLength: 1 },
      description:
        'Where it listens: `unix:/run/veza-proxy/api.sock`, `127.0.0.1:8405`. The address of the statistics page has it, too.',
    },
    mode: {
      type: 'string',
      pattern: '^0?[0-7]{3}$',
      default: '0660',
      description: 'Who may open its unix sockets.',
    },
    unixRole: {
      enum: ['admin', 'reader', 'none'],
      default: 'admin',
      description: 'What those may do who can open a unix socket; none: they need a token as well.',
    },
    tokenFile: {
      type: 'string',
      pattern: '^/',
      description: 'Bearer tokens, hashed; made by `veza-proxy ctl token create`. Read again when it changes.',
    },
    users: {
      type: 'object',
      default: {},
      description: 'Who may log in (a token for 15 minutes, renewed for up to 7 days).',
      additionalProperties: {
        type: 'object',
        required: ['password', 'role'],
        additionalProperties: false,
        properties: {
          password: { type: 'string', pattern: passwordPattern, description: 'Made by `veza-proxy password`.' },
          role: { enum: ['admin', 'reader'], description: 'reader: look. admin: change.' },
        },
      },
    },
    writeBack: {
      type: 'boolean',
      default: false,
      description:
        'Write what is changed at run time (servers and their weights, limits) into the file at once; it must be writable, and its folder. Without it POST /api/config/save does so.',
    },
    debug: {
      type: 'string',
      pattern: '^/',
      description:
        'Folder for CPU profiles and heap snapshots, which admins may then ask for under /api/debug. They hold what is in memory, secrets too. Left out: there is nothing of that.',
    },
    hosts: {
      type: 'array',
      default: [],
      items: { type: 'string' },
      description:
        'Host names by which browsers may reach it over TCP, besides localhost and IP addresses of this machine (against DNS rebinding).',
    },
  },
} as const;
