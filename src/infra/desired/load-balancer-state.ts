// What is compared of a load balancer, in one form: as the API tells it, and as it is wanted.
import { isUnknown } from '../../core/unknown.ts';
import type { LoadBalancer, Service, Target } from '../hetzner-cloud/types.ts';
import type { WantedTarget } from './load-balancer.ts';

/**
 * `type`, `location`, `algorithm`, `labels`, `network` (id or null), and one attribute for each `service PORT` and
 * `target KIND VALUE`. `id` and `address` are only ever observed.
 */
export type BalancerState = Readonly<Record<string, unknown>> & {
  readonly id?: number;
  readonly address?: string | null;
};

export function stateOf(found: LoadBalancer): BalancerState {
  const services = found.services.map((service) => [serviceKey(service.listen_port), normalService(service)] as const);
  const targets = found.targets.map(
    (target) => [targetKey(targetOf(target)), { usePrivateIp: target.use_private_ip ?? false }] as const,
  );
  const [network] = found.private_net;
  return {
    id: found.id,
    address: found.public_net.ipv4.ip,
    privateAddress: network?.ip ?? null,
    type: found.load_balancer_type.name,
    location: found.location.name,
    algorithm: found.algorithm.type,
    labels: found.labels,
    network: network?.network ?? null,
    ...Object.fromEntries(services),
    ...Object.fromEntries(targets),
  };
}

/** Only what is compared, in one form. */
export function normalService(service: Omit<Service, 'http'> & { readonly http?: unknown }): object {
  const { protocol, listen_port, destination_port, proxyprotocol, health_check, http } = service;
  const check = { ...health_check, ...(health_check.protocol === 'tcp' && { http: null }) };
  const options = typeof http === 'object' && http !== null && protocol !== 'tcp' ? withoutDefaults(http) : null;
  return {
    protocol,
    listen_port,
    destination_port,
    proxyprotocol,
    health_check: { ...check, http: check.http ?? null },
    http: options,
  };
}

/** What the API fills in by itself. */
const httpDefaults = { cookie_name: 'HCLBSTICKY', cookie_lifetime: 300, redirect_http: false, sticky_sessions: false };

function withoutDefaults(http: object): object {
  const { timeout_idle: _timeout, ...rest } = { timeout_idle: 0, ...http };
  return { ...httpDefaults, certificates: [], ...rest };
}

export function serviceKey(port: number): string {
  return `service ${port}`;
}

function targetOf(target: Target): WantedTarget {
  const usePrivateIp = target.use_private_ip ?? false;
  if (target.type === 'server') return { type: 'server', id: target.server?.id ?? 0, usePrivateIp };
  if (target.type === 'ip') return { type: 'ip', ip: target.ip?.ip ?? '' };
  return { type: 'label_selector', selector: target.label_selector?.selector ?? '', usePrivateIp };
}

export function targetKey(target: WantedTarget): string {
  const value = target.type === 'ip' ? target.ip : target.type === 'server' ? serverOf(target.id) : target.selector;
  return `target ${target.type} ${value}`;
}

function serverOf(id: Extract<WantedTarget, { type: 'server' }>['id']): string {
  return isUnknown(id) ? id.reason : String(id);
}
