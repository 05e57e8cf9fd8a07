// Snapshots of a server as one resource: whether there is one as it should be, and which are too many. A series is what has
// exactly the same labels, our mark among them: so nothing is ever removed that others made, or set apart with a label.
import { sameValue, type Change } from '../../core/change.ts';
import type { Diff } from '../../core/resource.ts';
import type { HetznerCloud } from '../hetzner-cloud/client.ts';
import type { Image } from '../hetzner-cloud/types.ts';
import type { Call, CloudResource } from '../resource.ts';
import { hcloudCall, idOf, sendTo } from './calls.ts';
import { exactLabels, ownedBy, refuseForeignRemoval, type Labels } from './ownership.ts';

export interface WantedSnapshot {
  /** Undefined: in a dry run, a server that is not there yet. */
  readonly server: { readonly id?: number; readonly name: string };
  readonly description: string;
  readonly labels: Labels;
  /** An older one is not enough. */
  readonly maxAgeMs?: number;
  /** So many of the series stay. */
  readonly keep?: number;
}

export interface SnapshotState {
  /** There is one as it should be; its id. */
  readonly present: boolean;
  readonly id?: number | null;
  /** Ids of those that are too many, oldest last. */
  readonly surplus: readonly number[];
}

/** `now` in milliseconds since 1970. */
export function snapshotResource(
  cloud: HetznerCloud,
  wanted: WantedSnapshot,
  now: () => number,
): CloudResource<SnapshotState> {
  const labels = exactLabels(null, wanted.labels) ?? {};
  return {
    key: snapshotKey(wanted),
    needs: [],
    gives: [],
    after: [],
    observe: async (signal) => stateOf(await snapshotsOf(cloud, wanted, signal), wanted, labels, now()),
    desired: () => ({ present: true, surplus: [] }),
    calls: ({ after }, current) => [
      ...(after?.present ? [creation(wanted, labels)] : []),
      ...(current?.surplus ?? []).map(removal),
    ],
    send: sendTo(cloud),
    describe: (change, current) => describe(wanted, change, current),
  };
}

interface AbsentState {
  readonly ids: readonly number[];
  readonly description: string;
}

/** The removal of the snapshots of a server with that description; with `foreign`, of those that others made too. */
export function absentSnapshots(
  cloud: HetznerCloud,
  wanted: Pick<WantedSnapshot, 'server' | 'description'>,
  options: { readonly foreign: boolean },
): CloudResource<AbsentState> {
  let foreign: Image | undefined;
  return {
    key: snapshotKey(wanted),
    needs: [],
    gives: [],
    after: [],
    observe: async (signal) => {
      const found = (await snapshotsOf(cloud, wanted, signal)).filter(
        ({ description }) => description === wanted.description,
      );
      foreign = found.find(({ labels }) => !ownedBy(labels));
      return found.length === 0 ? null : { ids: found.map(({ id }) => id), description: wanted.description };
    },
    desired: () => {
      if (!options.foreign && foreign)
        refuseForeignRemoval(`the snapshot ${foreign.id} of "${wanted.server.name}"`, foreign.labels);
      return null;
    },
    calls: (_change, current) => (current?.ids ?? []).map(removal),
    send: sendTo(cloud),
    describe: (_change, current) => ({
      attributes: [{ name: 'snapshots', before: [...(current?.ids ?? [])], after: undefined }],
    }),
  };
}

function snapshotKey({ server, description }: Pick<WantedSnapshot, 'server' | 'description'>): string {
  return `hcloud_snapshot:${server.name}/${description}`;
}

/** Newest first; those that failed are left out. */
async function snapshotsOf(
  cloud: HetznerCloud,
  { server }: Pick<WantedSnapshot, 'server'>,
  signal: AbortSignal | undefined,
): Promise<readonly Image[]> {
  if (server.id === undefined) return [];
  const all = await cloud.snapshots(signal);
  return all
    .filter(({ created_from: from, status }) => from?.id === server.id && status !== 'unavailable')
    .toSorted((one, other) => Date.parse(other.created) - Date.parse(one.created) || other.id - one.id);
}

/** `null`: there is none, and none too many. */
function stateOf(found: readonly Image[], wanted: WantedSnapshot, labels: Labels, nowMs: number): SnapshotState | null {
  const { description, maxAgeMs, keep } = wanted;
  const isYoung = ({ created }: Image) => maxAgeMs === undefined || nowMs - Date.parse(created) <= maxAgeMs;
  const good = found.find((one) => one.description === description && isYoung(one));
  const series = found.filter((one) => sameValue(one.labels, labels));
  // The one that is to be made takes a place of those that stay.
  const staying = keep === undefined ? series.length : good ? keep : keep - 1;
  const surplus = series.slice(staying).filter((one) => one !== good);
  if (!good && surplus.length === 0) return null;
  return { present: good !== undefined, id: good?.id ?? null, surplus: surplus.map(({ id }) => id) };
}

function creation({ server, description }: WantedSnapshot, labels: Labels): Call {
  const path = `/servers/${idOf(server)}/actions/create_image`;
  return hcloudCall('POST', path, { type: 'snapshot', description, labels });
}

function removal(id: number): Call {
  return hcloudCall('DELETE', `/images/${id}`);
}

function describe(
  { description }: WantedSnapshot,
  { after }: Change<SnapshotState>,
  current: SnapshotState | null,
): Diff {
  const gone = current?.surplus ?? [];
  return {
    attributes: [
      ...(after?.present ? [{ name: 'snapshot', before: undefined, after: description }] : []),
      ...(gone.length > 0 ? [{ name: 'removed', before: [...gone], after: undefined }] : []),
    ],
  };
}
