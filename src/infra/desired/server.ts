// A server of Hetzner Cloud as a resource: made with all it needs to start; afterwards its type, labels, networks and power
// can change. What it was made from (image, keys, user data) is of no concern once it is there.
import type { Change } from '../../core/change.ts';
import type { ServerRequest } from '../../core/cloud-requests.ts';
import { VezaError } from '../../lib/errors.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { HetznerCloud } from '../hetzner-cloud/client.ts';
import type { Server } from '../hetzner-cloud/types.ts';
import type { Call, CloudResource } from '../resource.ts';
import { attributeDiff } from './attributes.ts';
import { hcloudCall, idOf, sendTo } from './calls.ts';
import { exactLabels, refuseForeignRemoval, type Labels } from './ownership.ts';

type Asked = 'name' | 'image' | 'location' | 'sshKeys' | 'labels' | 'userData' | 'enableIpv4' | 'enableIpv6';

/** What is left out is not managed. Type and image are needed to make one. */
export interface WantedServer extends Pick<ServerRequest, Asked> {
  readonly type?: string;
  readonly networkIds?: readonly number[];
  readonly running?: boolean;
  /** The power may be cut, instead of asking the system to shut down. */
  readonly force: boolean;
}

export interface ServerState {
  readonly id?: number;
  readonly type: string;
  readonly location: string;
  readonly image?: string | null;
  readonly labels: Labels;
  /** Ids, ascending. */
  readonly networks: readonly number[];
  readonly running: boolean;
  readonly ssh_keys?: readonly string[];
  readonly user_data?: string;
  readonly address?: string | null;
  readonly address6?: string | null;
  readonly privateAddress?: string | null;
}

export function serverResource(cloud: HetznerCloud, wanted: WantedServer): CloudResource<ServerState> {
  const send = sendTo(cloud);
  return {
    key: serverKey(wanted.name),
    needs: [],
    gives: [],
    after: [],
    observe: async (signal) => {
      const found = await cloud.server(wanted.name, signal);
      return found && stateOf(found);
    },
    desired: (current) => (current ? desiredOf(wanted, current) : newServer(wanted)),
    calls: (change, current) => callsOf(wanted, change, current),
    send: async (call, signal) => {
      await send(call, signal);
      if (call.path.endsWith('/shutdown')) await cloud.isOff(wanted.name, signal);
    },
    describe: (change) => attributeDiff(withoutUserData(change)),
  };
}

/** The removal of a server; with `foreign`, of one that others made too. */
export function absentServer(
  cloud: HetznerCloud,
  name: string,
  options: { readonly foreign: boolean },
): CloudResource<ServerState> {
  const wanted = { name, enableIpv4: true, enableIpv6: true, force: false };
  const desired = (current: ServerState | null) => {
    if (!options.foreign) refuseForeignRemoval(`the server "${name}"`, current?.labels ?? null);
    return null;
  };
  return { ...serverResource(cloud, wanted), desired };
}

export function serverKey(name: string): string {
  return `hcloud_server:${name}`;
}

function stateOf(found: Server): ServerState {
  return {
    id: found.id,
    type: found.server_type.name,
    location: locationOf(found),
    image: found.image?.name ?? found.image?.description ?? null,
    labels: found.labels,
    networks: found.private_net.map(({ network }) => network).toSorted((a, b) => a - b),
    running: !['off', 'stopping', 'deleting'].includes(found.status),
    address: found.public_net.ipv4?.ip ?? null,
    address6: found.public_net.ipv6?.ip ?? null,
    privateAddress: found.private_net[0]?.ip ?? null,
  };
}

/** Where a server is; older answers have it in the data centre only. */
export function locationOf({ location, datacenter }: Pick<Server, 'location' | 'datacenter'>): string {
  return location?.name ?? datacenter?.location?.name ?? datacenter?.name.split('-')[0] ?? '';
}

