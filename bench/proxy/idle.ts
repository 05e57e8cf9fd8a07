// Memory of each proxy while thousands of keep-alive connections are open and idle.
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Peer } from './peers.ts';
import { freePort } from '../../tests/support/ports.ts';
import { memoryMiB, sleep, startPinned } from './processes.ts';

const wantedConnections = 10_000;
/** Opened at once; more would overflow the queue of a listening socket. */
const batch = 200;

export interface IdleSetup {
  readonly folder: string;
  readonly originPort: number;
  readonly cpu: number;
  readonly certificate: string;
}

/** Opens the connections, one request each, and returns a Markdown table of memory before and after. */
export async function measureIdle(peers: readonly Peer[], setup: IdleSetup): Promise<string> {
  const lines: string[] = [];
  for (const peer of peers) {
    const port = await freePort();
    const own = {
      ...setup,
      folder: mkdtempSync(join(setup.folder, 'idle-')),
      port,
      features: 'bare',
      protocol: 'http',
    } as const;
    await using running = await startPinned(setup.cpu, peer.command(own), port);
    const before = memoryMiB(running.pid);
    const sockets: Socket[] = [];
    try {
      while (sockets.length < wantedConnections) {
        const opened = await Promise.all(Array.from({ length: batch }, () => askOnce(port)));
        sockets.push(...opened);
        // It has reached a limit of this machine.
        if (opened.some((socket) => socket.destroyed)) break;
      }
      await sleep(3000);
      const open = sockets.filter((socket) => !socket.destroyed).length;
      lines.push(`| ${peer.name} | ${open} | ${before.toFixed(0)} | ${memoryMiB(running.pid).toFixed(0)} |`);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  }
  return [
    `### Memory at ${wantedConnections.toLocaleString('en')} idle keep-alive connections`,
    '',
    '| proxy | open connections | MiB before | MiB with them |',
    '| --- | --- | --- | --- |',
    ...lines,
    '',
  ].join('\n');
}

async function askOnce(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  socket.write('GET /1k HTTP/1.1\r\nHost: x\r\n\r\n');
  try {
    await once(socket, 'data', { signal: AbortSignal.timeout(5000) });
    socket.resume();
  } catch {
    socket.destroy();
  }
  return socket;
}
