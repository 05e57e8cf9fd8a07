// Groups made of what is known of hosts, for later plays.
import { defineControl } from '../core/module.ts';

export default defineControl({
  name: 'group_by',
  summary: 'Put the host into a group of this run that is named by a variable or fact.',
  schema: {
    type: 'object',
    required: ['key'],
    additionalProperties: false,
    properties: {
      key: { type: 'string', minLength: 1, description: 'Name of the group; spaces become dashes.' },
      parents: {
        anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
        description: 'Groups that hold the group (default: `all`).',
      },
    },
  },
  examples: [{ title: 'One group for each family of systems', args: { key: 'os_Debian' } }],
  returns: { add_group: 'The group.', parent_groups: 'Those that hold it.' },
  dryRun: 'The inventory of the run grows in a dry run too; no host is touched by it.',
  control: (args) => {
    const named = (name: string) => name.trim().replaceAll(' ', '-');
    const group = named(args.key);
    const given = args.parents ?? 'all';
    const parents = (typeof given === 'string' ? given.split(',') : given).map(named);
    return {
      inventory: { kind: 'group-by', group, parents: parents.filter((parent) => parent !== 'all') },
      result: { add_group: group, parent_groups: parents },
    };
  },
});
