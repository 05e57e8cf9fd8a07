// How many connections one client may have, against a running veza-proxy: clients are the addresses of the loopback.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, portOf } from '../../support/ports.ts';
import { type RunningProxy, startProxy, statusOf, until } from '../support/proxy.ts';
import { countsOf } from '../support/stats.ts';

let backend: Server;
let proxy: RunningProxy;
let proxiedPort: number;

beforeAll(async () => {
  backend = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  proxiedPort = await freePort();
  proxy = await startProxy((port, control) => ({
    workers: 1,
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [
      { name: 'web', bind: [`127.0.0.1:${port}`], maxconnPerClient: 2, defaultBackend: 'api' },
      {
        name: 'proxied',
        bind: [`127.0.0.1:${proxiedPort}`],
        maxconnPerClient: 1,
        acceptProxy: ['127.0.0.1'],
        defaultBackend: 'api',
      },
    ],
    backends: [{ name: 'api', servers: [{ name: 's', address: '127.0.0.1', port: portOf(backend) }] }],
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  backend.closeAllConnections();
  backend.close();
});

/** Status of a request on a connection of its own that stays open; 0 where it was closed. */
async function ask(from: string, port = proxy.port, before = ''): Promise<{ status: number; socket: Socket }> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from });
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.once('data', (bytes: Buffer) => resolve(bytes.toString('latin1')));
  socket.once('close', () => resolve(''));
  socket.on('error', () => undefined);
  socket.write(`${before}GET / HTTP/1.1\r\nHost: x\r\n\r\n`);
  return { status: statusOf(await promise), socket };
}

async function denied(): Promise<number | undefined> {
  return (await countsOf(proxy, 'web,FRONTEND', 'dcon'))[0];
}

describe('a client with as many connections as it may have', () => {
  it('gets no more, others do, and what it closes makes room', async () => {
    const first = await ask('127.0.0.1');
    const second = await ask('127.0.0.1');
    const third = await ask('127.0.0.1');
    const other = await ask('127.0.0.2');
    expect([first.status, second.status, third.status, other.status]).toEqual([200, 200, 0, 200]);
    await until(async () => (await denied()) === 1);

    first.socket.destroy();
    await until(async () => {
      const again = await ask('127.0.0.1');
      again.socket.destroy();
      return again.status === 200;
    });
    for (const { socket } of [second, other]) socket.destroy();
  });

  it('is not who speaks for others', async () => {
    const asked = await Promise.all(
      [1, 2, 3].map((last) => ask('127.0.0.1', proxiedPort, `PROXY TCP4 192.0.2.${last} 192.0.2.9 4000 80\r\n`)),
    );
    expect(asked.map(({ status }) => status)).toEqual([200, 200, 200]);
    for (const { socket } of asked) socket.destroy();
  });
});
