// What the fake Hetzner Cloud does with servers: making them, power, type, networks, images, names of addresses.
import type { Json, JsonObject } from '../../lib/json.ts';
import { refuse } from './hcloud.ts';
import { objectsIn, valueIn, type HcloudState } from './hcloud-state.ts';
import type { FakeAnswer } from './server.ts';

const serverTypes = ['cx22', 'cx32', 'cx42', 'cpx11', 'cpx21', 'cax11'];
const images = ['debian-12', 'debian-13', 'ubuntu-24.04'];
const locations = ['fsn1', 'nbg1', 'hel1', 'ash', 'hil', 'sin'];

/** Makes a server from the body of a request. */
export function createServer(state: HcloudState, body: JsonObject): FakeAnswer {
  const taken = [...state.objects.servers.values()].some((one) => one['name'] === body['name']);
  if (taken) return refuse(409, 'uniqueness_error', 'server name is already used');
  const problem = problemOf(state, body);
  if (problem) return refuse(422, ...problem);
  const id = state.nextId();
  const networks = Array.isArray(body['networks']) ? (body['networks'] as readonly Json[]) : [];
  const given = valueIn(body, 'public_net');
  const running = body['start_after_create'] !== false;
  const made: JsonObject = {
    id,
    name: body['name'] ?? '',
    status: running ? 'running' : 'off',
    created: new Date().toISOString(),
    public_net: {
      ipv4:
        valueIn(given, 'enable_ipv4') === false ? null : { id, ip: state.nextAddress(), blocked: false, dns_ptr: '' },
      ipv6:
        valueIn(given, 'enable_ipv6') === false ? null : { id, ip: `2001:db8:${id}::/64`, blocked: false, dns_ptr: [] },
      floating_ips: [],
      firewalls: [],
    },
    private_net: networks.map((network, index) => attachment(network, index + 10)),
    server_type: { id: 1, name: body['server_type'] ?? '' },
    ...placed(textOf(body['location'] ?? 'fsn1')),
    image: { id: 1, name: body['image'] ?? '', type: 'system' },
    protection: { delete: false, rebuild: false },
    labels: body['labels'] ?? {},
  };
  state.objects.servers.set(id, made);
  const next = running ? [state.begin('start_server')] : [];
  return {
    status: 201,
    body: { server: made, action: state.begin('create_server'), next_actions: next, root_password: null },
  };
}

/** Where a server is, as the API tells it now and as it did before. */
export function placed(location: string): JsonObject {
  return {
    location: { id: 1, name: location },
    datacenter: { id: 1, name: `${location}-dc1`, description: location, location: { id: 1, name: location } },
  };
}

function attachment(network: Json, last: number): JsonObject {
  return { network, ip: `10.0.0.${last}`, alias_ips: [], mac_address: '86:00:00:00:00:02' };
}

function problemOf(state: HcloudState, body: JsonObject): readonly [string, string] | null {
  const invalid = (field: string): readonly [string, string] => ['invalid_input', `invalid input in field '${field}'`];
  if (typeof body['name'] !== 'string' || !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(body['name']))
    return invalid('name');
  if (!serverTypes.includes(textOf(body['server_type']))) return invalid('server_type');
  const isSnapshot = state.objects.images.has(Number(body['image']));
  if (!images.includes(textOf(body['image'])) && !isSnapshot) return ['not_found', 'image not found'];
  if (body['location'] !== undefined && !locations.includes(textOf(body['location']))) return invalid('location');
  const keys = [...state.objects.ssh_keys.values()].flatMap((key) => [textOf(key['name']), String(Number(key['id']))]);
  const asked = Array.isArray(body['ssh_keys']) ? body['ssh_keys'].map(String) : [];
  const strange = asked.find((key) => !keys.includes(key));
  if (strange !== undefined) return ['not_found', `SSH key not found`];
  const networks = Array.isArray(body['networks']) ? body['networks'].map(Number) : [];
  return networks.every((id) => state.objects.networks.has(id)) ? null : ['not_found', 'network not found'];
}

/** Carries out one of its actions. */
export function serverAction(state: HcloudState, name: string, one: JsonObject, body: JsonObject): FakeAnswer {
  const done = (changed: JsonObject): FakeAnswer => {
    state.objects.servers.set(Number(one['id']), { ...one, ...changed });
    return { status: 201, body: { action: state.begin(name) } };
  };
  const attached = objectsIn(one['private_net']);
  const network = body['network'] ?? 0;
  switch (name) {
    case 'create_image':
      return createImage(state, one, body);
    case 'change_dns_ptr':
      return changeDnsPtr(state, one, body);
    case 'poweron':
      return done({ status: 'running' });
    case 'poweroff':
    case 'shutdown':
      return done({ status: 'off' });
    case 'change_type':
      if (one['status'] !== 'off') return refuse(422, 'server_not_stopped', 'server must be stopped');
      if (!serverTypes.includes(textOf(body['server_type'])))
        return refuse(422, 'invalid_input', "invalid input in field 'server_type'");
      return done({ server_type: { id: 2, name: body['server_type'] ?? '' } });
    case 'attach_to_network':
      if (!state.objects.networks.has(Number(network))) return refuse(404, 'not_found', 'network not found');
      if (attached.some((net) => net['network'] === network))
        return refuse(422, 'server_already_attached', 'server is already attached to this network');
      return done({ private_net: [...attached, attachment(network, attached.length + 10)] });
    case 'detach_from_network':
      return done({ private_net: attached.filter((net) => net['network'] !== network) });
    default:
      return refuse(404, 'not_found', `unknown action ${name}`);
  }
}

function createImage(state: HcloudState, server: JsonObject, body: JsonObject): FakeAnswer {
  const id = state.nextId();
  const made: JsonObject = {
    id,
    type: 'snapshot',
    status: 'available',
    description: body['description'] ?? '',
    created: new Date().toISOString(),
    created_from: { id: server['id'] ?? 0, name: server['name'] ?? '' },
    labels: body['labels'] ?? {},
  };
  state.objects.images.set(id, made);
  return { status: 201, body: { image: made, action: state.begin('create_image') } };
}

function changeDnsPtr(state: HcloudState, server: JsonObject, body: JsonObject): FakeAnswer {
  const net = server['public_net'];
  const ipv4 = valueIn(net, 'ipv4');
  if (valueIn(ipv4, 'ip') !== body['ip']) return refuse(404, 'not_found', 'ip not found');
  const changed = { ...(net as JsonObject), ipv4: { ...(ipv4 as JsonObject), dns_ptr: body['dns_ptr'] ?? null } };
  state.objects.servers.set(Number(server['id']), { ...server, public_net: changed });
  return { status: 201, body: { action: state.begin('change_dns_ptr') } };
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
