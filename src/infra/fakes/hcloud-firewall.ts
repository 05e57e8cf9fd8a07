// What the fake Hetzner Cloud does with firewalls.
import { isIP } from 'node:net';
import type { Json, JsonObject } from '../../lib/json.ts';
import { refuse } from './hcloud.ts';
import { objectsIn, valueIn, type HcloudState } from './hcloud-state.ts';
import type { FakeAnswer } from './server.ts';

/** The reason why rules or servers cannot be those of a firewall; null where they can. */
export function firewallProblem(
  state: HcloudState,
  rules: readonly JsonObject[],
  resources: readonly JsonObject[],
): readonly [string, string] | null {
  if (!rules.every(isRule)) return ['invalid_input', "invalid input in field 'rules'"];
  const known = (one: JsonObject) => state.objects.servers.has(Number(valueIn(one['server'], 'id')));
  return resources.every(known) ? null : ['firewall_resource_not_found', 'firewall resource not found'];
}

/** Ports are for tcp and udp, and demanded there; networks are CIDR. */
function isRule({ direction, protocol, port, source_ips: sources }: JsonObject): boolean {
  const hasPort = protocol === 'tcp' || protocol === 'udp';
  const networks: readonly Json[] = Array.isArray(sources) ? (sources as readonly Json[]) : [];
  return (
    direction === 'in' &&
    hasPort === (typeof port === 'string') &&
    networks.length > 0 &&
    networks.every((one) => typeof one === 'string' && one.includes('/') && isIP(one.split('/')[0] ?? '') !== 0)
  );
}

/** Carries out one of its actions. */
export function firewallAction(state: HcloudState, name: string, one: JsonObject, body: JsonObject): FakeAnswer {
  const applied = objectsIn(one['applied_to']);
  const change = (changed: JsonObject): FakeAnswer => {
    state.objects.firewalls.set(Number(one['id']), { ...one, ...changed });
    return { status: 201, body: { actions: [state.begin(name)] } };
  };
  const idIn = (resource: JsonObject) => valueIn(resource['server'], 'id');
  const problem = firewallProblem(state, objectsIn(body['rules']), objectsIn(body['apply_to']));
  if (problem) return refuse(422, ...problem);
  switch (name) {
    case 'set_rules':
      return change({ rules: objectsIn(body['rules']).map((rule) => ({ description: null, ...rule })) });
    case 'apply_to_resources': {
      const added = objectsIn(body['apply_to']);
      if (added.some((resource) => applied.some((other) => idIn(other) === idIn(resource))))
        return refuse(422, 'firewall_already_applied', 'firewall is already applied on resource');
      return change({ applied_to: [...applied, ...added] });
    }
    case 'remove_from_resources': {
      const removed = objectsIn(body['remove_from']).map(idIn);
      return change({ applied_to: applied.filter((resource) => !removed.includes(idIn(resource))) });
    }
    default:
      return refuse(404, 'not_found', `unknown action ${name}`);
  }
}
