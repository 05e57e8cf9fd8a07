// Does a track stay on one stream server? All its segments should, and only a failed server's tracks may move.
import { newAgent, send } from './http-client.ts';
import type { Address, StreamsReport } from './model.ts';
import { backendOf } from './verify.ts';

/** Track -> the servers that answered its segments. */
export interface Placement {
  readonly servers: ReadonlyMap<string, ReadonlySet<string>>;
  /** Answers that were no 200, named no server or had the wrong bytes. */
  readonly corrupt: number;
}

const timeoutMs = 10_000;

/** Asks for every segment of every track, track by track. */
export async function placeTracks(target: Address, tracks: number, segments: number): Promise<Placement> {
  const agent = newAgent();
  const servers = new Map<string, Set<string>>();
  let corrupt = 0;
  for (let track = 0; track < tracks; track += 1) {
    const seen = new Set<string>();
    const asked = Array.from({ length: segments }, async (_, segment) => {
      const path = `/stream/track-${track}/segment-${segment}.ts`;
      const outcome = await send(target, { method: 'GET', path, headers: {}, body: null }, { agent, timeoutMs });
      const backend = outcome.kind === 'answered' && outcome.status === 200 ? backendOf(outcome.headers) : null;
      if (backend !== null && outcome.kind === 'answered' && isSegment(outcome.body, path)) seen.add(backend);
      else corrupt += 1;
    });
    await Promise.all(asked);
    servers.set(`track-${track}`, seen);
  }
  agent.destroy();
  return { servers, corrupt };
}

/** Pure. `victim` is null when the failing server serves no streams: then nothing may move. */
export function compareStreams(
  before: Placement,
  during: Placement | null,
  shape: { readonly tracks: number; readonly segments: number; readonly victim: string | null },
): StreamsReport {
  const moved = during ? [...before.servers].filter(([track, from]) => !same(from, during.servers.get(track))) : [];
  return {
    tracks: shape.tracks,
    segments: shape.segments,
    split: splitIn(before),
    splitWhileDown: during ? splitIn(during) : 0,
    moved: moved.length,
    movedWithoutReason: moved.filter(([, from]) => shape.victim === null || !from.has(shape.victim)).length,
    corrupt: before.corrupt + (during?.corrupt ?? 0),
  };
}

function splitIn(placement: Placement): number {
  return [...placement.servers.values()].filter((seen) => seen.size > 1).length;
}

function same(one: ReadonlySet<string>, other: ReadonlySet<string> | undefined): boolean {
  return other?.size === one.size && [...one].every((name) => other.has(name));
}

/** The demo backend repeats the path. */
function isSegment(body: Buffer, path: string): boolean {
  return body.length > 0 && body.equals(Buffer.alloc(body.length, `${path}\n`));
}
