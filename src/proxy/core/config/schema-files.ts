// Schema of what names files: plugins, pages for errors.
import { durationOf, nameSchema } from './schema-words.ts';

export const pluginsSchema = {
  type: 'array',
  description: 'ES modules that see requests and responses on their way; see docs/proxy-plugins.md.',
  items: {
    type: 'object',
    required: ['module'],
    additionalProperties: false,
    properties: {
      module: {
        type: 'string',
        minLength: 1,
        pattern: '\\.(mjs|js|mts|ts)$',
        description: 'File of the module; a relative path counts from the folder of this file.',
      },
      name: nameSchema('Its name in logs; that of its file when left out.'),
      priority: {
        type: 'integer',
        minimum: -1000,
        maximum: 1000,
        default: 0,
        description: 'Lower goes first with requests and last with responses; equal ones as listed.',
      },
      timeout: durationOf('5s', 'A hook that takes longer: 504.'),
      options: { type: 'object', default: {}, description: 'What the module gets.' },
    },
  },
} as const;

export const errorsSchema = {
  type: 'object',
  propertyNames: { pattern: '^[45][0-9][0-9]$' },
  description:
    'Files of pages by status, for errors that the proxy answers itself: a body (.html, .json, .txt), or a whole response as HAProxy has them (.http).',
  additionalProperties: {
    anyOf: [
      { type: 'string', minLength: 1 },
      {
        type: 'object',
        required: ['fields', 'body'],
        additionalProperties: false,
        description: 'What was in such a file.',
        properties: {
          status: { type: 'integer', minimum: 200, maximum: 599, description: 'That of the file.' },
          fields: { type: 'string', pattern: '^([^\\r\\n:]+:[^\\r\\n]*\\r\\n)*$', description: 'Header lines.' },
          body: { type: 'string', description: 'The page.' },
        },
      },
    ],
  },
} as const;
