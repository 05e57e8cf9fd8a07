// The name that reverse DNS gives for the IPv4 address of a server of Hetzner Cloud, as a resource.
import type { HetznerCloud } from '../hetzner-cloud/client.ts';
import type { CloudResource } from '../resource.ts';
import { attributeDiff } from './attributes.ts';

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
      {
        api: 'hcloud',
        method: 'POST',
        path: `/servers/${server.id}/actions/change_dns_ptr`,
        body: { ip: server.ip, dns_ptr: after?.name ?? null },
      },
    ],
    send: async ({ method, path, body }, signal) => {
      await cloud.change(method, path, body ?? undefined, signal);
    },
    describe: (change) => attributeDiff(change),
  };
}
