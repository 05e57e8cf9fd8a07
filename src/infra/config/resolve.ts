// A valid infra.yaml -> the model. Trusts the schema: what it demands is there.
import { join } from 'node:path';
import { entriesOf, flag, itemsOf, numberOf, optional, oneOf, scalarText, text, textsOf } from './nodes.ts';
import { serviceOf } from './resolve-service.ts';
import type { Position } from '../../lib/diagnostic.ts';
import { textOf, valueOf, type YamlNode } from '../../lib/yaml-node.ts';
import {
  sectionNames,
  type BackupConfig,
  type ContainerConfig,
  type DnsConfig,
  type FirewallConfig,
  type FirewallRule,
  type Infra,
  type InfraHost,
  type LoadBalancerConfig,
  type NodeConfig,
  type RecordConfig,
  type SectionName,
} from './model.ts';

/** TTL of records that say none, in seconds. */
const defaultTtl = 300;

export function resolveInfra(root: YamlNode, file: string, home: string): Infra {
  const section = (name: SectionName) => valueOf(root, name);
  const balancer = section('load_balancer');
  const network = section('network');
  const dns = section('dns');
  const wildcard = valueOf(section('ssl'), 'wildcard');
  const database = section('database');
  const cache = section('cache');
  const s3 = section('s3');
  const monitoring = section('monitoring');
  const backups = section('backups');
  const jobs = (name: string) => itemsOf(valueOf(backups, name)).map(backupOf);
  return {
    file,
    hosts: new Map(entriesOf(section('hosts')).map(({ key, value, where }) => [key, hostOf(key, value, where, home)])),
    containers: new Map(entriesOf(section('containers')).map(({ key, value }) => [key, containerOf(value)])),
    firewalls: new Map(entriesOf(section('firewalls')).map(({ key, value }) => [key, firewallOf(value)])),
    services: new Map(entriesOf(section('services')).map(({ key, value }) => [key, serviceOf(value)])),
    sections: sectionsOf(root),
    ...(balancer && { loadBalancer: balancerOf(balancer) }),
    ...(network && { network: { name: text(network, 'name'), cidr: text(network, 'cidr') } }),
    ...(dns && { dns: dnsOf(dns) }),
    ...(wildcard && {
      ssl: {
        wildcard: {
          domains: textsOf(valueOf(wildcard, 'domains')),
          method: 'dns-01',
          dnsProvider: 'cloudns',
          ...optional('termination', textOf(valueOf(wildcard, 'termination'))),
        },
      },
    }),
    ...(database && {
      database: {
        engine: text(database, 'engine'),
        nodes: itemsOf(valueOf(database, 'nodes')).map(nodeOf),
        ...optional('version', scalarText(valueOf(database, 'version'))),
        ...optional('cluster', textOf(valueOf(database, 'cluster'))),
        ...optional('backup', databaseBackupOf(valueOf(database, 'backup'))),
      },
    }),
    ...(cache && {
      cache: {
        engine: text(cache, 'engine'),
        sentinel: flag(cache, 'sentinel'),
        nodes: itemsOf(valueOf(cache, 'nodes')).map(nodeOf),
        ...optional('version', scalarText(valueOf(cache, 'version'))),
      },
    }),
    ...(s3 && {
      s3: {
        endpoint: text(s3, 'endpoint'),
        buckets: new Map(
          entriesOf(valueOf(s3, 'buckets')).map(({ key, value }) => [
            key,
            { paths: textsOf(valueOf(value, 'paths')), ...optional('purpose', textOf(valueOf(value, 'purpose'))) },
          ]),
        ),
      },
    }),
    ...(monitoring && {
      monitoring: {
        healthEndpoints: itemsOf(valueOf(monitoring, 'health_endpoints')).map((endpoint) => ({
          url: text(endpoint, 'url'),
          intervalSeconds: secondsOf(scalarText(valueOf(endpoint, 'interval')) ?? '60'),
        })),
        alerts: new Map(entriesOf(valueOf(monitoring, 'alerts')).map(({ key, value }) => [key, numberOf(value, 0)])),
      },
    }),
    ...(backups && { backups: { daily: jobs('daily'), weekly: jobs('weekly') } }),
  };
}

/** `~` and `~/x` are the home directory; another user's home is not known, so it stays. */
export function expandHome(path: string, home: string): string {
  if (path === '~') return home;
  return path.startsWith('~/') ? join(home, path.slice(2)) : path;
}

function hostOf(name: string, node: YamlNode, where: Position, home: string): InfraHost {
  const ssh = valueOf(node, 'ssh');
  const key = textOf(valueOf(ssh, 'key'));
  const port = numberOf(valueOf(ssh, 'port'), 0);
  return {
    name,
    where,
    type: text(node, 'type') === 'hrobot' ? 'hrobot' : 'hcloud',
    services: textsOf(valueOf(node, 'services')),
    ssh: {
      port: port === 0 ? 22 : port,
      ...optional('user', textOf(valueOf(ssh, 'user'))),
      ...optional('key', key === undefined ? undefined : expandHome(key, home)),
    },
    ...optional('fqdn', textOf(valueOf(node, 'fqdn'))),
    ...optional('ip', textOf(valueOf(node, 'ip'))),
    ...optional('rdns', textOf(valueOf(node, 'rdns'))),
    ...optional('privateIp', textOf(valueOf(node, 'private_ip'))),
    ...optional('role', textOf(valueOf(node, 'role'))),
  };
}

