// infra.yaml after reading: defaults filled in, names resolved, places kept for messages.
import type { Position } from '../../lib/diagnostic.ts';

export interface Infra {
  readonly file: string;
  /** In the order of the file. */
  readonly hosts: ReadonlyMap<string, InfraHost>;
  readonly loadBalancer?: LoadBalancerConfig;
  readonly network?: { readonly name: string; readonly cidr: string };
  readonly firewalls: ReadonlyMap<string, FirewallConfig>;
  readonly dns?: DnsConfig;
  readonly ssl?: { readonly wildcard: WildcardConfig };
  readonly database?: DatabaseConfig;
  readonly cache?: CacheConfig;
  readonly containers: ReadonlyMap<string, ContainerConfig>;
  readonly s3?: S3Config;
  readonly services: ReadonlyMap<string, ServiceConfig>;
  readonly monitoring?: MonitoringConfig;
  readonly backups?: BackupsConfig;
  /** Sections that are there, in the order of the file, with their places. */
  readonly sections: ReadonlyMap<SectionName, Position>;
}

export const sectionNames = [
  'hosts',
  'load_balancer',
  'network',
  'firewalls',
  'dns',
  'ssl',
  'database',
  'cache',
  'containers',
  's3',
  'cdn',
  'cicd',
  'monitoring',
  'backups',
  'services',
] as const;

export type SectionName = (typeof sectionNames)[number];

export interface InfraHost {
  readonly name: string;
  readonly fqdn?: string;
  readonly ip?: string;
  readonly privateIp?: string;
  /** Name that reverse DNS gives for `ip`. */
  readonly rdns?: string;
  /** Hetzner Cloud or Hetzner Robot (dedicated). */
  readonly type: 'hcloud' | 'hrobot';
  readonly role?: string;
  readonly ssh: { readonly user?: string; readonly key?: string; readonly port: number };
  readonly services: readonly string[];
  readonly where: Position;
}

export interface LoadBalancerConfig {
  readonly name: string;
  readonly fqdn?: string;
  readonly type: string;
  readonly location: string;
  readonly algorithm: 'round_robin' | 'least_connections';
  readonly backends: readonly { readonly host: string; readonly port: number; readonly where: Position }[];
  readonly healthCheck?: {
    readonly protocol: 'http' | 'tcp';
    readonly path: string;
    /** Seconds. */
    readonly interval: number;
  };
  readonly listeners: readonly ListenerConfig[];
  readonly ssl?: { readonly certificate: string; readonly san: readonly string[] };
  readonly where: Position;
}

export interface ListenerConfig {
  readonly frontend: number;
  readonly backend: number;
  readonly protocol: 'tcp' | 'http' | 'https';
  readonly proxyProtocol: boolean;
  readonly where: Position;
}

export interface FirewallConfig {
  readonly hosts: readonly string[];
  readonly inbound: readonly FirewallRule[];
}

export interface FirewallRule {
  readonly protocol: 'tcp' | 'udp' | 'icmp' | 'esp' | 'gre';
  /** `22` or `8000-8080`; left out: all. */
  readonly port?: string;
  /** Networks; empty: everywhere. */
  readonly from: readonly string[];
  readonly description?: string;
}

export interface DnsConfig {
  readonly nameservers: readonly string[];
  readonly zones: ReadonlyMap<string, readonly RecordConfig[]>;
}

export interface RecordConfig {
  readonly name: string;
  readonly type: string;
  /** May hold `{{lb_ip}}`. */
  readonly value: string;
  readonly ttl: number;
  readonly priority?: number;
  readonly weight?: number;
  readonly port?: number;
  readonly flag?: number;
  readonly tag?: string;
  readonly where: Position;
}

export interface WildcardConfig {
  readonly domains: readonly string[];
  readonly method: 'dns-01';
  readonly dnsProvider: 'cloudns';
  readonly termination?: string;
}

export interface NodeConfig {
  readonly host: string;
  readonly port: number;
}

export interface DatabaseConfig {
  readonly engine: string;
  readonly version?: string;
  readonly cluster?: string;
  readonly nodes: readonly NodeConfig[];
  readonly backup?: {
    readonly schedule: string;
    readonly destination: string;
    readonly bucket?: string;
    readonly prefix?: string;
  };
}

export interface CacheConfig {
  readonly engine: string;
  readonly version?: string;
  readonly sentinel: boolean;
  readonly nodes: readonly NodeConfig[];
}

export interface ContainerConfig {
  readonly image: string;
  readonly port?: number;
  readonly runtime?: string;
  readonly command?: string;
  readonly replicas: number;
  readonly dependsOn: readonly string[];
}

export const serviceTypes = ['postgresql', 'mysql', 'mariadb', 'mongodb', 'redis'] as const;
export type ServiceType = (typeof serviceTypes)[number];

/** A data service in a container of its host. */
export interface ServiceConfig {
  readonly type: ServiceType;
  readonly host: string;
  readonly username?: string;
  /** Else a random one, made on the host. */
  readonly password?: string;
  readonly databaseName?: string;
  readonly version?: string;
  readonly useLatestVersion: boolean;
  readonly variables: ReadonlyMap<string, string>;
  /** `5432` or `15432:5432`: on loopback only. */
  readonly exposedPorts: readonly string[];
  readonly volumes: readonly ServiceVolume[];
  readonly domain?: {
    readonly domain: string;
    readonly certResolver: string;
    readonly entrypoint: string;
    readonly allowedCidrs: readonly string[];
  };
}

export interface ServiceVolume {
  readonly name: string;
  readonly containerPath: string;
  readonly readOnly: boolean;
  readonly driver?: string;
  readonly driverOpts: ReadonlyMap<string, string>;
}

export interface S3Config {
  readonly endpoint: string;
  readonly buckets: ReadonlyMap<string, { readonly purpose?: string; readonly paths: readonly string[] }>;
}

export interface MonitoringConfig {
  readonly healthEndpoints: readonly { readonly url: string; readonly intervalSeconds: number }[];
  readonly alerts: ReadonlyMap<string, number>;
}

export interface BackupConfig {
  readonly name: string;
  readonly type: string;
  readonly destination?: string;
  readonly hosts: readonly string[];
  /** How many stay of each host. */
  readonly keep?: number;
  /** What a tar holds. */
  readonly paths: readonly string[];
}

export interface BackupsConfig {
  readonly daily: readonly BackupConfig[];
  readonly weekly: readonly BackupConfig[];
}
