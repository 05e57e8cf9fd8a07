// Servers of Hetzner Cloud.
import { defineCloud } from '../core/module.ts';
import {
  forceArgument,
  hcloudAccess,
  hcloudAliases,
  hcloudArguments,
  labelsArgument,
  labelsOf,
  type HcloudArgs,
} from './shared/hcloud.ts';

interface Args extends HcloudArgs {
  readonly name: string;
  readonly state?: 'present' | 'started' | 'running' | 'stopped' | 'absent';
  readonly server_type?: string;
  readonly image?: string;
  readonly location?: string;
  readonly ssh_keys?: readonly string[];
  readonly private_networks?: readonly (string | number)[];
  readonly user_data?: string;
  readonly enable_ipv4?: boolean;
  readonly enable_ipv6?: boolean;
}

export default defineCloud({
  name: 'hcloud_server',
  aliases: ['hetzner.hcloud.server', 'hetzner.hcloud.hcloud_server'],
  summary: 'Make, start, stop, resize and remove servers of Hetzner Cloud, from the controller.',
  argumentAliases: { ...hcloudAliases, type: 'server_type', networks: 'private_networks' },
  returns: {
    hcloud_server:
      'The server: id, name, server_type, location, image, labels, private_networks, status, ipv4_address, ipv6, private_ipv4_address.',
    calls: 'Requests that were made (in a dry run: that would be made): method, path and body.',
  },
  schema: {
    type: 'object',
    required: ['name'],
    additionalProperties: false,
    properties: {
      name: { type: 'string', minLength: 1, description: 'Name of the server; unique in the project.' },
      state: {
        enum: ['present', 'started', 'running', 'stopped', 'absent'],
        default: 'present',
        description:
          'present: it is there (a new one runs). started (running), stopped: and its power is so. absent: it is removed with its disk.',
      },
      server_type: {
        type: 'string',
        description:
          'For instance cx22. Needed to make one; another type on one that is there resizes it, its disk stays.',
      },
      image: {
        type: 'string',
        description: 'Name or number, for instance debian-12. Needed to make one, else unused.',
      },
      location: { type: 'string', description: 'fsn1, nbg1, hel1, ash, hil or sin. A server cannot move.' },
      ssh_keys: {
        type: 'array',
        items: { type: 'string' },
        description: 'Names of keys of the project that a new server lets in as root.',
      },
      private_networks: {
        type: 'array',
        items: { type: ['string', 'integer'] },
        description: 'Names or numbers of networks that it is in: these and no others. Left out: as they are.',
      },
      labels: labelsArgument,
      user_data: { type: 'string', writeOnly: true, description: 'Data for cloud-init of a new server.' },
      enable_ipv4: { type: 'boolean', default: true, description: 'A new server gets a public IPv4 address.' },
      enable_ipv6: { type: 'boolean', default: true, description: 'A new server gets a public IPv6 network.' },
      force: {
        ...forceArgument,
        description:
          'Cut the power instead of shutting down, stop a running server to resize it, and remove it even if veza-run did not make it.',
      },
      ...hcloudArguments,
    },
  },
  examples: [
    {
      title: 'A server that runs',
      args: {
        name: 'web1',
        server_type: 'cx22',
        image: 'debian-12',
        location: 'fsn1',
        ssh_keys: ['admin'],
        labels: { role: 'web' },
        state: 'started',
      },
    },
    { title: 'A server that is off', args: { name: 'web1', state: 'stopped' } },
    { title: 'No such server', args: { name: 'web1', state: 'absent' } },
  ],
  asks: (args: Args) => {
    const {
      state = 'present',
      server_type: serverType,
      image,
      location,
      ssh_keys: sshKeys,
      user_data: userData,
    } = args;
    return {
      kind: 'hcloud_server',
      access: hcloudAccess(args),
      name: args.name,
      force: args.force ?? false,
      state: state === 'running' ? 'started' : state,
      enableIpv4: args.enable_ipv4 ?? true,
      enableIpv6: args.enable_ipv6 ?? true,
      ...(serverType !== undefined && { serverType }),
      ...(image !== undefined && { image }),
      ...(location !== undefined && { location }),
      ...(sshKeys && { sshKeys }),
      ...(args.private_networks && { networks: args.private_networks.map(String) }),
      ...(args.labels && { labels: labelsOf(args.labels) }),
      ...(userData !== undefined && { userData }),
    };
  },
});
