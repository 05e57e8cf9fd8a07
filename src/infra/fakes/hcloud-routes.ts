// The answers of the fake Hetzner Cloud, one for each kind of request.
import { X509Certificate } from 'node:crypto';
import type { JsonObject } from '../../lib/json.ts';
import { refuse } from './hcloud.ts';
import { firewallAction, firewallProblem } from './hcloud-firewall.ts';
import { createServer, serverAction } from './hcloud-server.ts';
import { balancerAction, completed, withHealth } from './hcloud-balancer.ts';
import { objectsIn, serviceProblem, targetProblem, valueIn, type HcloudState, type Kind } from './hcloud-state.ts';
import type { FakeAnswer } from './server.ts';

interface Asked {
  readonly state: HcloudState;
  readonly query: URLSearchParams;
  readonly body: JsonObject;
  /** What the pattern's groups hold. */
  readonly parts: readonly string[];
}

interface Route {
  readonly method: string;
  readonly pattern: RegExp;
  readonly respond: (asked: Asked) => FakeAnswer;
}

const kinds = 'servers|load_balancers|certificates|networks|images|firewalls|ssh_keys';
const singular: Readonly<Record<Kind, string>> = {
  servers: 'server',
  load_balancers: 'load_balancer',
  certificates: 'certificate',
  networks: 'network',
  images: 'image',
  firewalls: 'firewall',
  ssh_keys: 'ssh_key',
};

export const hcloudRoutes: readonly Route[] = [
  { method: 'GET', pattern: new RegExp(`^/(${kinds})$`), respond: list },
  {
    method: 'GET',
    pattern: new RegExp(`^/(${kinds})/(\\d+)$`),
    respond: withObject((_asked, one, kind) => ok({ [singular[kind]]: one })),
  },
  { method: 'GET', pattern: /^\/actions\/(\d+)$/, respond: action },
  { method: 'PUT', pattern: new RegExp(`^/(${kinds})/(\\d+)$`), respond: withObject(rename) },
  { method: 'DELETE', pattern: new RegExp(`^/(${kinds})/(\\d+)$`), respond: withObject(remove) },
  { method: 'POST', pattern: /^\/load_balancers$/, respond: createBalancer },
  { method: 'POST', pattern: /^\/certificates$/, respond: createCertificate },
  { method: 'POST', pattern: /^\/networks$/, respond: createNetwork },
  {
    method: 'POST',
    pattern: /^\/(load_balancers)\/(\d+)\/actions\/(\w+)$/,
    respond: withObject(({ state, body, parts }, one) => balancerAction(state, parts[2] ?? '', one, body)),
  },
  { method: 'POST', pattern: /^\/firewalls$/, respond: createFirewall },
  {
    method: 'POST',
    pattern: /^\/(firewalls)\/(\d+)\/actions\/(\w+)$/,
    respond: withObject(({ state, body, parts }, one) => firewallAction(state, parts[2] ?? '', one, body)),
  },
  { method: 'POST', pattern: /^\/servers$/, respond: ({ state, body }) => createServer(state, body) },
  {
    method: 'POST',
    pattern: /^\/(servers)\/(\d+)\/actions\/(\w+)$/,
    respond: withObject(({ state, body, parts }, one) => serverAction(state, parts[2] ?? '', one, body)),
  },
];

function list({ state, query, parts }: Asked): FakeAnswer {
  const kind = parts[0] as Kind;
  const perPage = Number(query.get('per_page') ?? '25');
  if (!(perPage >= 1 && perPage <= 50)) return refuse(400, 'invalid_input', "invalid input in field 'per_page'");
  const page = Number(query.get('page') ?? '1');
  const fits = (one: JsonObject) =>
    (!query.has('name') || one['name'] === query.get('name')) &&
    (!query.has('type') || one['type'] === query.get('type')) &&
    labelled(one, query.get('label_selector'));
  const all = [...state.objects[kind].values()]
    .filter(fits)
    .map((one) => (kind === 'certificates' ? { ...one, used_by: usersOf(state, one) } : one));
  const lastPage = Math.max(1, Math.ceil(all.length / perPage));
  const pagination = {
    page,
    per_page: perPage,
    previous_page: page > 1 ? page - 1 : null,
    next_page: page < lastPage ? page + 1 : null,
    last_page: lastPage,
    total_entries: all.length,
  };
  return ok({ [kind]: all.slice((page - 1) * perPage, page * perPage), meta: { pagination } });
}