function balancerOf(node: YamlNode): LoadBalancerConfig {
  const check = valueOf(node, 'health_check');
  const ssl = valueOf(node, 'ssl');
  return {
    where: node.where,
    name: text(node, 'name'),
    type: text(node, 'type'),
    location: text(node, 'location'),
    algorithm: textOf(valueOf(node, 'algorithm')) === 'least_connections' ? 'least_connections' : 'round_robin',
    backends: itemsOf(valueOf(node, 'backends')).map((one) => ({ ...nodeOf(one), where: one.where })),
    listeners: itemsOf(valueOf(node, 'listeners')).map((one) => ({
      frontend: numberOf(valueOf(one, 'frontend'), 0),
      backend: numberOf(valueOf(one, 'backend'), 0),
      protocol: oneOf(text(one, 'protocol'), ['tcp', 'http', 'https'] as const),
      proxyProtocol: flag(one, 'proxy_protocol'),
      where: one.where,
    })),
    ...(check && {
      healthCheck: {
        protocol: oneOf(textOf(valueOf(check, 'protocol')) ?? 'http', ['http', 'tcp'] as const),
        path: textOf(valueOf(check, 'path')) ?? '/',
        interval: numberOf(valueOf(check, 'interval'), 15),
      },
    }),
    ...(ssl && { ssl: { certificate: text(ssl, 'certificate'), san: textsOf(valueOf(ssl, 'san')) } }),
    ...optional('fqdn', textOf(valueOf(node, 'fqdn'))),
  };
}

function dnsOf(node: YamlNode): DnsConfig {
  const zones = entriesOf(valueOf(node, 'zones')).map(
    ({ key, value }) => [key.toLowerCase(), itemsOf(valueOf(value, 'records')).map(recordOf)] as const,
  );
  return { nameservers: textsOf(valueOf(node, 'nameservers')), zones: new Map(zones) };
}

function recordOf(node: YamlNode): RecordConfig {
  const number = (key: string) => {
    const value = valueOf(node, key);
    return value ? numberOf(value, 0) : undefined;
  };
  return {
    where: node.where,
    name: text(node, 'name'),
    type: text(node, 'type'),
    value: text(node, 'value'),
    ttl: number('ttl') ?? defaultTtl,
    ...optional('priority', number('priority')),
    ...optional('weight', number('weight')),
    ...optional('port', number('port')),
    ...optional('flag', number('flag')),
    ...optional('tag', textOf(valueOf(node, 'tag'))),
  };
}

function containerOf(node: YamlNode): ContainerConfig {
  const port = valueOf(node, 'port');
  return {
    image: text(node, 'image'),
    replicas: numberOf(valueOf(node, 'replicas'), 1),
    dependsOn: textsOf(valueOf(node, 'depends_on')),
    ...optional('port', port && numberOf(port, 0)),
    ...optional('runtime', textOf(valueOf(node, 'runtime'))),
    ...optional('command', textOf(valueOf(node, 'command'))),
  };
}

function databaseBackupOf(node: YamlNode | undefined): NonNullable<Infra['database']>['backup'] | undefined {
  if (!node) return undefined;
  return {
    schedule: text(node, 'schedule'),
    destination: text(node, 'destination'),
    ...optional('bucket', textOf(valueOf(node, 'bucket'))),
    ...optional('prefix', textOf(valueOf(node, 'prefix'))),
  };
}

function firewallOf(node: YamlNode): FirewallConfig {
  return {
    hosts: textsOf(valueOf(node, 'hosts')),
    inbound: itemsOf(valueOf(node, 'inbound')).map((rule) => ({
      protocol: text(rule, 'protocol') as FirewallRule['protocol'],
      from: textsOf(valueOf(rule, 'from')),
      ...optional('port', scalarText(valueOf(rule, 'port'))),
      ...optional('description', textOf(valueOf(rule, 'description'))),
    })),
  };
}

function backupOf(node: YamlNode): BackupConfig {
  const keep = valueOf(node, 'keep');
  return {
    name: text(node, 'name'),
    type: text(node, 'type'),
    hosts: textsOf(valueOf(node, 'hosts')),
    paths: textsOf(valueOf(node, 'paths')),
    ...optional('destination', textOf(valueOf(node, 'destination'))),
    ...(keep && { keep: numberOf(keep, 1) }),
  };
}

function nodeOf(node: YamlNode): NodeConfig {
  return { host: text(node, 'host'), port: numberOf(valueOf(node, 'port'), 0) };
}

function sectionsOf(root: YamlNode): ReadonlyMap<SectionName, Position> {
  const sections = new Map<SectionName, Position>();
  for (const { key, where } of entriesOf(root)) {
    const name = sectionNames.find((one) => one === key);
    if (name) sections.set(name, where);
  }
  return sections;
}

/** `60`, `"60"`, `60s` or `1m`, in seconds. */
function secondsOf(value: string): number {
  const [, count = '60', unit = 's'] = /^(\d+)\s*(s|m|h)?$/.exec(value) ?? [];
  return Number(count) * ({ s: 1, m: 60, h: 3600 }[unit] ?? 1);
}
