// Servers of Hetzner Cloud -> hosts with variables, and groups by what they are. Pure.
import { locationOf } from '../../infra/desired/server.ts';
import type { Network, Server } from '../../infra/hetzner-cloud/types.ts';
import { compileExpression } from '../../language/expression.ts';
import { createScope } from '../../language/scope.ts';
import type { Scope, Value } from '../../language/value.ts';
import { isUnknown } from '../../core/unknown.ts';
import type { Position } from '../../lib/diagnostic.ts';
import { DiagnosticsError, VezaError } from '../../lib/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { HcloudInventoryConfig, KeyedGroup } from './config.ts';

/** The form of an inventory in YAML. Throws VezaError, DiagnosticsError for expressions that do not hold. */
export function inventoryOf(
  config: HcloudInventoryConfig,
  servers: readonly Server[],
  networks: readonly Network[],
  where: Position,
): JsonObject {
  const network = networkOf(config, networks);
  const chosen = servers.filter((server) => fits(config, server, network));
  const groups = new Map<string, { readonly hosts: Set<string>; readonly parents: Set<string> }>();
  const put = (group: string, host: string, parent?: string) => {
    const known = groups.get(group) ?? { hosts: new Set(), parents: new Set() };
    groups.set(group, known);
    known.hosts.add(host);
    if (parent !== undefined) known.parents.add(safe(parent));
  };
  const hosts = chosen.map((server) => {
    const values = valuesOf(server, network);
    const variables = hostVariables(config, server, values, network);
    const scope = createScope([
      { kind: 'values', values: { ...values, ...variables, inventory_hostname: server.name } },
    ]);
    const composed = evaluated(config, config.compose ?? {}, scope, where);
    put(safe(config.group ?? 'hcloud'), server.name);
    for (const [group, holds] of Object.entries(evaluated(config, config.groups ?? {}, scope, where))) {
      if (holds === true) put(safe(group), server.name);
    }
    for (const keyed of config.keyed_groups ?? []) {
      const [value] = Object.values(evaluated(config, { key: keyed.key }, scope, where));
      for (const group of groupNames(keyed, value)) put(group, server.name, keyed.parent_group);
    }
    return [server.name, { ...variables, ...composed }] as const;
  });
  return { all: { hosts: Object.fromEntries(hosts), children: childrenOf(groups) } };
}

function childrenOf(
  groups: ReadonlyMap<string, { readonly hosts: ReadonlySet<string>; readonly parents: ReadonlySet<string> }>,
): JsonObject {
  const children: Record<string, { hosts: Record<string, JsonObject>; children: Record<string, JsonObject> }> = {};
  const at = (name: string) => (children[name] ??= { hosts: {}, children: {} });
  for (const [name, { hosts, parents }] of groups) {
    at(name).hosts = Object.fromEntries([...hosts].map((host) => [host, {}]));
    for (const parent of parents) at(parent).children[name] = {};
  }
  return children;
}

/** The id of the network of `network`; null where none is named. Throws VezaError `not-found`. */
function networkOf({ network }: HcloudInventoryConfig, networks: readonly Network[]): number | null {
  if (network === undefined) return null;
  const found = networks.find(({ id, name }) => name === network || String(id) === String(network));
  if (found) return found.id;
  throw new VezaError('not-found', `the project has no network "${network}"`, {
    hint: `Its networks are: ${networks.map(({ name }) => name).join(', ') || 'none'}.`,
  });
}

function fits(config: HcloudInventoryConfig, server: Server, network: number | null): boolean {
  const { locations, types, images, status } = config;
  const among = (list: readonly string[] | undefined, value: string | null | undefined) =>
    list === undefined || list.length === 0 || (value != null && list.includes(value));
  return (
    among(locations, locationOf(server)) &&
    among(types, server.server_type.name) &&
    among(images, server.image?.name) &&
    among(status, server.status) &&
    (network === null || server.private_net.some((one) => one.network === network))
  );
}

