// A server that a playbook asks for.
import type { CloudReport } from '../../core/cloud.ts';
import type { ServerRequest } from '../../core/cloud-requests.ts';
import { absentServer, serverResource } from '../desired/server.ts';
import type { HetznerCloud } from '../hetzner-cloud/client.ts';
import { idNamed } from './named.ts';
import { callsTold, valueOf } from './told.ts';
import type { Worker } from './worker.ts';

/** Rejects with VezaError. */
export async function workServer(cloud: HetznerCloud, worker: Worker, request: ServerRequest): Promise<CloudReport> {
  const { name, force, state: asked } = request;
  if (asked === 'absent') {
    const { changes, calls } = await worker.work(absentServer(cloud, name, { foreign: force }));
    return { changes, result: { calls: callsTold(calls) } };
  }
  const { serverType, image, location, sshKeys, networks, labels, userData } = request;
  const known = networks && networks.length > 0 ? await cloud.networks(worker.options.signal) : [];
  const resource = serverResource(cloud, {
    name,
    force,
    enableIpv4: request.enableIpv4,
    enableIpv6: request.enableIpv6,
    ...(serverType !== undefined && { type: serverType }),
    ...(image !== undefined && { image }),
    ...(location !== undefined && { location }),
    ...(sshKeys && { sshKeys }),
    ...(networks && { networkIds: networks.map((one) => Number(idNamed('network', one, known))) }),
    ...(labels && { labels }),
    ...(userData !== undefined && { userData }),
    ...(asked !== 'present' && { running: asked === 'started' }),
  });
  const { changes, calls, state } = await worker.work(resource);
  const value = (key: string) => valueOf(state, key, `hcloud_server:${name}`);
  const told = {
    id: value('id'),
    name,
    server_type: value('type'),
    location: value('location'),
    image: value('image'),
    labels: value('labels'),
    private_networks: value('networks'),
    status: state !== null && Reflect.get(state, 'running') === false ? 'off' : 'running',
    ipv4_address: value('address'),
    ipv6: value('address6'),
    private_ipv4_address: value('privateAddress'),
  };
  return { changes, result: { hcloud_server: told, calls: callsTold(calls) } };
}