/** `key`, `key=value` and `!key`, joined with commas. */
function labelled(one: JsonObject, selector: string | null): boolean {
  if (selector === null || selector === '') return true;
  return selector.split(',').every((term) => {
    const [key = '', value] = term.trim().split(/==?/);
    if (key.startsWith('!')) return valueIn(one['labels'], key.slice(1)) === undefined;
    const label = valueIn(one['labels'], key);
    return value === undefined ? label !== undefined : label === value;
  });
}

function withObject(respond: (asked: Asked, one: JsonObject, kind: Kind) => FakeAnswer): Route['respond'] {
  return (asked) => {
    const kind = asked.parts[0] as Kind;
    const one = asked.state.objects[kind].get(Number(asked.parts[1]));
    return one
      ? respond(asked, one, kind)
      : refuse(404, 'not_found', `${singular[kind]} with ID '${asked.parts[1] ?? ''}' not found`);
  };
}

function action({ state, parts }: Asked): FakeAnswer {
  const found = state.look(Number(parts[0]));
  return found ? ok({ action: found }) : refuse(404, 'not_found', 'action not found');
}

function rename({ state, body }: Asked, one: JsonObject, kind: Kind): FakeAnswer {
  const changed = { ...one, ...only(body, ['name', 'labels', 'description']) };
  state.objects[kind].set(Number(one['id']), changed);
  return ok({ [singular[kind]]: changed });
}

function remove({ state }: Asked, one: JsonObject, kind: Kind): FakeAnswer {
  const inUse = kind === 'certificates' && usersOf(state, one).length > 0;
  if (valueIn(one['protection'], 'delete') === true)
    return refuse(422, 'protected', `${singular[kind]} is delete protected`);
  if (inUse) return refuse(422, 'resource_in_use', 'certificate is still in use');
  state.objects[kind].delete(Number(one['id']));
  return kind === 'servers' ? ok({ action: state.begin('delete_server') }) : { status: 204 };
}

/** The load balancers that have a certificate. */
function usersOf(state: HcloudState, certificate: JsonObject): readonly JsonObject[] {
  const uses = (service: JsonObject) => {
    const ids = valueIn(service['http'], 'certificates');
    return Array.isArray(ids) && ids.includes(certificate['id'] ?? 0);
  };
  return [...state.objects.load_balancers.values()]
    .filter((one) => objectsIn(one['services']).some(uses))
    .map((one) => ({ id: one['id'] ?? 0, type: 'load_balancer' }));
}

function createBalancer({ state, body }: Asked): FakeAnswer {
  const taken = named(state, 'load_balancers', body);
  if (taken) return taken;
  const attached = typeof body['network'] === 'number';
  if (attached && !state.objects.networks.has(Number(body['network'])))
    return refuse(404, 'not_found', 'network not found');
  const services = objectsIn(body['services']);
  const targets = objectsIn(body['targets']);
  const problem =
    services.map((one) => serviceProblem(state, one)).find((one) => one !== null) ??
    targets.map((one) => targetProblem(state, one, attached)).find((one) => one !== null);
  if (problem) return refuse(422, ...problem);
  const id = state.nextId();
  const made: JsonObject = {
    id,
    name: body['name'] ?? '',
    public_net: {
      enabled: true,
      ipv4: { ip: state.nextAddress(), dns_ptr: '' },
      ipv6: { ip: '2001:db8::1', dns_ptr: '' },
    },
    private_net: attached ? [{ network: body['network'] ?? 0, ip: '10.0.0.250' }] : [],
    location: { id: 1, name: body['location'] ?? 'fsn1' },
    load_balancer_type: { id: 1, name: body['load_balancer_type'] ?? 'lb11' },
    algorithm: body['algorithm'] ?? { type: 'round_robin' },
    labels: body['labels'] ?? {},
    services: services.map(completed),
    targets: targets.map((target) => withHealth(target, services)),
  };
  state.objects.load_balancers.set(id, made);
  return { status: 201, body: { load_balancer: made, action: state.begin('create_load_balancer') } };
}

