// Statistics and control in the configuration file: sockets in HAProxy's protocol, and the page.
import { socketLevels } from '../stats/command.ts';
import { durationOf } from './schema-words.ts';

export const statsSchema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'Where statistics and control are found.',
  properties: {
    socket: {
      type: 'array',
      default: [],
      items: {
        anyOf: [
          { type: 'string', minLength: 1 },
          {
            type: 'object',
            required: ['bind'],
            additionalProperties: false,
            properties: {
              bind: { type: 'string', minLength: 1, description: 'Address or unix socket.' },
              level: {
                enum: socketLevels,
                description: 'user: look. operator: also sessions and maxima. admin (when left out): everything.',
              },
              mode: {
                type: 'string',
                pattern: '^0?[0-7]{3}$',
                description: 'Who may open a unix socket; 0660 when left out.',
              },
            },
          },
        ],
      },
      description:
        "Runtime sockets in HAProxy's text protocol: `127.0.0.1:9100`, `unix:/run/veza-proxy/admin.sock`, or `{ bind, level, mode }`. Whoever can connect may do what the level allows.",
    },
    listen: { type: 'string', description: 'Address of the statistics page over HTTP; left out = none.' },
    uri: {
      type: 'string',
      pattern: '^/',
      default: '/stats',
      description: 'Path of the page; `;csv` after it gives CSV.',
    },
    refresh: durationOf('5s', 'Without JavaScript the page reloads itself; 0 = never.'),
  },
} as const;
