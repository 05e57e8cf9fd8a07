// A load balancer of Hetzner Cloud as a resource: services and targets are attributes of their own, so that a change of one
// is one call and one line of the diff.
import type { BalancerTarget } from '../../core/cloud-requests.ts';
import { isUnknown, type Unknown } from '../../core/unknown.ts';
import { VezaError } from '../../lib/errors.ts';
import type { HetznerCloud } from '../hetzner-cloud/client.ts';
import type { LoadBalancer, Service } from '../hetzner-cloud/types.ts';
import type { Outputs } from '../outputs.ts';
import type { CloudResource } from '../resource.ts';
import { attributeDiff } from './attributes.ts';
import { sendTo } from './calls.ts';
import { callsOf } from './load-balancer-calls.ts';
import { normalService, serviceKey, stateOf, targetKey, type BalancerState } from './load-balancer-state.ts';
import { exactLabels, ownedBy, owner, refuseForeignRemoval, type Labels } from './ownership.ts';

/**
 * What a load balancer should be; what is left out is not managed. Names of servers and the like have been resolved to ids;
 * what is not there yet is unknown.
 */
export interface WantedLoadBalancer {
  readonly name: string;
  /** Type and location are needed to make one. */
  readonly type?: string;
  readonly location?: string;
  readonly algorithm?: string;
  readonly labels?: Labels;
  /** These labels and no others (but the mark of what is ours), instead of these beside others. */
  readonly exactly?: boolean;
  /** Name of the network to be attached to, as an output that gives its id. */
  readonly networkOutput?: string;
  readonly services?: readonly WantedService[];
  readonly targets?: readonly WantedTarget[];
}

/** Certificates are named by the outputs that give their ids. */
export interface WantedService extends Omit<Service, 'http'> {
  readonly http?: Omit<NonNullable<Service['http']>, 'certificates'> & {
    readonly certificateOutputs: readonly string[];
  };
}

export type WantedTarget =
  | Exclude<BalancerTarget, { readonly type: 'server' }>
  | { readonly type: 'server'; readonly id: number | Unknown; readonly usePrivateIp: boolean };

export function loadBalancerResource(
  cloud: HetznerCloud,
  wanted: WantedLoadBalancer,
  options: { readonly adopt: boolean } = { adopt: false },
): CloudResource<BalancerState> {
  const outputsNeeded = [
    ...(wanted.networkOutput === undefined ? [] : [wanted.networkOutput]),
    ...(wanted.services ?? []).flatMap(({ http }) => http?.certificateOutputs ?? []),
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
    calls: (change, current) => callsOf(wanted.name, change, current),
    send: sendTo(cloud),
    outputs: (state) => outputsOf(state),
    describe: (change) => attributeDiff(change),
  };
}

/** The removal of a load balancer; with `foreign`, of one that others made too. */
export function absentLoadBalancer(
  cloud: HetznerCloud,
  name: string,
  options: { readonly foreign: boolean } = { foreign: true },
): CloudResource<BalancerState> {
  const desired = (current: BalancerState | null) => {
    if (!options.foreign) refuseForeignRemoval(`the load balancer "${name}"`, current?.['labels'] ?? null);
    return null;
  };
  return { ...loadBalancerResource(cloud, { name }, { adopt: true }), gives: [], desired };
}

/** What a load balancer that is there gives to others. */
export function balancerOutputs(found: LoadBalancer): Outputs {
  return outputsOf(stateOf(found));
}

function outputsOf(state: BalancerState | null): Outputs {
  const outputs = new Map<string, string>();
  if (typeof state?.address === 'string') outputs.set('lb_ip', state.address);
  if (typeof state?.['privateAddress'] === 'string') outputs.set('lb_private_ip', state['privateAddress']);
  return outputs;
}

function refuseForeign({ name }: WantedLoadBalancer, current: BalancerState | null, adopt: boolean): void {
  if (current === null || adopt || ownedBy(current['labels'])) return;
  throw new VezaError('foreign-resource', `the load balancer "${name}" is there already and was not made by veza-run`, {
    hint: `Give it the label ${owner.label}=${owner.value}, or run with --adopt, to let it be managed; else choose another name.`,
  });
}

function desiredState(wanted: WantedLoadBalancer, current: BalancerState | null, outputs: Outputs): BalancerState {
  const id = (name: string): number | Unknown | null => {
    const value = outputs.get(name);
    return value === undefined ? null : isUnknown(value) ? value : Number(value);
  };
  checkPlace(wanted, current);
  const parts = new Map<string, unknown>([
    ...(wanted.services ?? []).map((one) => [serviceKey(one.listen_port), wantedService(one, id)] as const),
    ...(wanted.targets ?? []).map(
      (one) => [targetKey(one), { usePrivateIp: one.type !== 'ip' && one.usePrivateIp }] as const,
    ),
  ]);
  const gone = Object.keys(current ?? {}).filter(
    (key) =>
      !parts.has(key) &&
      ((wanted.services && key.startsWith('service ')) || (wanted.targets && key.startsWith('target '))),
  );
  const there = (current?.['labels'] as Labels | undefined) ?? null;
  return {
    type: wanted.type,
    location: wanted.location,
    algorithm: wanted.algorithm,
    labels: wanted.exactly ? exactLabels(there, wanted.labels) : { ...there, ...wanted.labels },
    network: wanted.networkOutput === undefined ? (current?.['network'] ?? null) : id(wanted.networkOutput),
    ...Object.fromEntries(gone.map((key) => [key, null])),
    ...Object.fromEntries(parts),
  };
}

function wantedService({ http, ...rest }: WantedService, id: (output: string) => unknown): object {
  if (!http) return normalService(rest);
  const { certificateOutputs, ...more } = http;
  return normalService({ ...rest, http: { ...more, certificates: certificateOutputs.map(id) } });
}

function checkPlace({ name, type, location }: WantedLoadBalancer, current: BalancerState | null): void {
  if (!current) {
    if (type !== undefined && location !== undefined) return;
    throw new VezaError('invalid-arguments', `the load balancer "${name}" is not there yet`, {
      hint: 'To make it, its type (lb11) and its location (fsn1) are needed.',
    });
  }
  const there = String(current['location']);
  if (location === undefined || there === location) return;
  throw new VezaError('immutable', `the load balancer "${name}" is in ${there}, and cannot move to ${location}`, {
    hint: 'Correct `location`, or delete it first: veza-run prod lb delete.',
  });
}
