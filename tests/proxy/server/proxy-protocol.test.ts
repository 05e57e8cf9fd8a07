// The PROXY protocol on real sockets: from those who must speak it, to servers, and with HAProxy on both sides.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proxyHeader, readProxyHeader } from '../../../src/proxy/core/proxy-protocol.ts';
import { freePort, portOf } from '../../support/ports.ts';
import { readAll, request, type RunningProxy, sleep, startProxy, statusOf, until } from '../support/proxy.ts';

/** Answers HTTP requests with what it got, as text; behind a PROXY header where `speaks` says so. */
function echo(speaks: boolean): Server {
  return createServer((socket: Socket) => {
    let bytes = Buffer.alloc(0);
    let said = speaks ? undefined : 'plain';
    socket.on('error', () => socket.destroy());
    socket.on('data', (piece: Buffer) => {
      bytes = Buffer.concat([bytes, piece]);
      if (said === undefined) {
        const header = readProxyHeader(bytes);
        if (header.state === 'bad') socket.destroy();
        if (header.state !== 'done') return;
        said = JSON.stringify(header.endpoints ?? 'local');
        bytes = Buffer.from(bytes.subarray(header.end));
      }
      while (bytes.includes('\r\n\r\n')) {
        const end = bytes.indexOf('\r\n\r\n') + 4;
        const body = `${said}\n${bytes.toString('latin1', 0, end)}`;
        bytes = Buffer.from(bytes.subarray(end));
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      }
    });
  });
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return portOf(server);
}

const client = { source: '203.0.113.9', sourcePort: 4711, destination: '198.51.100.1', destinationPort: 80 };
/** For what must come, and does on a machine that is not busy at once. */
const patienceMs = 30_000;
const get = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const servers = [echo(false), echo(true)];
let proxy: RunningProxy;
let plainPort: number;

beforeAll(async () => {
  const ports = await Promise.all(servers.map(listening));
  plainPort = await freePort();
  proxy = await startProxy((front, control) => {
    const server = { name: 'a', address: '127.0.0.1' };
    return {
      workers: 1,
      stats: { socket: [`127.0.0.1:${control}`] },
      // Byte by byte on a busy machine takes its time.
      timeouts: { httpRequest: '120s' },
      frontends: [
        { name: 'in', bind: [`127.0.0.1:${front}`], acceptProxy: ['127.0.0.1'], defaultBackend: 'plain' },
        {
          name: 'out',
          bind: [`127.0.0.1:${plainPort}`],
          rules: [{ pathPrefix: '/v2', backend: 'v2' }],
          defaultBackend: 'v1',
        },
      ],
      backends: [
        { name: 'plain', servers: [{ ...server, port: ports[0] }] },
        { name: 'v1', sendProxy: 'v1', check: {}, servers: [{ ...server, port: ports[1] }] },
        { name: 'v2', sendProxy: 'v2', check: {}, servers: [{ ...server, port: ports[1] }] },
      ],
    };
  });
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  for (const server of servers) server.close();
});

describe('the PROXY protocol from a balancer in front', () => {
  it.each(['v1', 'v2'] as const)('%s names the client, also when it comes byte by byte', async (version) => {
    const socket = connect({ port: proxy.port, host: '127.0.0.1', noDelay: true });
    for (const byte of proxyHeader(version, client)) {
      socket.write(Buffer.of(byte));
      await sleep(1);
    }
    socket.write(get);
    expect(await readAll(socket, patienceMs)).toContain('X-Forwarded-For: 203.0.113.9\r\n');
  });

  it('that speaks for itself is the client', async () => {
    const text = await request(proxy.port, Buffer.concat([proxyHeader('v2', undefined), Buffer.from(get)]));
    expect(text).toContain('X-Forwarded-For: 127.0.0.1\r\n');
  });

  it('is required: without it nothing is answered', async () => {
    expect(await request(proxy.port, get)).toBe('');
  });

  it('that comes too late is too late', async () => {
    await using hasty = await startProxy((port) => ({
      workers: 1,
      timeouts: { httpRequest: '500ms' },
      frontends: [{ name: 'in', bind: [`127.0.0.1:${port}`], acceptProxy: ['127.0.0.1'], defaultBackend: 'plain' }],
      backends: [{ name: 'plain', servers: [{ name: 'a', address: '127.0.0.1', port: 9 }] }],
    }));
    // The same of a proxy with more patience says that it is the time that ends it.
    const patient = connect(proxy.port, '127.0.0.1').resume();
    patient.write('PROXY TCP4 ');
    const startedAt = performance.now();
    expect(await request(hasty.port, 'PROXY TCP4 ', patienceMs)).toBe('');
    expect(performance.now() - startedAt).toBeLessThan(patienceMs);
    expect(patient.destroyed).toBe(false);
    patient.destroy();
  });

  it('is refused where nobody is to speak it', async () => {
    const text = await request(plainPort, Buffer.concat([proxyHeader('v1', client), Buffer.from(get)]));
    expect(statusOf(text)).toBe(400);
  });
});

describe('the PROXY protocol to servers', () => {
  it.each(['/v1', '/v2'])('names each client, on connections of its own (%s)', async (path) => {
    const socket = connect(plainPort, '127.0.0.1');
    await once(socket, 'connect');
    const port = socket.localPort;
    const one = `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
    socket.write(one + one);
    const isWhole = (text: string): boolean => text.split('\r\n\r\n').length > 4;
    const text = await readAll(socket, patienceMs, isWhole);
    const told = [...text.matchAll(/"sourcePort":(\d+)/g)].map(([, number]) => Number(number));
    expect(told).toEqual([port, port]);
    const other = await request(plainPort, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(statusOf(other)).toBe(200);
    expect(other).not.toContain(`"sourcePort":${port ?? 0},`);
  });

  it('is spoken by checks too', async () => {
    await until(async () => /^v2,a,.*,UP,.*,L7OK,200,/m.test(await proxy.command('show stat')));
  });
});

const haproxy = '/usr/sbin/haproxy';

it.skipIf(!existsSync(haproxy))('the PROXY protocol of HAProxy is understood, and ours by HAProxy', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'veza-pp-'));
  const ports = [await freePort(), await freePort(), await freePort()];
  const [before = 0, behind = 0, own = 0] = ports;
  const [plain] = servers;
  writeFileSync(
    join(folder, 'haproxy.cfg'),
    `defaults
  mode http
  timeout connect 10s
  timeout client 30s
  timeout server 30s
listen before
  bind 127.0.0.1:${before}
  server v 127.0.0.1:${own} send-proxy-v2 proxy-v2-options crc32c,unique-id
listen behind
  bind 127.0.0.1:${behind} accept-proxy
  option forwardfor
  server s 127.0.0.1:${portOf(plain)}
`,
  );
  const reference = spawn(haproxy, ['-db', '-f', join(folder, 'haproxy.cfg')], { stdio: 'ignore' });
  try {
    await using between = await startProxy(() => ({
      workers: 1,
      frontends: [
        { name: 'f', bind: [`127.0.0.1:${own}`], acceptProxy: ['127.0.0.1'], forwardFor: false, defaultBackend: 'b' },
      ],
      backends: [{ name: 'b', sendProxy: 'v2', servers: [{ name: 'h', address: '127.0.0.1', port: behind }] }],
    }));
    expect(between.log()).toContain('listening');
    await until(async () => statusOf(await request(before, get, 1000)) === 200);
    expect(await request(before, get)).toContain('x-forwarded-for: 127.0.0.1\r\n');
  } finally {
    reference.kill();
    rmSync(folder, { recursive: true, force: true });
  }
});
