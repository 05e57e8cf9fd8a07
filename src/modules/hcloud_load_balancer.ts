// Load balancers of Hetzner Cloud, with their services and targets.
import { defineCloud } from '../core/module.ts';
import {
  serviceSchema,
  servicesOf,
  targetSchema,
  targetsOf,
  type ServiceArgs,
  type TargetArgs,
} from './shared/hcloud-balancer.ts';
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
  readonly state?: 'present' | 'absent';
  readonly load_balancer_type?: string;
  readonly location?: string;
  readonly algorithm?: 'round_robin' | 'least_connections';
  readonly network?: string | number;
  readonly services?: readonly ServiceArgs[];
  readonly targets?: readonly TargetArgs[];
}

export default defineCloud({
  name: 'hcloud_load_balancer',
  aliases: ['hetzner.hcloud.load_balancer', 'hetzner.hcloud.hcloud_load_balancer'],
  summary:
    'Make, change and remove load balancers of Hetzner Cloud with their services and targets, from the controller.',
  argumentAliases: { ...hcloudAliases, type: 'load_balancer_type' },
  returns: {
    hcloud_load_balancer:
      'The load balancer: id, name, load_balancer_type, location, algorithm, labels, ipv4_address, private_ipv4_address.',
    calls: 'Requests that were made (in a dry run: that would be made): method, path and body.',
  },
  schema: {
    type: 'object',
    required: ['name'],
    additionalProperties: false,
    properties: {
      name: { type: 'string', minLength: 1, description: 'Name of the load balancer; unique in the project.' },
      state: {
        enum: ['present', 'absent'],
        default: 'present',
        description: 'absent: it is removed; its targets are left alone.',
      },
      load_balancer_type: {
        type: 'string',
        pattern: '^lb[0-9]+$',
        $comment: 'Types are lb11, lb21 and lb31.',
        description: 'lb11, lb21 or lb31. Needed to make one.',
      },
      location: {
        type: 'string',
        description: 'fsn1, nbg1, hel1, ash, hil or sin. Needed to make one; it cannot move.',
      },
      algorithm: {
        enum: ['round_robin', 'least_connections'],
        description: 'How targets are chosen; a new one: round_robin.',
      },
      labels: labelsArgument,
      network: { type: ['string', 'integer'], description: 'Name or number of the private network that it is in.' },
      services: {
        type: 'array',
        items: serviceSchema,
        description: 'What it listens to: these services and no others. Left out: as they are.',
      },
      targets: {
        type: 'array',
        items: targetSchema,
        description: 'Where traffic goes: these targets and no others. Left out: as they are.',
      },
      force: forceArgument,
      ...hcloudArguments,
    },
  },
  examples: [
    {
      title: 'HTTP for all servers with a label',
      args: {
        name: 'front',
        load_balancer_type: 'lb11',
        location: 'fsn1',
        services: [
          { protocol: 'http', listen_port: 80, destination_port: 8080, health_check: { http: { path: '/health' } } },
        ],
        targets: [{ type: 'label_selector', label_selector: 'role=web' }],
      },
    },
    {
      title: 'HTTPS with a certificate of the project, a cloud server and a dedicated one behind it',
      args: {
        name: 'front',
        load_balancer_type: 'lb11',
        location: 'fsn1',
        network: 'internal',
        services: [
          {
            protocol: 'https',
            listen_port: 443,
            destination_port: 80,
            http: { certificates: ['example.com'], redirect_http: true },
          },
        ],
        targets: [
          { type: 'server', server: 'web1', use_private_ip: true },
          { type: 'ip', ip: '192.0.2.21' },
        ],
      },
    },
    { title: 'No such load balancer', args: { name: 'front', state: 'absent' } },
  ],
  asks: (args: Args) => {
    const { name, state = 'present', load_balancer_type: type, location, algorithm, labels, network } = args;
    return {
      kind: 'hcloud_load_balancer',
      access: hcloudAccess(args),
      name,
      state,
      force: args.force ?? false,
      ...(type !== undefined && { type }),
      ...(location !== undefined && { location }),
      ...(algorithm !== undefined && { algorithm }),
      ...(labels && { labels: labelsOf(labels) }),
      ...(network !== undefined && { network: String(network) }),
      ...(args.services && { services: servicesOf(args.services) }),
      ...(args.targets && { targets: targetsOf(args.targets) }),
    };
  },
});
