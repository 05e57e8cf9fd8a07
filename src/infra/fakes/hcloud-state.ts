// What the fake Hetzner Cloud holds, and the refusals that depend on it.
import type { Json, JsonObject } from '../../lib/json.ts';
import type { FakeHcloudOptions } from './hcloud.ts';
import { placed } from './hcloud-server.ts';

export type Kind = 'servers' | 'load_balancers' | 'certificates' | 'networks' | 'images' | 'firewalls' | 'ssh_keys';

export interface HcloudState {
  readonly objects: Readonly<Record<Kind, Map<number, JsonObject>>>;
  readonly robotAddresses: readonly string[];
  /** All of it, to be given to the next start. */
  save(): SavedHcloud;
  /** A number that was never used. */
  nextId(): number;
  /** An address for a new load balancer, of the range for documentation. */
  nextAddress(): string;
  /** An action that is done after some looks. */
  begin(command: string): JsonObject;
  /** The action as it is now; every look brings it nearer to its end. */
  look(id: number): JsonObject | null;
}

/** What is kept of a state between two starts. */
export interface SavedHcloud {
  readonly last: number;
  readonly objects: Partial<Readonly<Record<Kind, readonly JsonObject[]>>>;
}

export function createState(options: FakeHcloudOptions): HcloudState {
  const { saved } = options;
  let last = saved?.last ?? 1000;
  const nextId = () => (last += 1);
  const actions = new Map<number, { readonly command: string; left: number }>();
  const told = (id: number, command: string, running: boolean): JsonObject => ({
    id,
    command,
    status: running ? 'running' : 'success',
    progress: running ? 50 : 100,
    started: '2026-01-01T00:00:00+00:00',
    finished: running ? null : '2026-01-01T00:00:01+00:00',
    resources: [],
    error: null,
  });
  const servers = (options.servers ?? []).map((server, index) => serverObject(nextId(), server, index));
  const keys = (options.sshKeys ?? []).map((name): JsonObject => ({ id: nextId(), name, labels: {} }));
  const byId = (all: readonly JsonObject[]) => new Map(all.map((one) => [Number(one['id']), one]));
  const objects: HcloudState['objects'] = {
    servers: byId(saved?.objects.servers ?? servers),
    load_balancers: byId(saved?.objects.load_balancers ?? []),
    certificates: byId(saved?.objects.certificates ?? []),
    networks: byId(saved?.objects.networks ?? []),
    images: byId(saved?.objects.images ?? []),
    firewalls: byId(saved?.objects.firewalls ?? []),
    ssh_keys: byId(saved?.objects.ssh_keys ?? keys),
  };
  return {
    objects,
    save: () => ({
      last,
      objects: {
        servers: [...objects.servers.values()],
        load_balancers: [...objects.load_balancers.values()],
        certificates: [...objects.certificates.values()],
        networks: [...objects.networks.values()],
        images: [...objects.images.values()],
        firewalls: [...objects.firewalls.values()],
        ssh_keys: [...objects.ssh_keys.values()],
      },
    }),
    robotAddresses: options.robotAddresses ?? [],
    nextId,
    nextAddress: () => `198.51.100.${(last % 250) + 1}`,
    begin: (command) => {
      const id = nextId();
      const left = options.actionPolls ?? 1;
      actions.set(id, { command, left });
      return told(id, command, left > 0);
    },
    look: (id) => {
      const action = actions.get(id);
      if (!action) return null;
      action.left -= 1;
      return told(id, action.command, action.left > 0);
    },
  };
}

function serverObject(
  id: number,
  { name, ip, labels }: NonNullable<FakeHcloudOptions['servers']>[number],
  index: number,
): JsonObject {
  return {
    id,
    name,
    status: 'running',
    created: '2026-01-01T00:00:00+00:00',
    public_net: {
      ipv4: { ip, blocked: false, dns_ptr: `${name}.example.com` },
      ipv6: null,
      floating_ips: [],
      firewalls: [],
    },
    private_net: [{ network: 1, ip: `10.0.0.${index + 2}`, alias_ips: [], mac_address: '86:00:00:00:00:01' }],
    server_type: { id: 1, name: 'cx22', description: 'CX22', cores: 2, memory: 4, disk: 40 },
    ...placed('fsn1'),
    image: { id: 1, name: 'debian-12', type: 'system' },
    protection: { delete: false, rebuild: false },
    labels: labels ?? {},
  };
}

/** The reason why a target cannot be one; null where it can. */
export function targetProblem(
  state: HcloudState,
  target: JsonObject,
  attached: boolean,
): readonly [string, string] | null {
  const privately = target['use_private_ip'] === true;
  if (privately && !attached)
    return ['load_balancer_not_attached_to_network', 'load balancer is not attached to a network'];
  const ip = valueIn(target['ip'], 'ip');
  const cloudAddresses = [...state.objects.servers.values()].map((one) =>
    valueIn(valueIn(one['public_net'], 'ipv4'), 'ip'),
  );
  switch (target['type']) {
    case 'ip':
      if (cloudAddresses.includes(ip))
        return ['cloud_resource_ip_not_allowed', 'the IP of a cloud resource is not allowed'];
      return typeof ip === 'string' && state.robotAddresses.includes(ip)
        ? null
        : ['ip_not_owned', 'the IP is not owned by the owner of the project'];
    case 'server':
      return state.objects.servers.has(Number(valueIn(target['server'], 'id')))
        ? null
        : ['not_found', 'server not found'];
    case 'label_selector':
      return null;
    default:
      return ['invalid_input', "invalid input in field 'targets'"];
  }
}

/** The reason why a service cannot be one; null where it can. */
export function serviceProblem(state: HcloudState, service: JsonObject): readonly [string, string] | null {
  const { protocol, listen_port: port, health_check: check, http } = service;
  if (protocol !== 'tcp' && protocol !== 'http' && protocol !== 'https') return invalid('protocol');
  if (typeof port !== 'number' || port < 1 || port > 65_535) return invalid('listen_port');
  const codes = valueIn(valueIn(check, 'http'), 'status_codes');
  if (codes !== undefined && !(Array.isArray(codes) && codes.every((code) => typeof code === 'string'))) {
    return invalid('health_check.http.status_codes');
  }
  if (valueIn(check, 'protocol') === undefined) return invalid('health_check.protocol');
  if (protocol !== 'https') return null;
  const certificates = valueIn(http, 'certificates');
  if (!Array.isArray(certificates) || certificates.length === 0) return invalid('http.certificates');
  return certificates.every((id) => state.objects.certificates.has(Number(id)))
    ? null
    : ['not_found', 'certificate not found'];
}

/** The value of a key, where there is a map with it. */
export function valueIn(object: Json | undefined, key: string): Json | undefined {
  return typeof object === 'object' && object !== null && !Array.isArray(object) && Object.hasOwn(object, key)
    ? (object as JsonObject)[key]
    : undefined;
}

function invalid(field: string): readonly [string, string] {
  return ['invalid_input', `invalid input in field '${field}'`];
}

/** The maps of a list. */
export function objectsIn(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly JsonObject[]) : [];
}
