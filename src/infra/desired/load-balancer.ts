// A load balancer of Hetzner Cloud as a resource: services and targets are attributes of their own, so that a change of one
// is one call and one line of the diff.
import { isUnknown, type Unknown } from '../../core/unknown.ts';
import type { Change } from '../../core/change.ts';
import { VezaError } from '../../lib/errors.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import type { HetznerCloud } from '../hetzner-cloud/client.ts';
import type { LoadBalancer, Service, Target } from '../hetzner-cloud/types.ts';
import type { Outputs } from '../outputs.ts';
import type { Call, CloudResource } from '../resource.ts';
import { attributeDiff } from './attributes.ts';
import { ownedBy, owner } from './ownership.ts';

/** What a load balancer should be. Names of servers and the like have been resolved to ids; what is not there yet is unknown. */
export interface WantedLoadBalancer {
  readonly name: string;
  readonly type: string;
  readonly location: string;
  readonly algorithm: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Name of the network to be attached to, as an output that gives its id. */
  readonly networkOutput?: string;
  readonly services: readonly WantedService[];
  readonly targets: readonly WantedTarget[];
}

/** Certificates are named by the outputs that give their ids. */
export interface WantedService extends Omit<Service, 'http'> {
  readonly http?: Omit<NonNullable<Service['http']>, 'certificates'> & {
    readonly certificateOutputs: readonly string[];
  };
}

export type WantedTarget =
  | { readonly type: 'ip'; readonly ip: string }
  | { readonly type: 'server'; readonly id: number; readonly usePrivateIp: boolean }
  | { readonly type: 'label_selector'; readonly selector: string; readonly usePrivateIp: boolean };

/**
 * `type`, `location`, `algorithm`, `labels`, `network` (id or null), and one attribute for each `service PORT` and
 * `target KIND VALUE`. `id` and `address` are only ever observed.
 */
type State = Readonly<Record<string, unknown>> & { readonly id?: number; readonly address?: string | null };

export function loadBalancerResource(
  cloud: HetznerCloud,
  wanted: WantedLoadBalancer,
  options: { readonly adopt: boolean } = { adopt: false },
): CloudResource<State> {
  const outputsNeeded = [
    ...(wanted.networkOutput === undefined ? [] : [wanted.networkOutput]),
    ...wanted.services.flatMap(({ http }) => http?.certificateOutputs ?? []),
  ];
  return {
    key: `hcloud_load_balancer:${wanted.name}`,
    needs: outputsNeeded,
    gives: ['lb_ip', 'lb_private_ip'],
    after: [],
    observe: async (signal) => {
      const found = await cloud.loadBalancer(wanted.name, signal);
      return found && stateOf(found);
    },
    desired: (current, outputs) => {
      refuseForeign(wanted, current, options.adopt);
      return desiredState(wanted, current, outputs);
    },
    calls: (change, current) => callsOf(wanted, change, current),
    send: async ({ method, path, body }, signal) => {
      await cloud.change(method, path, body ?? undefined, signal);
    },
    outputs: (state) => outputsOf(state),
    describe: (change) => attributeDiff(change),
  };
}

/** The removal of a load balancer. */
export function absentLoadBalancer(cloud: HetznerCloud, name: string): CloudResource<State> {
  const none: WantedLoadBalancer = {
    name,
    type: '',
    location: '',
    algorithm: '',
    labels: {},
    services: [],
    targets: [],
  };
  return { ...loadBalancerResource(cloud, none, { adopt: true }), gives: [], desired: () => null };
}

/** What a load balancer that is there gives to others. */
export function balancerOutputs(found: LoadBalancer): Outputs {
  return outputsOf(stateOf(found));
}

function outputsOf(state: State | null): Outputs {
  const outputs = new Map<string, string>();
  if (typeof state?.address === 'string') outputs.set('lb_ip', state.address);
  if (typeof state?.['privateAddress'] === 'string') outputs.set('lb_private_ip', state['privateAddress']);
  return outputs;
}

function refuseForeign({ name }: WantedLoadBalancer, current: State | null, adopt: boolean): void {
  if (current === null || adopt || ownedBy(current['labels'])) return;
  throw new VezaError('foreign-resource', `the load balancer "${name}" is there already and was not made by veza-run`, {
    hint: `Give it the label ${owner.label}=${owner.value}, or run with --adopt, to let it be managed; else choose another name.`,
  });
}

function stateOf(found: LoadBalancer): State {
  const services = found.services.map((service) => [serviceKey(service.listen_port), normalService(service)] as const);
  const targets = found.targets.map(
    (target) => [targetKey(targetOf(target)), { usePrivateIp: target.use_private_ip ?? false }] as const,
  );
  const [network] = found.private_net;
  return {
    id: found.id,
    address: found.public_net.ipv4.ip,
    ...(network && { privateAddress: network.ip }),
    type: found.load_balancer_type.name,
    location: found.location.name,
    algorithm: found.algorithm.type,
    labels: found.labels,
    network: network?.network ?? null,
    ...Object.fromEntries(services),
    ...Object.fromEntries(targets),
  };
}