function valuesOf(server: Server, network: number | null): JsonObject {
  const { public_net: net, private_net: attached } = server;
  const [ipv6, mask] = (net.ipv6?.ip ?? '').split('/');
  const own = network === null ? attached[0] : attached.find((one) => one.network === network);
  return {
    id: server.id,
    name: server.name,
    status: server.status,
    type: server.server_type.name,
    server_type: server.server_type.name,
    location: locationOf(server),
    datacenter: server.datacenter?.name ?? null,
    image_id: server.image?.id ?? null,
    // What people wrote freely is no template.
    image_name: server.image?.name ?? server.image?.description?.replaceAll(/[{}]/g, '') ?? null,
    ipv4: net.ipv4?.ip ?? null,
    ipv4_dns_ptr: net.ipv4?.dns_ptr ?? null,
    ipv6: ipv6 ? `${ipv6}1` : null,
    ipv6_network: ipv6 ? ipv6 : null,
    ipv6_network_mask: mask ?? null,
    private_ipv4: own?.ip ?? null,
    private_networks: attached.map(({ network: id, ip }) => ({ id, ip })),
    labels: { ...server.labels },
  };
}

function hostVariables(
  { connect_with: way = 'public_ipv4', hostvars_prefix: prefix = 'hcloud_' }: HcloudInventoryConfig,
  server: Server,
  values: JsonObject,
  network: number | null,
): JsonObject {
  const addresses: Readonly<Record<typeof way, Json | undefined>> = {
    public_ipv4: values['ipv4'],
    public_ipv6: values['ipv6'],
    ipv4_dns_ptr: values['ipv4_dns_ptr'],
    private_ipv4: values['private_ipv4'],
    hostname: server.name,
  };
  const several = way === 'private_ipv4' && network === null && server.private_net.length > 1;
  if (several) {
    throw new VezaError('ambiguous-network', `"${server.name}" is in ${server.private_net.length} networks`, {
      hint: 'Say with `network` by which of them servers are reached.',
    });
  }
  const address = addresses[way];
  const named = Object.entries(values).map(([name, value]) => [`${prefix}${name}`, value] as const);
  return {
    ...(typeof address === 'string' && address !== '' && { ansible_host: address }),
    ...Object.fromEntries(named),
  };
}

/** Values of expressions; those that cannot be had are left out, unless `strict`. Throws VezaError, DiagnosticsError. */
function evaluated(
  { strict = false }: HcloudInventoryConfig,
  expressions: Readonly<Record<string, string | boolean>>,
  scope: Scope,
  where: Position,
): JsonObject {
  const found: Record<string, Json> = {};
  for (const [name, source] of Object.entries(expressions)) {
    const { expression, diagnostics } = compileExpression(String(source), where);
    if (!expression) throw new DiagnosticsError(diagnostics);
    try {
      const value: Value = expression.evaluate(scope);
      if (!isUnknown(value)) found[name] = value as Json;
    } catch (error) {
      if (strict || !(error instanceof VezaError)) throw error;
    }
  }
  return found;
}

/** As Ansible makes them: of a text one, of a list one for each, of a map one for each key with its value. */
function groupNames(
  { prefix = '', separator = '_', default_value }: KeyedGroup,
  value: Json | undefined,
): readonly string[] {
  const name = (part: string) => safe(`${prefix}${prefix === '' && separator === '_' ? '' : separator}${part}`);
  const textOf = (part: Json) =>
    part === '' || part === null || typeof part === 'object' ? (default_value ?? '') : String(part);
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return (value as readonly Json[]).map(textOf).filter(Boolean).map(name);
  if (isJsonObject(value)) {
    return Object.entries(value).map(([key, part]) => {
      const told = textOf(part);
      return name(told === '' ? key : `${key}${separator}${told}`);
    });
  }
  const told = textOf(value);
  return told === '' ? [] : [name(told)];
}

/** Names of groups are names of variables. */
function safe(name: string): string {
  return name.replaceAll(/\W/g, '_');
}