/** Throws VezaError `invalid-arguments`. */
function newServer(wanted: WantedServer): Partial<ServerState> {
  const { name, type, image, location, labels, networkIds, sshKeys, userData, running } = wanted;
  if (type === undefined || image === undefined) {
    throw new VezaError('invalid-arguments', `the server "${name}" is not there yet`, {
      hint: 'To make it, its type (cx22) and its image (debian-12) are needed.',
    });
  }
  return {
    type,
    image,
    ...(location !== undefined && { location }),
    labels: exactLabels(null, labels) ?? {},
    networks: ascending(networkIds ?? []),
    running: running ?? true,
    ...(sshKeys && { ssh_keys: sshKeys }),
    ...(userData !== undefined && { user_data: userData }),
  };
}

/** Throws VezaError `immutable`, `must-be-off`. */
function desiredOf(wanted: WantedServer, current: ServerState): Partial<ServerState> {
  const { name, type, location, labels, networkIds, running, force } = wanted;
  if (location !== undefined && location !== current.location) {
    throw new VezaError('immutable', `the server "${name}" is in ${current.location}, and cannot move to ${location}`, {
      hint: 'Correct `location`, or remove the server first.',
    });
  }
  const resized = type !== undefined && type !== current.type;
  if (resized && current.running && running !== false && !force) {
    throw new VezaError('must-be-off', `the type of the server "${name}" can only change while it is off`, {
      hint: 'Stop it first (`state: stopped`), or say `force: true` to have it stopped and started again.',
    });
  }
  const own = exactLabels(current.labels, labels);
  return {
    ...(type !== undefined && { type }),
    ...(own && { labels: own }),
    ...(networkIds && { networks: ascending(networkIds) }),
    ...(running !== undefined && { running }),
  };
}

function ascending(ids: readonly number[]): readonly number[] {
  return [...new Set(ids)].toSorted((a, b) => a - b);
}

function callsOf(wanted: WantedServer, change: Change<ServerState>, current: ServerState | null): readonly Call[] {
  const path = `/servers/${idOf(current)}`;
  const act = (name: string, body: JsonObject | null = null) => hcloudCall('POST', `${path}/actions/${name}`, body);
  const { after } = change;
  if (change.action === 'delete') return [hcloudCall('DELETE', path)];
  if (after === null) return [];
  if (change.action === 'create') return [hcloudCall('POST', '/servers', creation(wanted, after))];
  const was = current?.running ?? false;
  const will = after.running ?? was;
  const resize = after.type !== undefined;
  const [before, now] = [current?.networks ?? [], after.networks ?? current?.networks ?? []];
  return [
    ...(after.labels ? [hcloudCall('PUT', path, { labels: after.labels })] : []),
    ...(was && (!will || resize) ? [act(wanted.force ? 'poweroff' : 'shutdown')] : []),
    ...(resize ? [act('change_type', { server_type: after.type ?? '', upgrade_disk: false })] : []),
    ...before.filter((id) => !now.includes(id)).map((network) => act('detach_from_network', { network })),
    ...now.filter((id) => !before.includes(id)).map((network) => act('attach_to_network', { network })),
    ...(will && (!was || resize) ? [act('poweron')] : []),
  ];
}

function creation(wanted: WantedServer, after: Partial<ServerState>): JsonObject {
  const { enableIpv4, enableIpv6 } = wanted;
  const addressed: JsonObject =
    enableIpv4 && enableIpv6 ? {} : { public_net: { enable_ipv4: enableIpv4, enable_ipv6: enableIpv6 } };
  const networks = after.networks ?? [];
  return {
    name: wanted.name,
    server_type: after.type ?? '',
    image: after.image ?? '',
    ...(after.location !== undefined && { location: after.location }),
    ...(after.ssh_keys && { ssh_keys: after.ssh_keys }),
    ...(networks.length > 0 && { networks: networks }),
    ...(after.user_data !== undefined && { user_data: after.user_data }),
    labels: after.labels ?? {},
    start_after_create: after.running ?? true,
    ...addressed,
  };
}

/** It often holds secrets. */
function withoutUserData({ action, before, after }: Change<ServerState>): Change<object> {
  const hide = (state: Partial<ServerState> | null) =>
    state && (state.user_data === undefined ? state : { ...state, user_data: '(hidden)' });
  return { action, before: hide(before), after: hide(after) };
}
