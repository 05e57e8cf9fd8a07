// The name that reverse DNS gives for the IPv4 address of a server of Hetzner Cloud, as a resource.
import type { HetznerCloud } from '../hetzner-cloud/client.ts';
import type { CloudResource } from '../resource.ts';
import { attributeDiff } from './attributes.ts';
import { hcloudCall, sendTo } from './calls.ts';

interface State {
  readonly ip: string;
  readonly name: string | null;
}

export function reverseDnsResource(
  cloud: HetznerCloud,
  server: { readonly id: number; readonly name: string; readonly ip: string },
  name: string,
): CloudResource<State> {
  return {
    key: `hcloud_rdns:${server.name}`,
    needs: [],
    gives: [],
    after: [],
    observe: async (signal) => {
      const found = await cloud.server(server.name, signal);
      return { ip: server.ip, name: found?.public_net.ipv4?.dns_ptr ?? null };
    },
    desired: () => ({ name: name.replace(/\.$/, '').toLowerCase() }),
    calls: ({ after }) => [
      hcloudCall('POST', `/servers/${server.id}/actions/change_dns_ptr`, {
        ip: server.ip,
        dns_ptr: after?.name ?? null,
      }),
    ],
    send: sendTo(cloud),
    describe: (change) => attributeDiff(change),
  };
}