function createCertificate({ state, body }: Asked): FakeAnswer {
  const taken = named(state, 'certificates', body);
  if (taken) return taken;
  const uploaded = body['type'] !== 'managed';
  if (uploaded && (typeof body['certificate'] !== 'string' || typeof body['private_key'] !== 'string')) {
    return refuse(422, 'invalid_input', "invalid input in field 'certificate'");
  }
  const names = Array.isArray(body['domain_names']) ? body['domain_names'] : [];
  if (!uploaded && names.some((name) => typeof name === 'string' && name.startsWith('*.')))
    return refuse(422, 'invalid_input', "invalid input in field 'domain_names'");
  const leaf = uploaded ? leafIn(body['certificate']) : null;
  if (uploaded && !leaf) return refuse(422, 'invalid_input', "invalid input in field 'certificate'");
  const id = state.nextId();
  const made: JsonObject = {
    id,
    name: body['name'] ?? '',
    fingerprint: leaf?.fingerprint256 ?? null,
    type: uploaded ? 'uploaded' : 'managed',
    certificate: body['certificate'] ?? null,
    domain_names: leaf ? namesIn(leaf) : names,
    not_valid_before: '2026-01-01T00:00:00+00:00',
    not_valid_after: '2026-12-31T00:00:00+00:00',
    labels: body['labels'] ?? {},
    used_by: [],
  };
  state.objects.certificates.set(id, made);
  return { status: 201, body: { certificate: made, action: uploaded ? null : state.begin('create_certificate') } };
}

function leafIn(pem: JsonObject[string] | undefined): X509Certificate | null {
  try {
    return new X509Certificate(typeof pem === 'string' ? pem : '');
  } catch {
    return null;
  }
}

function namesIn({ subjectAltName = '' }: X509Certificate): readonly string[] {
  return subjectAltName.split(', ').map((name) => name.replace(/^DNS:/, ''));
}

function createFirewall({ state, body }: Asked): FakeAnswer {
  const taken = named(state, 'firewalls', body);
  if (taken) return taken;
  const problem = firewallProblem(state, objectsIn(body['rules']), objectsIn(body['apply_to']));
  if (problem) return refuse(422, ...problem);
  const id = state.nextId();
  const made: JsonObject = {
    id,
    name: body['name'] ?? '',
    labels: body['labels'] ?? {},
    rules: objectsIn(body['rules']).map((rule) => ({ description: null, ...rule })),
    applied_to: body['apply_to'] ?? [],
  };
  state.objects.firewalls.set(id, made);
  return { status: 201, body: { firewall: made, actions: [state.begin('set_firewall_rules')] } };
}

function createNetwork({ state, body }: Asked): FakeAnswer {
  const taken = named(state, 'networks', body);
  if (taken) return taken;
  const id = state.nextId();
  const made: JsonObject = {
    id,
    name: body['name'] ?? '',
    ip_range: body['ip_range'] ?? '',
    subnets: body['subnets'] ?? [],
    routes: [],
    servers: [],
    labels: body['labels'] ?? {},
  };
  state.objects.networks.set(id, made);
  return { status: 201, body: { network: made } };
}

function named(state: HcloudState, kind: Kind, body: JsonObject): FakeAnswer | null {
  if (typeof body['name'] !== 'string' || body['name'] === '')
    return refuse(422, 'invalid_input', "invalid input in field 'name'");
  const taken = [...state.objects[kind].values()].some((one) => one['name'] === body['name']);
  return taken ? refuse(409, 'uniqueness_error', 'name is already used') : null;
}

function only(body: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(body).filter(([key]) => keys.includes(key)));
}

function ok(body: JsonObject): FakeAnswer {
  return { status: 200, body };
}
