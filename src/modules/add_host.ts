// Hosts that later plays of the run work on.
import { defineControl } from '../core/module.ts';
import { VezaError } from '../lib/errors.ts';
import type { Json, JsonObject } from '../lib/json.ts';

export default defineControl({
  name: 'add_host',
  summary: 'Add a host to the inventory of this run, or groups and variables to one that there is.',
  argumentAliases: { host: 'name', hostname: 'name', group: 'groups', groupname: 'groups' },
  oncePerBatch: true,
  schema: {
    type: 'object',
    required: ['name'],
    additionalProperties: true,
    properties: {
      name: {
        type: 'string',
        minLength: 1,
        description: 'Name of the host, `name:port` for another port. Every other argument is a variable of it.',
      },
      groups: {
        anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
        description: 'Groups that it belongs to: a list, or names with commas. They are made where they are missing.',
      },
    },
  },
  examples: [
    { title: 'A host for the next play', args: { name: 'web-9', groups: ['web'], ansible_host: '192.0.2.9' } },
  ],
  returns: { add_host: '`host_name`, `groups` and `host_vars` as they were taken.' },
  dryRun: 'The inventory of the run grows in a dry run too; no host is touched by it.',
  control: (args) => {
    const { name: _name, groups: asked, ...own } = args as JsonObject;
    const [, name = '', port] = /^([^:]+):(\d+)$/.exec(args.name) ?? [null, args.name];
    const groups = namesOf(asked);
    if (/[\s,]/.test(name)) throw new VezaError('invalid-argument', `"${name}" cannot be the name of a host`);
    const variables = port === undefined ? own : { ansible_port: Number(port), ...own };
    return {
      inventory: { kind: 'add-host', name, groups, variables },
      result: { add_host: { host_name: name, groups, host_vars: variables } },
    };
  },
});

function namesOf(groups: Json | undefined): readonly string[] {
  const list = Array.isArray(groups) ? groups.map(String) : typeof groups === 'string' ? groups.split(',') : [];
  return list.map((group) => group.trim()).filter((group) => group !== '');
}
