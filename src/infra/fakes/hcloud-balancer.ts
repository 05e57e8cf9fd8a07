// What the fake Hetzner Cloud does to a load balancer.
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';
import { refuse } from './hcloud.ts';
import { fitsSelector, objectsIn, serviceProblem, targetProblem, valueIn, type HcloudState } from './hcloud-state.ts';
import type { FakeAnswer } from './server.ts';

type Acted = { readonly changed: JsonObject } | { readonly refused: FakeAnswer };

/** Carries out one of its actions. */
export function balancerAction(state: HcloudState, name: string, one: JsonObject, body: JsonObject): FakeAnswer {
  const result = acted(state, name, one, body);
  if ('refused' in result) return result.refused;
  state.objects.load_balancers.set(Number(one['id']), result.changed);
  return { status: 201, body: { action: state.begin(name) } };
}

function refusal(status: number, code: string, message: string): Acted {
  return { refused: refuse(status, code, message) };
}

function acted(state: HcloudState, name: string, one: JsonObject, body: JsonObject): Acted {
  const services = objectsIn(one['services']);
  const targets = objectsIn(one['targets']);
  const attached = Array.isArray(one['private_net']) && one['private_net'].length > 0;
  const port = body['listen_port'];
  const exists = services.some((service) => service['listen_port'] === port);
  const same = (target: JsonObject) => targetMark(target) === targetMark(body);
  switch (name) {
    case 'add_service':
    case 'update_service': {
      const problem = serviceProblem(state, body);
      if (problem) return refusal(422, ...problem);
      if (exists !== (name === 'update_service'))
        return refusal(
          422,
          exists ? 'source_port_already_used' : 'not_found',
          `service on port ${String(Number(port))}`,
        );
      return {
        changed: {
          ...one,
          services: [...services.filter((service) => service['listen_port'] !== port), completed(body)],
        },
      };
    }
    case 'delete_service':
      if (!exists) return refusal(404, 'not_found', 'service not found');
      return { changed: { ...one, services: services.filter((service) => service['listen_port'] !== port) } };
    case 'add_target': {
      if (targets.some(same)) return refusal(422, 'target_already_defined', 'target already defined');
      const [network] = objectsIn(one['private_net']);
      const problem = targetProblem(state, body, network?.['network']);
      return problem
        ? refusal(422, ...problem)
        : { changed: { ...one, targets: [...targets, withHealth(body, services, state)] } };
    }
    case 'remove_target':
      if (!targets.some(same)) return refusal(404, 'not_found', 'target not found');
      return { changed: { ...one, targets: targets.filter((target) => !same(target)) } };
    case 'change_algorithm':
      return { changed: { ...one, algorithm: { type: body['type'] ?? '' } } };
    case 'change_type':
      return { changed: { ...one, load_balancer_type: { id: 2, name: body['load_balancer_type'] ?? '' } } };
    case 'attach_to_network':
      if (attached)
        return refusal(422, 'load_balancer_already_attached', 'load balancer is already attached to a network');
      if (!state.objects.networks.has(Number(body['network']))) return refusal(404, 'not_found', 'network not found');
      return { changed: { ...one, private_net: [{ network: body['network'] ?? 0, ip: '10.0.0.250' }] } };
    case 'detach_from_network':
      if (targets.some((target) => target['use_private_ip'] === true))
        return refusal(422, 'targets_without_use_private_ip', 'targets use the private IP');
      return { changed: { ...one, private_net: [] } };
    default:
      return refusal(404, 'not_found', `unknown action ${name}`);
  }
}

/** What the true API fills in. */
export function completed(service: JsonObject): JsonObject {
  const http = valueIn(service, 'http');
  const defaults = {
    cookie_name: 'HCLBSTICKY',
    cookie_lifetime: 300,
    certificates: [],
    redirect_http: false,
    sticky_sessions: false,
    timeout_idle: 60,
  };
  const full: Json = service['protocol'] === 'tcp' ? null : { ...defaults, ...(isJsonObject(http) ? http : {}) };
  return { ...service, http: full };
}

export function withHealth(target: JsonObject, services: readonly JsonObject[], state: HcloudState): JsonObject {
  const health = services.map((service) => ({ listen_port: service['listen_port'] ?? 0, status: 'healthy' }));
  const selector = valueIn(target['label_selector'], 'selector');
  if (typeof selector !== 'string') return { ...target, health_status: health };
  const found = [...state.objects.servers.values()].filter((server) => fitsSelector(server, selector));
  const targets = found.map(({ id = 0 }): JsonObject => ({ type: 'server', server: { id }, health_status: health }));
  return { ...target, targets };
}

function targetMark(target: JsonObject): string {
  return JSON.stringify([
    target['type'],
    valueIn(target['ip'], 'ip'),
    valueIn(target['server'], 'id'),
    valueIn(target['label_selector'], 'selector'),
  ]);
}
