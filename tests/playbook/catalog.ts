// A few modules for the tests of reading: schemas as real modules have them, nothing to run.
import type { ModuleCatalog, ModuleInfo } from '../../src/playbook/load.ts';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

function module(
  name: string,
  properties: object,
  more: {
    required?: string[];
    freeForm?: string;
    expressions?: string[];
    argumentAliases?: Record<string, string>;
    anyOf?: object[];
  } = {},
): ModuleInfo {
  const { required = [], anyOf, ...info } = more;
  const schema = { type: 'object', properties, required, additionalProperties: false, ...(anyOf && { anyOf }) };
  return { name, schema, ...info };
}

const commandProperties = { cmd: text, creates: text, removes: text, chdir: text, stdin: text };

const modules = [
  module('command', commandProperties, { required: ['cmd'], freeForm: 'cmd' }),
  module('shell', commandProperties, { required: ['cmd'], freeForm: 'cmd' }),
  module('debug', { msg: {}, var: text }, { expressions: ['var'] }),
  module(
    'copy',
    { src: text, content: {}, dest: text, mode: { type: 'string', pattern: '^[0-7]{3,4}$' }, owner: text },
    { required: ['dest'], anyOf: [{ required: ['src'] }, { required: ['content'] }] },
  ),
  module(
    'file',
    { path: text, state: { enum: ['absent', 'directory', 'file', 'link', 'touch'] }, mode: text },
    { required: ['path'], argumentAliases: { dest: 'path', name: 'path' } },
  ),
  module('template', { src: text, dest: text, mode: text }, { required: ['src', 'dest'] }),
  module(
    'service',
    { name: text, state: { enum: ['started', 'stopped', 'restarted'] }, enabled: flag },
    { required: ['name'] },
  ),
  module(
    'user',
    { name: text, groups: { anyOf: [{ type: 'array', items: text }, text] }, uid: { type: 'integer', minimum: 0 } },
    { required: ['name'] },
  ),
  module(
    'assert',
    { that: { type: ['string', 'boolean', 'array'] }, fail_msg: text },
    { required: ['that'], expressions: ['that'] },
  ),
  module(
    'meta',
    { action: { enum: ['flush_handlers', 'noop', 'end_play'] } },
    { required: ['action'], freeForm: 'action' },
  ),
  { name: 'set_fact', schema: { type: 'object', additionalProperties: true } },
  module('ping', { data: text }),
];

export const catalog: ModuleCatalog = {
  find: (name) => modules.find((one) => one.name === name) ?? null,
  names: () => modules.map(({ name }) => name),
};
