// What infra.yaml says of servers of Hetzner Cloud beside the load balancer: firewalls, reverse DNS, snapshots. Only such
// servers can have them.
import { isIP, isIPv4 } from 'node:net';
import { cidrProblem } from './cidr.ts';
import type { FirewallRule, Infra } from './model.ts';

export type Path = readonly (string | number)[];
export type Report = (code: string, message: string, path: Path, hint?: string) => void;

/** Ports that nobody can log in through where a firewall closes them. */
export function closedDoors({
  hosts,
  firewalls,
}: Infra): readonly { readonly firewall: string; readonly host: string; readonly port: number }[] {
  return [...hosts.values()].flatMap(({ name, ssh: { port } }) => {
    const own = [...firewalls].filter(([, firewall]) => firewall.hosts.includes(name));
    const first = own[0]?.[0];
    const open = own.some(([, { inbound }]) => inbound.some((rule) => rule.protocol === 'tcp' && lets(rule, port)));
    return first === undefined || open ? [] : [{ firewall: first, host: name, port }];
  });
}

function lets({ port }: FirewallRule, wanted: number): boolean {
  if (port === undefined) return true;
  const [first = 0, last = first] = port.split('-').map(Number);
  return first <= wanted && wanted <= last;
}

/** The type of backups that are snapshots. */
export const snapshotType = 'hcloud-snapshot';

export function checkServers(infra: Infra, report: Report): void {
  const inCloud = (name: string, path: Path, what: string) => {
    if (infra.hosts.get(name)?.type !== 'hrobot') return;
    report('not-a-cloud-server', `"${name}" is a dedicated server, and ${what}`, path, 'Leave it out.');
  };
  for (const host of infra.hosts.values()) {
    if (host.rdns === undefined) continue;
    const path = ['hosts', host.name, 'rdns'];
    inCloud(host.name, path, 'its reverse DNS is not managed here');
    if (host.ip !== undefined && !isIPv4(host.ip))
      report('bad-address', `reverse DNS is managed for IPv4 addresses, and "${host.name}" has ${host.ip}`, path);
  }
  for (const [name, { hosts, inbound }] of infra.firewalls) {
    hosts.forEach((host, index) =>
      inCloud(host, ['firewalls', name, 'hosts', index], "Hetzner Cloud's firewalls are not for it"),
    );
    inbound.forEach((rule, index) => checkRule(rule, ['firewalls', name, 'inbound', index], report));
  }
  for (const period of ['daily', 'weekly'] as const) {
    infra.backups?.[period].forEach(({ type, hosts, keep }, job) => {
      const path = ['backups', period, job];
      if (type === snapshotType)
        hosts.forEach((host, index) => inCloud(host, [...path, 'hosts', index], 'has no snapshots'));
      else if (keep !== undefined)
        report('not-for-this', `\`keep\` is for backups of type ${snapshotType}`, [...path, 'keep'], 'Remove it.');
    });
  }
}

function checkRule({ protocol, port, from }: FirewallRule, path: Path, report: Report): void {
  if (port !== undefined) {
    const [first = 0, last = first] = port.split('-').map(Number);
    const right = /^\d+(?:-\d+)?$/.test(port) && first >= 1 && last <= 65_535 && first <= last;
    if (!right)
      report(
        'bad-port',
        `"${port}" is no port and no range of ports`,
        [...path, 'port'],
        'For instance 22 or 8000-8080.',
      );
    if (protocol !== 'tcp' && protocol !== 'udp')
      report('not-for-this', `${protocol} has no ports`, [...path, 'port'], 'Remove it.');
  }
  from.forEach((network, index) => {
    const problem = isIP(network) === 0 ? cidrProblem(network) : null;
    if (problem !== null) report('bad-cidr', `"${network}" is no network: ${problem}`, [...path, 'from', index]);
  });
}
