// Snapshots of servers of Hetzner Cloud.
import { defineCloud } from '../core/module.ts';
import {
  forceArgument,
  hcloudAccess,
  hcloudAliases,
  hcloudArguments,
  labelsOf,
  type HcloudArgs,
} from './shared/hcloud.ts';

interface Args extends HcloudArgs {
  readonly server: string;
  readonly description: string;
  readonly state?: 'present' | 'absent';
  readonly max_age?: number;
  readonly keep?: number;
}

export default defineCloud({
  name: 'hcloud_snapshot',
  summary: 'Take snapshots of servers of Hetzner Cloud, keep so many, and remove them.',
  argumentAliases: hcloudAliases,
  returns: {
    hcloud_snapshot: 'The snapshot: id, server, description.',
    calls: 'Requests that were made (in a dry run: that would be made): method, path and body.',
  },
  schema: {
    type: 'object',
    required: ['server', 'description'],
    additionalProperties: false,
    properties: {
      server: { type: 'string', minLength: 1, description: 'Name of the server.' },
      description: {
        type: 'string',
        minLength: 1,
        description: 'What the snapshot is called; one with this description is not taken again, unless it is too old.',
      },
      state: {
        enum: ['present', 'absent'],
        default: 'present',
        description: 'present: there is one. absent: those of this server with this description are removed.',
      },
      labels: {
        type: 'object',
        additionalProperties: { type: ['string', 'number', 'boolean'] },
        description: 'Labels of the snapshot, beside `managed-by: veza-run`. They are the series that `keep` counts.',
      },
      max_age: {
        type: 'number',
        minimum: 1,
        description: 'Seconds: an older snapshot does not do, a new one is taken.',
      },
      keep: {
        type: 'integer',
        minimum: 1,
        description:
          'How many snapshots of this server stay that have exactly these labels; the oldest others are removed. Left out: all.',
      },
      force: forceArgument,
      ...hcloudArguments,
    },
  },
  examples: [
    { title: 'A snapshot before an upgrade', args: { server: 'web1', description: 'before 2.0' } },
    {
      title: 'One a week, and a month of them',
      args: { server: 'web1', description: 'weekly', labels: { series: 'weekly' }, max_age: 604_800, keep: 4 },
    },
  ],
  asks: (args: Args) => ({
    kind: 'hcloud_snapshot',
    access: hcloudAccess(args),
    server: args.server,
    description: args.description,
    state: args.state ?? 'present',
    labels: labelsOf(args.labels ?? {}),
    force: args.force ?? false,
    ...(args.max_age !== undefined && { maxAgeSeconds: args.max_age }),
    ...(args.keep !== undefined && { keep: args.keep }),
  }),
});
