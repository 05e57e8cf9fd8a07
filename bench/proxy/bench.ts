// What all measurements of a run share: its folder, its processors, the proxies in it and how they are started.
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../tests/support/ports.ts';
import type { Verdict } from './gates.ts';
import { originCommand } from './peers/nginx.ts';
import type { Peer, PeerSetup } from './peers/peer.ts';
import { type Processors, type Started, startHelper, startServer } from './processes.ts';
import { type CpuQuota, makeCpuQuota } from './quota.ts';

export interface Bench {
  readonly folder: string;
  /** PEM file: certificate and key. */
  readonly certificate: string;
  /** Those that can be started here. */
  readonly peers: readonly Peer[];
  /** Those that should be measured and cannot. */
  readonly absent: readonly { readonly peer: Peer; readonly why: string }[];
  /** Measured ones; one more warms up. */
  readonly rounds: number;
  readonly seconds: number;
  /** The one processor of a proxy. */
  readonly proxyOn: Processors;
  /** Load and origin. */
  readonly otherOn: Processors;
}

/** Connections of a load. */
export const connections = 64;

/** A part of the result: a table for people, and what it says about gates. */
export interface Section {
  readonly markdown: string;
  readonly verdicts: readonly Verdict[];
}

export interface Running extends Started {
  readonly peer: Peer;
  readonly setup: PeerSetup;
  readonly quota?: CpuQuota;
}

type PeerOptions = Pick<PeerSetup, 'features' | 'originPort'> &
  Partial<Pick<PeerSetup, 'protocol' | 'workers'>> & {
    readonly on?: Processors;
    /** Of one processor's time: it gets no more. */
    readonly share?: number;
  };

/** Starts a proxy, and what it needs beside it, until `stack` ends. */
export async function startPeer(
  bench: Bench,
  peer: Peer,
  stack: AsyncDisposableStack,
  options: PeerOptions,
): Promise<Running> {
  const { on = bench.proxyOn, protocol = 'http', workers = 1, share, ...rest } = options;
  const { certificate } = bench;
  const setup = { ...rest, protocol, workers, certificate, port: await freePort(), folder: ownFolder(bench, 'peer') };
  const helper = setup.features === 'full' ? peer.helper?.(setup) : undefined;
  if (helper !== undefined) stack.use(await startHelper(bench.otherOn, helper));
  const quota = share === undefined ? undefined : stack.use(makeCpuQuota(share));
  const command = peer.command(setup);
  const started = stack.use(await startServer(on, quota?.inside(command) ?? command, setup.port));
  return {
    peer,
    setup,
    ...(quota && { quota }),
    pid: started.pid,
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

/** Starts the web server behind all proxies; returns its port. */
export async function startOrigin(
  bench: Bench,
  stack: AsyncDisposableStack,
  on: Processors = bench.otherOn,
  workers = 1,
): Promise<number> {
  const port = await freePort();
  stack.use(await startServer(on, originCommand(ownFolder(bench, 'origin'), port, workers), port));
  return port;
}

/** Starts what answers WebSocket messages; returns its port. */
export async function startEcho(bench: Bench, stack: AsyncDisposableStack): Promise<number> {
  const port = await freePort();
  const program = fileURLToPath(new URL('programs/echo.ts', import.meta.url));
  stack.use(await startServer(bench.otherOn, [process.execPath, program, String(port)], port));
  return port;
}

function ownFolder(bench: Bench, kind: string): string {
  return mkdtempSync(join(bench.folder, `${kind}-`));
}

/** What the origin has counted so far. */
export interface OriginCounts {
  readonly connections: number;
  readonly requests: number;
}

/** Asks the origin what it has counted; its answer counts too. */
export async function originCounts(port: number): Promise<OriginCounts> {
  const text = await (await fetch(`http://127.0.0.1:${port}/status`)).text();
  const [connections = NaN, , requests = NaN] = (/^ *(\d+) (\d+) (\d+)/m.exec(text)?.slice(1) ?? []).map(Number);
  return { connections, requests };
}
