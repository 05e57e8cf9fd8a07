// What infra.yaml wants of the cloud, as resources. Says which of its sections are acted on, and by what.
import type { Infra, ListenerConfig, LoadBalancerConfig } from '../config/model.ts';
import type { ClouDns } from '../cloudns/client.ts';
import { hostIn, type DnsRecord } from '../cloudns/records.ts';
import type { HetznerCloud } from '../hetzner-cloud/client.ts';
import type { Server } from '../hetzner-cloud/types.ts';
import type { AnyCloudResource } from '../resource.ts';
import type { CertificateSource } from '../certificate-source.ts';
import { certificateOutput, certificateResource, outdatedCertificates, type WantedCertificate } from './certificate.ts';
import { loadBalancerResource, type WantedService, type WantedTarget } from './load-balancer.ts';
import { networkOutput, networkResource, zoneOf } from './network.ts';
import { isMarkerHost, markerOf, owner } from './ownership.ts';
import { absentRecordSet, recordSetKey, recordSetResource, type WantedSet } from './record-set.ts';
import { serverOf } from './servers-from-infra.ts';
import { zoneView } from './zone-view.ts';

export interface BalancerOptions {
  readonly adopt: boolean;
  /** Gets certificates that Hetzner cannot get: those with wildcards. */
  readonly certificates?: CertificateSource | null;
}

/** The load balancer with the network and the certificates that it needs. Empty where the file has none. */
export function balancerResources(
  infra: Infra,
  cloud: HetznerCloud,
  servers: readonly Server[],
  options: BalancerOptions,
): readonly AnyCloudResource[] {
  const { loadBalancer: wanted, network } = infra;
  if (!wanted) return [];
  const certificate = certificateOf(infra, wanted, options);
  const balancer = loadBalancerResource(
    cloud,
    {
      name: wanted.name,
      type: wanted.type,
      location: wanted.location,
      algorithm: wanted.algorithm,
      labels: { [owner.label]: owner.value },
      ...(network && { networkOutput: networkOutput(network.name) }),
      services: wanted.listeners.map((listener) => serviceOf(wanted, listener, certificate)),
      targets: wanted.backends.map(({ host }) => targetOf(infra, host, servers)),
    },
    options,
  );
  return [
    ...(network ? [networkResource(cloud, { ...network, zone: zoneOf(wanted.location) })] : []),
    ...(certificate ? [certificateResource(cloud, certificate)] : []),
    balancer,
    ...(certificate?.source
      ? [
          outdatedCertificates(
            cloud,
            { ...certificate, source: certificate.source },
            { key: balancer.key, name: wanted.name },
          ),
        ]
      : []),
  ];
}

/** Hetzner gets those of plain names; what has wildcards is got elsewhere. */
function certificateOf(
  infra: Infra,
  wanted: LoadBalancerConfig,
  { certificates }: BalancerOptions,
): WantedCertificate | null {
  if (!wanted.listeners.some(({ protocol }) => protocol === 'https')) return null;
  const given = (name: string, domains: readonly string[]) => {
    const elsewhere = domains.some((domain) => domain.startsWith('*.'));
    return { name, domains, ...(elsewhere && certificates && { source: certificates }) };
  };
  if (wanted.ssl) {
    const { certificate: name, san } = wanted.ssl;
    return given(name, [...new Set([...(wanted.fqdn === undefined ? [] : [wanted.fqdn]), ...san])]);
  }
  const wildcard = infra.ssl?.wildcard;
  return wildcard ? given(wildcard.domains[0]?.replace('*.', 'wildcard.') ?? wanted.name, wildcard.domains) : null;
}

