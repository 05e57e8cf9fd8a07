// A load balancer that a playbook asks for: names become ids, then it is worked as that of infra.yaml is.
import type { CloudReport } from '../../core/cloud.ts';
import type { BalancerService, BalancerTarget, LoadBalancerRequest } from '../../core/cloud-requests.ts';
import { unknown, type Unknown } from '../../core/unknown.ts';
import { certificateOutput } from '../desired/certificate.ts';
import { absentLoadBalancer, loadBalancerResource } from '../desired/load-balancer.ts';
import type { WantedService, WantedTarget } from '../desired/load-balancer.ts';
import { serverKey } from '../desired/server.ts';
import { networkOutput } from '../desired/network.ts';
import type { HetznerCloud } from '../hetzner-cloud/client.ts';
import { idNamed } from './named.ts';
import { callsTold, valueOf } from './told.ts';
import type { Worker } from './worker.ts';

/** Rejects with VezaError. */
export async function workLoadBalancer(
  cloud: HetznerCloud,
  worker: Worker,
  request: LoadBalancerRequest,
): Promise<CloudReport> {
  const { name } = request;
  if (request.state === 'absent') {
    const { changes, calls } = await worker.work(absentLoadBalancer(cloud, name, { foreign: request.force }));
    return { changes, result: { calls: callsTold(calls) } };
  }
  const outputs = await outputsOf(cloud, request, worker.options.signal);
  const { type, location, algorithm, labels, network, services, targets } = request;
  const resource = loadBalancerResource(
    cloud,
    {
      name,
      exactly: true,
      ...(type !== undefined && { type }),
      ...(location !== undefined && { location }),
      ...(algorithm !== undefined && { algorithm }),
      ...(labels && { labels }),
      ...(network !== undefined && { networkOutput: networkOutput(network) }),
      ...(services && { services: services.map(wantedService) }),
      ...(targets && { targets: await wantedTargets(cloud, worker, targets) }),
    },
    { adopt: true },
  );
  const { changes, calls, state } = await worker.work(resource, outputs);
  const value = (key: string) => valueOf(state, key, `hcloud_load_balancer:${name}`);
  const told = {
    id: value('id'),
    name,
    load_balancer_type: value('type'),
    location: value('location'),
    algorithm: value('algorithm'),
    labels: value('labels'),
    ipv4_address: value('address'),
    private_ipv4_address: value('privateAddress'),
  };
  return { changes, result: { hcloud_load_balancer: told, calls: callsTold(calls) } };
}

function wantedService({ http, ...rest }: BalancerService): WantedService {
  if (!http) return rest;
  const { certificates, ...options } = http;
  return { ...rest, http: { ...options, certificateOutputs: certificates.map(certificateOutput) } };
}

/** Ids of what is referred to by name. Rejects with VezaError `not-found`. */
async function outputsOf(
  cloud: HetznerCloud,
  { network, services = [] }: LoadBalancerRequest,
  signal: AbortSignal,
): Promise<Map<string, string | Unknown>> {
  const outputs = new Map<string, string>();
  if (network !== undefined)
    outputs.set(networkOutput(network), idNamed('network', network, await cloud.networks(signal)));
  const certificates = new Set(services.flatMap(({ http }) => http?.certificates ?? []));
  const known = certificates.size > 0 ? await cloud.certificates(signal) : [];
  for (const one of certificates) outputs.set(certificateOutput(one), idNamed('certificate', one, known));
  return outputs;
}

async function wantedTargets(
  cloud: HetznerCloud,
  worker: Worker,
  targets: readonly BalancerTarget[],
): Promise<readonly WantedTarget[]> {
  const servers = targets.some(({ type }) => type === 'server') ? await cloud.servers(worker.options.signal) : [];
  return targets.map((target): WantedTarget => {
    if (target.type !== 'server') return target;
    const { server, usePrivateIp } = target;
    // A server that an earlier task of this dry run would make.
    const toCome = !servers.some(({ name }) => name === server) && worker.foreseen(serverKey(server));
    const id = toCome ? unknown(server) : Number(idNamed('server', server, servers));
    return { type: 'server', id, usePrivateIp };
  });
}
