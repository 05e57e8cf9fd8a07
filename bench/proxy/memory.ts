// Memory of each proxy: with thousands of keep-alive connections that are open and idle, and while under load.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, connections, type Section, startOrigin, startPeer } from './bench.ts';
import { judge, median, type Verdict } from './gates.ts';
import { runWrk } from './load.ts';
import { mostFeatures, type Peer } from './peers/peer.ts';
import { memoryMiB } from './processes.ts';
import { requestBytes } from './request.ts';
import { ours, section, table } from './report.ts';

const wantedConnections = 10_000;
/** Opened at once; more would overflow the queue of a listening socket. */
const batch = 200;
/** MiB of master and one worker. */
const idleBound = { must: 120, side: 'most' } as const;

interface IdleMemory {
  readonly open: number;
  readonly before: number;
  readonly after: number;
}

/** Opens the connections, one request each, and tells memory before and after. */
export async function measureIdle(bench: Bench): Promise<Section> {
  await using stack = new AsyncDisposableStack();
  const originPort = await startOrigin(bench, stack);
  const rows: string[][] = [];
  const verdicts: Verdict[] = [];
  for (const peer of bench.peers) {
    const { open, before, after } = await idleMemory(bench, peer, originPort);
    rows.push([peer.name, String(open), before.toFixed(0), after.toFixed(0)]);
    if (peer.name !== ours) continue;
    const all = open === wantedConnections;
    const what = `memory at ${wantedConnections.toLocaleString('en')} idle connections`;
    if (all) verdicts.push(judge(what, [after], idleBound, { digits: 0, unit: ' MiB' }));
    else verdicts.push({ kept: false, text: `gate NOT met: only ${open} connections stayed open` });
  }
  const head = ['proxy', 'open connections', 'MiB before', 'MiB with them'];
  const title = `Memory at ${wantedConnections.toLocaleString('en')} idle keep-alive connections, bare`;
  return section(title, table(head, rows), verdicts);
}

async function idleMemory(bench: Bench, peer: Peer, originPort: number): Promise<IdleMemory> {
  await using stack = new AsyncDisposableStack();
  const { pid, setup } = await startPeer(bench, peer, stack, { features: 'bare', originPort });
  const before = memoryMiB(pid);
  const sockets: Socket[] = [];
  try {
    while (sockets.length < wantedConnections) {
      const opened = await Promise.all(Array.from({ length: batch }, () => askOnce(setup.port)));
      sockets.push(...opened);
      // It has reached a limit of this machine.
      if (opened.some((socket) => socket.destroyed)) break;
    }
    await sleep(3000);
    const open = sockets.filter((socket) => !socket.destroyed).length;
    return { open, before, after: memoryMiB(pid) };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

/** A connection that had a whole answer; destroyed if it had none. */
async function askOnce(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  socket.write(requestBytes('/1k'));
  try {
    const [first] = (await once(socket, 'data', { signal: AbortSignal.timeout(5000) })) as [Buffer];
    if (!first.toString('latin1').startsWith('HTTP/1.1 200 ')) socket.destroy();
    // Without a reader nobody would notice that the other side closes.
    socket.resume().on('end', () => socket.destroy());
  } catch {
    socket.destroy();
  }
  return socket;
}

/** Samples of memory under one load without a pause: before, then every quarter of a second. */
export interface MemoryCourse {
  readonly name: string;
  readonly before: number;
  readonly samples: readonly number[];
}

/** Puts each proxy, with all it can, under load and watches its memory. */
export async function measureGrowth(bench: Bench): Promise<Section> {
  await using stack = new AsyncDisposableStack();
  const originPort = await startOrigin(bench, stack);
  const courses: MemoryCourse[] = [];
  const seconds = Math.max(8, Math.ceil(2 * bench.rounds * bench.seconds));
  for (const peer of bench.peers) {
    const features = mostFeatures(peer);
    await using own = new AsyncDisposableStack();
    const { pid, setup } = await startPeer(bench, peer, own, { features, originPort });
    const before = memoryMiB(pid);
    const samples: number[] = [];
    const timer = setInterval(() => samples.push(memoryMiB(pid)), 250);
    const url = `http://127.0.0.1:${setup.port}/1k`;
    await runWrk({ on: bench.otherOn, connections, seconds, url, keepAlive: true });
    clearInterval(timer);
    courses.push({ name: `${peer.name}${features === 'full' ? ', all features' : ', bare'}`, before, samples });
  }
  return growthSection(courses, seconds);
}

/** The memory of the last quarter of the time divided by that of the second: after caches and compilers have what they need. */
export function growth(samples: readonly number[]): number {
  const quarter = Math.floor(samples.length / 4);
  if (quarter === 0) return NaN;
  return median(samples.slice(-quarter)) / median(samples.slice(quarter, 2 * quarter));
}

/** The table, and what it says about ours. */
export function growthSection(courses: readonly MemoryCourse[], seconds: number): Section {
  const head = ['proxy', 'MiB before', 'MiB at the most', 'MiB at the end', 'last quarter ÷ second quarter'];
  const rows = courses.map(({ name, before, samples }) => [
    name,
    before.toFixed(0),
    Math.max(...samples).toFixed(0),
    (samples.at(-1) ?? NaN).toFixed(0),
    growth(samples).toFixed(2),
  ]);
  const own = courses.find(({ name }) => name.startsWith(ours));
  const bound = { must: 1.1, side: 'most' } as const;
  const verdicts = own === undefined ? [] : [judge('growth', [growth(own.samples)], bound, { digits: 2 })];
  return section(`Memory under ${seconds} s of load, 1 KB, keep-alive`, table(head, rows), verdicts);
}
