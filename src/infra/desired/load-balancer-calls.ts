// The calls of Hetzner Cloud's API that change a load balancer. Pure.
import type { Change } from '../../core/change.ts';
import { unknown } from '../../core/unknown.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import type { Call } from '../resource.ts';
import { hcloudCall, idOf } from './calls.ts';
import type { BalancerState } from './load-balancer-state.ts';

/** The calls that make a change, in the order in which the API allows them. */
export function callsOf(name: string, change: Change<BalancerState>, current: BalancerState | null): readonly Call[] {
  const path = `/load_balancers/${idOf(current)}`;
  if (change.action === 'delete') return [hcloudCall('DELETE', path)];
  const after = change.after ?? {};
  if (change.action === 'create') return [hcloudCall('POST', '/load_balancers', creation(name, after))];
  const act = (action: string, body: JsonObject) => hcloudCall('POST', `${path}/actions/${action}`, body);
  const keys = Object.keys(after);
  const part = (key: string): Json => after[key] as Json;
  const targets = keys.filter((key) => key.startsWith('target '));
  const removed = targets
    .filter((key) => current?.[key] != null)
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
    ...(keys.includes('labels') ? [hcloudCall('PUT', path, { labels: part('labels') })] : []),
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
  return act(before === undefined || before === null ? 'add_service' : 'update_service', sentService(after));
}

/** What does not apply is left out: `null` is no value of the API. */
function sentService(service: unknown): JsonObject {
  const { health_check: check, ...rest } = service as JsonObject;
  return { ...withoutNulls(rest), health_check: withoutNulls(check as JsonObject) };
}

function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
}

function creation(name: string, after: Partial<BalancerState>): JsonObject {
  const keys = Object.keys(after);
  const services = keys.filter((key) => key.startsWith('service ')).map((key) => sentService(after[key]));
  const targets = keys.filter((key) => key.startsWith('target ')).map((key) => targetBody(key, after[key]));
  return {
    name,
    load_balancer_type: after['type'] as Json,
    location: after['location'] as Json,
    ...(after['algorithm'] === undefined ? {} : { algorithm: { type: after['algorithm'] as Json } }),
    labels: after['labels'] as Json,
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
  if (type === 'server') return { type, server: { id: /^\d+$/.test(text) ? Number(text) : open(text) }, ...privately };
  return { type, label_selector: { selector: text }, ...privately };
}

/** Unknown parts are data of a dry run; they are never sent. */
function open(reason: string): Json {
  return unknown(reason) as unknown as Json;
}