function desiredState(wanted: WantedLoadBalancer, current: State | null, outputs: Outputs): State {
  const id = (name: string): number | Unknown | null => {
    const value = outputs.get(name);
    return value === undefined ? null : isUnknown(value) ? value : Number(value);
  };
  const services = wanted.services.map((service) => {
    const { http, ...rest } = service;
    const { certificateOutputs = [], ...more } = http ?? {};
    const full = http ? { ...rest, http: { ...more, certificates: certificateOutputs.map(id) } } : rest;
    return [serviceKey(service.listen_port), normalService(full)] as const;
  });
  const targets = wanted.targets.map(
    (target) => [targetKey(target), { usePrivateIp: target.type !== 'ip' && target.usePrivateIp }] as const,
  );
  const kept = new Map<string, unknown>([...services, ...targets]);
  const gone = Object.keys(current ?? {}).filter((key) => /^(?:service|target) /.test(key) && !kept.has(key));
  if (current && current['location'] !== wanted.location) {
    throw new VezaError(
      'immutable',
      `the load balancer "${wanted.name}" is in ${String(current['location'])}, and cannot move to ${wanted.location}`,
      { hint: 'Correct `location`, or delete it first: veza-run prod lb delete.' },
    );
  }
  return {
    type: wanted.type,
    location: wanted.location,
    algorithm: wanted.algorithm,
    labels: { ...(current?.['labels'] as object | undefined), ...wanted.labels },
    network: wanted.networkOutput === undefined ? (current?.['network'] ?? null) : id(wanted.networkOutput),
    ...Object.fromEntries(gone.map((key) => [key, null])),
    ...Object.fromEntries(kept),
  };
}

/** Only what is compared, in one form. */
function normalService(service: Omit<Service, 'http'> & { readonly http?: unknown }): object {
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

function serviceKey(port: number): string {
  return `service ${port}`;
}

function targetOf(target: Target): WantedTarget {
  const usePrivateIp = target.use_private_ip ?? false;
  if (target.type === 'server') return { type: 'server', id: target.server?.id ?? 0, usePrivateIp };
  if (target.type === 'ip') return { type: 'ip', ip: target.ip?.ip ?? '' };
  return { type: 'label_selector', selector: target.label_selector?.selector ?? '', usePrivateIp };
}

function targetKey(target: WantedTarget): string {
  const value = target.type === 'ip' ? target.ip : target.type === 'server' ? String(target.id) : target.selector;
  return `target ${target.type} ${value}`;
}

function callsOf(wanted: WantedLoadBalancer, change: Change<State>, current: State | null): readonly Call[] {
  const call = (method: Call['method'], path: string, body: JsonObject | null): Call => ({
    api: 'hcloud',
    method,
    path,
    body,
  });
  if (change.action === 'delete') return [call('DELETE', `/load_balancers/${current?.id ?? 0}`, null)];
  const after = change.after ?? {};
  if (change.action === 'create') return [call('POST', '/load_balancers', creation(wanted, after))];
  const act = (name: string, body: JsonObject) =>
    call('POST', `/load_balancers/${current?.id ?? 0}/actions/${name}`, body);
  const keys = Object.keys(after);
  const part = (key: string): Json => after[key] as Json;
  const targets = keys.filter((key) => key.startsWith('target '));
  const removed = targets
    .filter((key) => current?.[key] !== undefined)
    .map((key) => act('remove_target', targetBody(key, null)));
  const added = targets
    .filter((key) => after[key] !== null)
    .map((key) => act('add_target', targetBody(key, after[key])));
  const network: Call[] = [];
  if (keys.includes('network') && current?.['network'] != null) {
    network.push(act('detach_from_network', { network: current['network'] as Json }));
  }
  if (keys.includes('network') && after['network'] !== null)
    network.push(act('attach_to_network', { network: part('network') }));
  return [
    ...(keys.includes('labels')
      ? [call('PUT', `/load_balancers/${current?.id ?? 0}`, { labels: part('labels') })]
      : []),
    ...(keys.includes('type') ? [act('change_type', { load_balancer_type: part('type') })] : []),
    ...(keys.includes('algorithm') ? [act('change_algorithm', { type: part('algorithm') })] : []),
    ...removed,
    ...network,
    ...added,
    ...keys.filter((key) => key.startsWith('service ')).map((key) => serviceCall(act, key, after[key], current?.[key])),
  ];
}

function serviceCall(
  act: (name: string, body: JsonObject) => Call,
  key: string,
  after: unknown,
  before: unknown,
): Call {
  if (after === null) return act('delete_service', { listen_port: Number(key.split(' ')[1]) });
  return act(before === undefined || before === null ? 'add_service' : 'update_service', after as JsonObject);
}

function creation(wanted: WantedLoadBalancer, after: Partial<State>): JsonObject {
  const keys = Object.keys(after);
  const services = keys.filter((key) => key.startsWith('service ')).map((key) => after[key] as Json);
  const targets = keys.filter((key) => key.startsWith('target ')).map((key) => targetBody(key, after[key]));
  return {
    name: wanted.name,
    load_balancer_type: wanted.type,
    location: wanted.location,
    algorithm: { type: wanted.algorithm },
    labels: wanted.labels,
    services,
    targets,
    ...(after['network'] === null || after['network'] === undefined ? {} : { network: after['network'] as Json }),
  };
}

function targetBody(key: string, value: unknown): JsonObject {
  const [, type = '', ...rest] = key.split(' ');
  const text = rest.join(' ');
  const usePrivateIp = typeof value === 'object' && value !== null && Reflect.get(value, 'usePrivateIp') === true;
  const privately: JsonObject = usePrivateIp ? { use_private_ip: true } : {};
  if (type === 'ip') return { type, ip: { ip: text } };
  if (type === 'server') return { type, server: { id: Number(text) }, ...privately };
  return { type, label_selector: { selector: text }, ...privately };
}
