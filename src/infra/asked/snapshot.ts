// Snapshots of a server that a playbook asks for.
import type { CloudReport } from '../../core/cloud.ts';
import type { SnapshotRequest } from '../../core/cloud-requests.ts';
import { serverKey } from '../desired/server.ts';
import { absentSnapshots, snapshotResource } from '../desired/snapshot.ts';
import type { HetznerCloud } from '../hetzner-cloud/client.ts';
import { idNamed } from './named.ts';
import { callsTold, valueOf } from './told.ts';
import type { Worker } from './worker.ts';

/** Rejects with VezaError. */
export async function workSnapshot(
  cloud: HetznerCloud,
  worker: Worker,
  request: SnapshotRequest,
): Promise<CloudReport> {
  const { description, labels, maxAgeSeconds, keep } = request;
  const server = await serverOf(cloud, worker, request.server);
  if (request.state === 'absent') {
    const resource = absentSnapshots(cloud, { server, description }, { foreign: request.force });
    const { changes, calls } = await worker.work(resource);
    return { changes, result: { calls: callsTold(calls) } };
  }
  const resource = snapshotResource(
    cloud,
    {
      server,
      description,
      labels,
      ...(maxAgeSeconds !== undefined && { maxAgeMs: maxAgeSeconds * 1000 }),
      ...(keep !== undefined && { keep }),
    },
    () => worker.clock.now(),
  );
  const { changes, calls, state } = await worker.work(resource);
  const made = state === null || Reflect.get(state, 'id') === null ? null : state;
  const told = { id: valueOf(made, 'id', 'the snapshot'), server: server.name, description };
  return { changes, result: { hcloud_snapshot: told, calls: callsTold(calls) } };
}

async function serverOf(
  cloud: HetznerCloud,
  worker: Worker,
  name: string,
): Promise<{ readonly id?: number; readonly name: string }> {
  const found = await cloud.server(name, worker.options.signal);
  if (found) return { id: found.id, name };
  // One that an earlier task of this dry run would make.
  if (worker.options.checkMode && worker.foreseen(serverKey(name))) return { name };
  return { id: Number(idNamed('server', name, await cloud.servers(worker.options.signal))), name };
}