/** As the first tool had it: health is asked for on the port that traffic goes to, 10 s, 3 times, any 2xx. */
function serviceOf(
  balancer: LoadBalancerConfig,
  listener: ListenerConfig,
  certificate: WantedCertificate | null,
): WantedService {
  const check = balancer.healthCheck;
  const http =
    check?.protocol === 'tcp'
      ? null
      : { domain: '', path: check?.path ?? '/', response: '', status_codes: ['2??'], tls: false };
  const certificateOutputs = listener.protocol === 'https' && certificate ? [certificateOutput(certificate.name)] : [];
  const options = { cookie_name: 'HCLBSTICKY', cookie_lifetime: 300, redirect_http: false, sticky_sessions: false };
  return {
    protocol: listener.protocol,
    listen_port: listener.frontend,
    destination_port: listener.backend,
    proxyprotocol: listener.proxyProtocol,
    health_check: {
      protocol: check?.protocol ?? 'tcp',
      port: listener.backend,
      interval: check?.interval ?? 15,
      timeout: 10,
      retries: 3,
      ...(check && http && { http }),
    },
    ...(listener.protocol !== 'tcp' && { http: { ...options, certificateOutputs } }),
  };
}

/** Addresses are for dedicated servers only; cloud servers are targets by their id. Throws VezaError `unknown-server`. */
function targetOf(infra: Infra, name: string, servers: readonly Server[]): WantedTarget {
  const host = infra.hosts.get(name);
  if (host?.type === 'hrobot') return { type: 'ip', ip: host.ip ?? '' };
  const { id, private_net: networks } = serverOf(host, servers);
  // Only a server that is in a network can be reached by its private address.
  return { type: 'server', id, usePrivateIp: infra.network !== undefined && networks.length > 0 };
}

export interface DnsOptions {
  readonly adopt: boolean;
  readonly allowedTtls: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

/** The record sets of all zones, and those that we made and that the file has no more. */
export async function dnsResources(
  infra: Infra,
  dns: ClouDns,
  options: DnsOptions,
): Promise<readonly AnyCloudResource[]> {
  const resources: AnyCloudResource[] = [];
  for (const zone of infra.dns?.zones.keys() ?? []) {
    const view = zoneView(dns, zone, options.signal);
    const wanted = wantedSets(infra, zone);
    const gone = orphans(await view.records(), wanted, zone).map((at) => absentRecordSet(dns, view, at));
    const sets = wanted.map((set) => {
      const resource = recordSetResource(dns, view, set, { ...options, marked: true });
      return { ...resource, after: before(set, wanted, gone) };
    });
    resources.push(...gone, ...sets);
  }
  return resources;
}

/** Records of one host and type are one set; the shortest of their TTLs holds. */
export function wantedSets(infra: Infra, zone: string): readonly WantedSet[] {
  const records = infra.dns?.zones.get(zone) ?? [];
  const groups = Map.groupBy(records, ({ name, type }) => `${hostIn(zone, name)} ${type}`);
  return [...groups.values()].map((group) => {
    const [first] = group;
    const values = group.map(({ name: _name, type: _type, ttl: _ttl, where: _where, ...value }) => value);
    return {
      zone,
      host: hostIn(zone, first?.name ?? ''),
      type: first?.type ?? 'A',
      ttl: Math.min(...group.map(({ ttl }) => ttl)),
      values,
    };
  });
}

function orphans(
  records: readonly DnsRecord[],
  wanted: readonly WantedSet[],
  zone: string,
): readonly Pick<WantedSet, 'zone' | 'host' | 'type'>[] {
  const found = new Map<string, Pick<WantedSet, 'zone' | 'host' | 'type'>>();
  for (const { host, type } of records) {
    if (isMarkerHost(host) || wanted.some((set) => set.host === host && set.type === type)) continue;
    const marker = markerOf(host, type);
    const ours = records.some((one) => one.host === marker.host && one.type === 'TXT' && one.value === marker.value);
    if (ours) found.set(`${host} ${type}`, { zone, host, type });
  }
  return [...found.values()];
}

/** A name's old records go before its new ones come; addresses come before the name servers that they are of. */
function before(set: WantedSet, all: readonly WantedSet[], gone: readonly AnyCloudResource[]): readonly string[] {
  const sameHost = gone.map(({ key }) => key).filter((key) => key.startsWith(recordSetKey({ ...set, type: '' })));
  const addresses =
    set.type === 'NS' ? all.filter(({ type }) => type === 'A' || type === 'AAAA').map(recordSetKey) : [];
  return [...sameHost, ...addresses];
}
