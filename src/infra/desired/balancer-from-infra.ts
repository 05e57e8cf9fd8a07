// What infra.yaml wants of the load balancer, as resources: itself, its network, its certificates.
import type { BackendConfig, Infra, ListenerConfig, LoadBalancerConfig } from '../config/model.ts';
import { hostIn } from '../cloudns/records.ts';
import type { HetznerCloud } from '../hetzner-cloud/client.ts';
import type { Server } from '../hetzner-cloud/types.ts';
import type { AnyCloudResource } from '../resource.ts';
import type { CertificateSource } from '../certificate-source.ts';
import {
  certificateOutput,
  certificateResource,
  generations,
  outdatedCertificates,
  type WantedCertificate,
} from './certificate.ts';
import { loadBalancerResource, type WantedService, type WantedTarget } from './load-balancer.ts';
import { networkOutput, networkResource, zoneOf } from './network.ts';
import { owner } from './ownership.ts';
import { serverOf } from './servers-from-infra.ts';

export interface BalancerOptions {
  readonly adopt: boolean;
  /** Gets certificates that Hetzner cannot get: those with wildcards, and those of zones that are elsewhere. */
  readonly certificates?: CertificateSource | null;
  readonly signal?: AbortSignal | undefined;
}

/** The load balancer with the network and the certificates that it needs. Empty where the file has none. */
export async function balancerResources(
  infra: Infra,
  cloud: HetznerCloud,
  options: BalancerOptions,
): Promise<readonly AnyCloudResource[]> {
  const { loadBalancer: wanted, network } = infra;
  if (!wanted) return [];
  const servers = await cloud.servers(options.signal);
  const networkId = network && (await cloud.network(network.name, options.signal))?.id;
  const certificates = await certificatesOf(infra, wanted, cloud, options);
  const balancer = loadBalancerResource(
    cloud,
    {
      name: wanted.name,
      type: wanted.type,
      location: wanted.location,
      algorithm: wanted.algorithm,
      labels: { [owner.label]: owner.value },
      ...(network && { networkOutput: networkOutput(network.name) }),
      services: wanted.listeners.map((listener) => serviceOf(wanted, listener, certificates)),
      targets: wanted.backends.map((backend) => targetOf(infra, backend, servers, networkId)),
    },
    options,
  );
  return [
    ...(network ? [networkResource(cloud, { ...network, zone: zoneOf(wanted.location) })] : []),
    ...certificates.map((one) => certificateResource(cloud, one)),
    balancer,
    ...certificates.flatMap(({ source, ...one }) =>
      source ? [outdatedCertificates(cloud, { ...one, source }, { key: balancer.key, name: wanted.name })] : [],
    ),
  ];
}

/** The names that certificates of the load balancer are for; those of `ssl.wildcard` are beside them. */
export function balancerDomains({ fqdn, ssl }: LoadBalancerConfig): readonly string[] {
  return [...new Set([...(fqdn === undefined ? [] : [fqdn]), ...(ssl?.san ?? [])])];
}

/** The one that is named, and the wildcard where it ends at the load balancer. */
async function certificatesOf(
  infra: Infra,
  wanted: LoadBalancerConfig,
  cloud: HetznerCloud,
  { certificates, signal }: BalancerOptions,
): Promise<readonly WantedCertificate[]> {
  if (!wanted.listeners.some(({ protocol }) => protocol === 'https')) return [];
  const from = (name: string, domains: readonly string[]): WantedCertificate => ({
    name,
    domains,
    ...(certificates && domains.some((domain) => isElsewhere(infra, domain)) && { source: certificates }),
  });
  const named = wanted.ssl ? [from(wanted.ssl.certificate, balancerDomains(wanted))] : [];
  const wildcard = infra.ssl?.wildcard;
  if (!wildcard || wildcard.termination === 'hosts') return named;
  if (wanted.ssl && wildcard.termination === undefined) return named;
  const own = from(wildcard.domains[0]?.replace('*.', 'wildcard.') ?? wanted.name, wildcard.domains);
  if (!wanted.ssl || own.name === wanted.ssl.certificate) return wanted.ssl ? named : [own];
  // Nobody was agreed with yet who would issue it: the load balancer does without it until then.
  const there = own.source !== undefined || generations(own, await cloud.certificates(signal)).length > 0;
  return there ? [...named, own] : named;
}

/** Hetzner gets no wildcards, and no certificates for zones that its own name servers do not have. */
function isElsewhere({ dns }: Infra, domain: string): boolean {
  return (
    domain.startsWith('*.') ||
    [...(dns?.zones.keys() ?? [])].some((zone) => hostIn(zone, domain) !== domain.toLowerCase())
  );
}

/** As the first tool had it: health is asked for on the port that traffic goes to, 10 s, 3 times, any 2xx. */
function serviceOf(
  balancer: LoadBalancerConfig,
  listener: ListenerConfig,
  certificates: readonly WantedCertificate[],
): WantedService {
  const check = balancer.healthCheck;
  const http =
    check?.protocol === 'tcp'
      ? null
      : { domain: '', path: check?.path ?? '/', response: '', status_codes: ['2??'], tls: false };
  const certificateOutputs =
    listener.protocol === 'https' ? certificates.map(({ name }) => certificateOutput(name)) : [];
  const options = {
    cookie_name: listener.cookieName ?? 'HCLBSTICKY',
    cookie_lifetime: listener.cookieLifetime ?? 300,
    redirect_http: listener.redirectHttp,
    sticky_sessions: listener.stickySessions,
  };
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
function targetOf(
  infra: Infra,
  { host: name, labelSelector }: BackendConfig,
  servers: readonly Server[],
  networkId: number | undefined,
): WantedTarget {
  if (labelSelector !== undefined) return { type: 'label_selector', selector: labelSelector, usePrivateIp: false };
  const host = name === undefined ? undefined : infra.hosts.get(name);
  if (host?.type === 'hrobot') return { type: 'ip', ip: host.ip ?? '' };
  const { id, private_net: networks } = serverOf(host, servers);
  // Only a server that is in the load balancer's network can be reached by its private address.
  return { type: 'server', id, usePrivateIp: networks.some(({ network }) => network === networkId) };
}
