// A private network in Hetzner Cloud with the subnet that load balancers need.
import { VezaError } from '../../lib/errors.ts';
import type { HetznerCloud } from '../hetzner-cloud/client.ts';
import type { CloudResource } from '../resource.ts';
import { attributeDiff } from './attributes.ts';
import { hcloudCall, sendTo } from './calls.ts';
import { owner } from './ownership.ts';

export interface WantedNetwork {
  readonly name: string;
  readonly cidr: string;
  /** For instance `eu-central`. */
  readonly zone: string;
}

interface State {
  readonly id: number;
  readonly cidr: string;
}

export function networkOutput(name: string): string {
  return `network:${name}`;
}

/** Where Hetzner Cloud has data centres, as far as is known here. */
export const locations = ['fsn1', 'nbg1', 'hel1', 'ash', 'hil', 'sin'] as const;

/** The network zone that a location is in. Source: Hetzner's list of locations. */
export function zoneOf(location: string): string {
  const zones: Readonly<Record<string, string>> = { ash: 'us-east', hil: 'us-west', sin: 'ap-southeast' };
  return zones[location] ?? 'eu-central';
}

export function networkResource(cloud: HetznerCloud, { name, cidr, zone }: WantedNetwork): CloudResource<State> {
  return {
    key: `hcloud_network:${name}`,
    needs: [],
    gives: [networkOutput(name)],
    after: [],
    observe: async (signal) => {
      const found = await cloud.network(name, signal);
      return found && { id: found.id, cidr: found.ip_range };
    },
    desired: (current) => {
      if (!current || current.cidr === cidr) return { cidr };
      throw new VezaError(
        'immutable',
        `the network "${name}" is ${current.cidr}, not ${cidr}, and servers may be in it`,
        {
          hint: 'Correct network.cidr, or give the new network another name.',
        },
      );
    },
    calls: (change) => {
      if (change.action !== 'create') return [];
      const subnets = [{ type: 'cloud', ip_range: cidr, network_zone: zone }];
      const body = { name, ip_range: cidr, subnets, labels: { [owner.label]: owner.value } };
      return [hcloudCall('POST', '/networks', body)];
    },
    send: sendTo(cloud),
    outputs: (state) => new Map(state ? [[networkOutput(name), String(state.id)]] : []),
    describe: (change) => attributeDiff(change),
  };
}
