// A gigabyte each way through tunnels at once: every byte arrives, in order, and memory stays bounded.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, portOf } from '../support/ports.ts';
import { seeded } from '../proxy/support/builders.ts';
import { type RunningProxy, startProxy } from '../proxy/support/proxy.ts';
import { say } from './support/summary.ts';

const total = 1024 ** 3;
const blockBytes = 1 << 20;
/** Far below what went through: what waits in the proxy must not grow with it. */
const memoryLimitMb = 400;
const sampleMs = 250;

let backend: Server;
let proxy: RunningProxy;
let tcpPort: number;
let atServer: Promise<string>;

beforeAll(async () => {
  backend = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    let head = '';
    const begin = (bytes: Buffer): void => {
      head += bytes.toString('latin1');
      // The first byte says what it is: an upgrade, or bare bytes.
      const end = head.startsWith('G') ? head.indexOf('\r\n\r\n') + 4 : 1;
      if (end === 3) return;
      socket.off('data', begin);
      if (end > 1) socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: bytes\r\n\r\n');
      atServer = both(socket, Buffer.from(head.slice(end), 'latin1'), 2);
    };
    socket.on('data', begin);
  }).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const server = { name: 's', address: '127.0.0.1', port: portOf(backend) };
  tcpPort = await freePort();
  proxy = await startProxy((port) => ({
    workers: 1,
    frontends: [
      { name: 'http', bind: [`127.0.0.1:${port}`], defaultBackend: 'web' },
      { name: 'tcp', mode: 'tcp', bind: [`127.0.0.1:${tcpPort}`], defaultBackend: 'raw' },
    ],
    backends: [
      { name: 'web', servers: [server] },
      { name: 'raw', servers: [server] },
    ],
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  backend.close();
});

/** Random bytes that begin anew with each block, changed by its number so that a lost or doubled one is seen. */
function* blocks(seed: number): Generator<Buffer> {
  const random = seeded(seed);
  const block = Buffer.from(Uint8Array.from({ length: blockBytes }, () => Math.floor(random() * 256)));
  for (let index = 0; index < total / blockBytes; index += 1) {
    const next = Buffer.from(block);
    next.writeUInt32BE(index, 0);
    yield next;
  }
}

function digestOf(seed: number): string {
  const hash = createHash('sha256');
  for (const block of blocks(seed)) hash.update(block);
  return hash.digest('hex');
}

/** Sends a gigabyte and reads one until the other side ends; resolves with the digest of what came. */
async function both(socket: Socket, early: Buffer, seed: number): Promise<string> {
  const hash = createHash('sha256').update(early);
  socket.on('data', (bytes: Buffer) => hash.update(bytes));
  const ended = once(socket, 'end');
  for (const block of blocks(seed)) if (!socket.write(block)) await once(socket, 'drain');
  socket.end();
  await ended;
  return hash.digest('hex');
}

function workerMb(): number {
  const [worker = ''] = execFileSync('pgrep', ['-P', String(proxy.process.pid)], { encoding: 'utf8' }).split('\n');
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${worker}/status`, 'utf8'))?.[1]) / 1024;
}

describe('a gigabyte each way', () => {
  it.each(['WebSocket upgrade', 'mode tcp'])('through a tunnel (%s)', async (kind) => {
    const isTcp = kind === 'mode tcp';
    const socket = connect({ port: isTcp ? tcpPort : proxy.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.write(isTcp ? '.' : 'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: bytes\r\n\r\n');
    let early: Buffer = Buffer.alloc(0);
    if (!isTcp) {
      const [first] = (await once(socket, 'data')) as [Buffer];
      const end = first.indexOf('\r\n\r\n') + 4;
      expect(first.toString('latin1', 0, 12)).toBe('HTTP/1.1 101');
      early = first.subarray(end);
    }
    let most = 0;
    const timer = setInterval(() => (most = Math.max(most, workerMb())), sampleMs);
    const startedAt = performance.now();
    try {
      const received = await both(socket, early, 1);
      const seconds = (performance.now() - startedAt) / 1000;
      say(`tunnel, ${kind}: 1 GB each way in ${seconds.toFixed(1)} s, worker at most ${most.toFixed(0)} MB`);
      expect(received).toBe(digestOf(2));
      expect(await atServer).toBe(digestOf(1));
      expect(most).toBeLessThan(memoryLimitMb);
    } finally {
      clearInterval(timer);
      socket.destroy();
    }
  });
});
