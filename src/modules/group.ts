// Groups of the host.
import { defineModule } from '../core/module.ts';
import { want } from '../core/resource.ts';
import { group } from '../resources/group.ts';

export default defineModule({
  name: 'group',
  summary: 'Create, renumber or remove a group.',
  returns: { name: 'The group.', state: 'present or absent.', gid: 'Its number.' },
  schema: {
    type: 'object',
    required: ['name'],
    additionalProperties: false,
    properties: {
      name: { type: 'string', pattern: '^[^\\s:,/-][^\\s:,/]*$', description: 'Name of the group.' },
      gid: { type: 'integer', minimum: 0, description: 'Number of the group.' },
      state: { enum: ['present', 'absent'], default: 'present', description: 'Whether the group exists.' },
      system: { type: 'boolean', default: false, description: 'Number a new group from the range of system groups.' },
      non_unique: { type: 'boolean', default: false, description: 'The number may belong to another group too.' },
    },
  },
  examples: [
    { title: 'A group for the deployers', args: { name: 'deploy' } },
    { title: 'A system group with a fixed number', args: { name: 'app', gid: 990, system: true } },
    { title: 'No such group', args: { name: 'old', state: 'absent' } },
  ],
  wants: (args) => {
    const id = {
      name: args.name,
      ...(args.system === true && { system: true }),
      ...(args.non_unique === true && { nonUnique: true }),
    };
    return [
      want(group, id, () =>
        args.state === 'absent' ? null : { name: args.name, ...(args.gid !== undefined && { gid: args.gid }) },
      ),
    ];
  },
  result: (outcome, args) => {
    const state = outcome.changes.at(-1)?.state;
    const gid = state && 'gid' in state && typeof state.gid === 'number' ? { gid: state.gid } : {};
    return { name: args.name, state: args.state ?? 'present', system: args.system ?? false, ...gid };
  },
});
