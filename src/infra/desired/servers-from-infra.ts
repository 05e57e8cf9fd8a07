// What infra.yaml wants for servers of Hetzner Cloud that are there: firewalls, reverse DNS, snapshots.
import { isIP, isIPv4 } from 'node:net';
import { VezaError } from '../../lib/errors.ts';
import type { FirewallRule, Infra, InfraHost } from '../config/model.ts';
import { snapshotType } from '../config/server-references.ts';
import type { HetznerCloud } from '../hetzner-cloud/client.ts';
import type { Server } from '../hetzner-cloud/types.ts';
import type { AnyCloudResource } from '../resource.ts';
import { firewallResource, type WantedRule } from './firewall.ts';
import { reverseDnsResource } from './reverse-dns.ts';
import { snapshotResource } from './snapshot.ts';

/** Firewalls and reverse DNS. Throws VezaError `unknown-server`. */
export function serverResources(
  infra: Infra,
  cloud: HetznerCloud,
  servers: readonly Server[],
  options: { readonly adopt: boolean },
): readonly AnyCloudResource[] {
  const firewalls = [...infra.firewalls].map(([name, { hosts, inbound }]) => {
    const wanted = {
      name,
      rules: inbound.map(ruleOf),
      servers: hosts.map((host) => serverOf(infra.hosts.get(host), servers)),
    };
    return firewallResource(cloud, wanted, options);
  });
  const names = [...infra.hosts.values()].flatMap((host) => {
    if (host.rdns === undefined) return [];
    const { id, name } = serverOf(host, servers);
    return [reverseDnsResource(cloud, { id, name, ip: host.ip ?? '' }, host.rdns)];
  });
  return [...firewalls, ...names];
}

const day = 86_400_000;

/** The snapshots of the backups section: one for each day or week, and no more than are to stay. Throws VezaError `unknown-server`. */
export function snapshotResources(
  infra: Infra,
  cloud: HetznerCloud,
  servers: readonly Server[],
  now: () => number,
): readonly AnyCloudResource[] {
  return (['daily', 'weekly'] as const).flatMap((period) =>
    (infra.backups?.[period] ?? [])
      .filter(({ type }) => type === snapshotType)
      .flatMap(({ name, hosts, keep }) =>
        hosts.map((host) => {
          const { id, name: server } = serverOf(infra.hosts.get(host), servers);
          const wanted = {
            server: { id, name: server },
            description: `${period} ${name} of ${host}`,
            labels: { backup: labelOf(name), period },
            maxAgeMs: period === 'daily' ? day : 7 * day,
            ...(keep !== undefined && { keep }),
          };
          return snapshotResource(cloud, wanted, now);
        }),
      ),
  );
}

/** Whether the file wants anything of `serverResources`, or of `snapshotResources`. */
export function wantsOfServers(infra: Infra): boolean {
  return infra.firewalls.size > 0 || [...infra.hosts.values()].some(({ rdns }) => rdns !== undefined);
}

export function wantsSnapshots({ backups }: Infra): boolean {
  return [...(backups?.daily ?? []), ...(backups?.weekly ?? [])].some(({ type }) => type === snapshotType);
}

function ruleOf({ protocol, port, from, description }: FirewallRule): WantedRule {
  const hasPorts = protocol === 'tcp' || protocol === 'udp';
  const networks = from.length === 0 ? ['0.0.0.0/0', '::/0'] : from.map(networkOf);
  return {
    direction: 'in',
    protocol,
    ...(hasPorts && { port: port ?? '1-65535' }),
    source_ips: [...new Set(networks)],
    ...(description !== undefined && { description }),
  };
}

function networkOf(text: string): string {
  if (isIP(text) === 0) return text;
  return isIPv4(text) ? `${text}/32` : `${text}/128`;
}

/** What a label may hold. */
function labelOf(text: string): string {
  return text
    .replaceAll(/[^\w.-]/g, '-')
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/gi, '')
    .slice(0, 63);
}

/** The server of the project that has the address of a host of the file. Throws VezaError `unknown-server`. */
export function serverOf(host: InfraHost | undefined, servers: readonly Server[]): Server {
  const found = host && servers.find((server) => isHost(server, host));
  if (found) return found;
  const message = `no server of the project has the address ${host?.ip ?? '?'} of "${host?.name ?? '?'}"`;
  throw new VezaError('unknown-server', message, {
    ...(host && { where: host.where }),
    hint: 'Correct the address, or give the host `type: hrobot` if it is a dedicated server.',
  });
}

/** IPv6 addresses are within the network that a server has. */
function isHost({ public_net: { ipv4, ipv6 } }: Server, { ip }: InfraHost): boolean {
  if (ip === undefined) return false;
  const prefix = ipv6?.ip.replace(/::?\/64$/, ':');
  return ipv4?.ip === ip || ipv6?.ip === ip || (prefix !== undefined && prefix.length > 2 && ip.startsWith(prefix));
}
