// Bodies come through byte for byte however they are framed and however slowly they are taken: sockets share the memory
// that they read into, so one connection's bytes must never be seen on another.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { portOf } from '../../support/ports.ts';
import { type RunningProxy, sleep, startProxy, until } from '../support/proxy.ts';

let backend: Server;
let proxy: RunningProxy;

/** Bytes that say where they belong: a piece of another body or a shifted one is seen. */
function bytesOf(seed: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 8 <= size; at += 8) {
    bytes.writeUInt32LE(seed, at);
    bytes.writeUInt32LE(at, at + 4);
  }
  return bytes;
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** In small pieces, so that the proxy reads small pieces: what a client leaves of these is less than a full buffer. */
function drip(outgoing: ServerResponse, body: Buffer, at: number): void {
  for (let next = at; next < body.length; next += 4000) {
    if (!outgoing.write(body.subarray(next, next + 4000)) || next % 3 === 0) {
      setTimeout(() => drip(outgoing, body, next + 4000), 1);
      return;
    }
  }
  outgoing.end();
}

beforeAll(async () => {
  backend = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? '/', 'http://x');
    if (incoming.method === 'PUT') {
      const hash = createHash('sha256');
      incoming.on('data', (bytes: Buffer) => hash.update(bytes)).on('end', () => outgoing.end(hash.digest('hex')));
      return;
    }
    const body = bytesOf(Number(url.searchParams.get('seed')), Number(url.searchParams.get('size')));
    if (url.searchParams.has('drip')) {
      outgoing.setHeader('Content-Length', body.length);
      drip(outgoing, body, 0);
    } else if (url.searchParams.has('chunked')) {
      for (let at = 0; at < body.length; at += 30_000) outgoing.write(body.subarray(at, at + 30_000));
      outgoing.end();
    } else {
      outgoing.setHeader('Content-Length', body.length).end(body);
    }
  });
  backend.on('upgrade', (_incoming, socket: Socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.pipe(socket);
  });
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const port = portOf(backend);
  proxy = await startProxy((front) => ({
    workers: 1,
    frontends: [{ name: 'http', bind: [`127.0.0.1:${front}`], defaultBackend: 'api' }],
    backends: [{ name: 'api', servers: [{ name: 'a', address: '127.0.0.1', port }] }],
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  backend.closeAllConnections();
  backend.close();
});

async function get(path: string, pauseMs: number): Promise<Buffer> {
  const outgoing = httpRequest({ host: '127.0.0.1', port: proxy.port, path }).end();
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  const pieces: Buffer[] = [];
  incoming.on('data', (bytes: Buffer) => {
    pieces.push(bytes);
    if (pauseMs === 0) return;
    incoming.pause();
    setTimeout(() => incoming.resume(), pauseMs);
  });
  await once(incoming, 'end');
  return Buffer.concat(pieces);
}

describe('large bodies', () => {
  it.each([
    ['by length, taken at once', '', 0],
    ['in chunks, taken at once', '&chunked', 0],
    ['by length, taken slowly', '', 3],
    ['in chunks, taken slowly', '&chunked', 3],
  ])('of many responses at a time %s', async (_name, framing, pauseMs) => {
    const sizes = [5000, 16_000, 17_000, 65_000, 66_000, 200_000, 3_000_000];
    const results = await Promise.all(
      Array.from({ length: 42 }, async (_, index) => {
        const size = sizes[index % sizes.length] ?? 0;
        const got = await get(`/?seed=${index + 1}&size=${size}${framing}`, pauseMs);
        return digest(got) === digest(bytesOf(index + 1, size));
      }),
    );
    expect(results.filter((same) => !same)).toEqual([]);
  });

  it('that come in small pieces while the client takes nothing for a while', async () => {
    const results = await Promise.all(
      Array.from({ length: 4 }, async (_, index) => {
        const size = 8_000_000;
        const outgoing = httpRequest({
          host: '127.0.0.1',
          port: proxy.port,
          path: `/?seed=${index + 1}&size=${size}&drip`,
        }).end();
        const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
        await sleep(4000);
        const hash = createHash('sha256');
        for await (const bytes of incoming) hash.update(bytes as Buffer);
        return hash.digest('hex') === digest(bytesOf(index + 1, size));
      }),
    );
    expect(results).toEqual([true, true, true, true]);
  });

  it('of many requests at a time', async () => {
    const results = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const body = bytesOf(index + 1, 1000 * (index + 1) * (index % 5 === 0 ? 20 : 1));
        const headers = index % 2 === 0 ? { 'Content-Length': body.length } : { 'Transfer-Encoding': 'chunked' };
        const outgoing = httpRequest({ host: '127.0.0.1', port: proxy.port, method: 'PUT', headers });
        for (let at = 0; at < body.length; at += 7000) outgoing.write(body.subarray(at, at + 7000));
        outgoing.end();
        const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
        return (await text(incoming)) === digest(body);
      }),
    );
    expect(results.filter((same) => !same)).toEqual([]);
  });

  it('of pipelined requests, cut anywhere', async () => {
    const socket = connect({ port: proxy.port, host: '127.0.0.1' });
    let got = '';
    socket.on('data', (bytes: Buffer) => (got += bytes.toString('latin1')));
    const one = (at: number): string => `PUT /${at} HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\nbody ${at} ${at}`;
    const all = [1000, 2000, 3000, 4000].map(one).join('');
    for (let at = 0; at < all.length; at += 37) {
      socket.write(all.slice(at, at + 37));
      await sleep(2);
    }
    const digests = (): string[] => [...got.matchAll(/[0-9a-f]{64}/g)].map(([hash]) => hash);
    await until(() => digests().length === 4);
    socket.destroy();
    expect(digests()).toEqual([1000, 2000, 3000, 4000].map((at) => digest(Buffer.from(`body ${at} ${at}`))));
  });

  it('through tunnels, both ways', async () => {
    const results = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const socket = connect({ port: proxy.port, host: '127.0.0.1' });
        socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
        await once(socket, 'data');
        const sent = bytesOf(index + 1, 2_000_000);
        const pieces: Buffer[] = [];
        let size = 0;
        const { promise, resolve } = Promise.withResolvers<undefined>();
        socket.on('data', (bytes: Buffer) => {
          pieces.push(bytes);
          size += bytes.length;
          if (size === sent.length) resolve(undefined);
        });
        socket.write(sent);
        await promise;
        socket.destroy();
        return digest(Buffer.concat(pieces)) === digest(sent);
      }),
    );
    expect(results.filter((same) => !same)).toEqual([]);
  });
});
