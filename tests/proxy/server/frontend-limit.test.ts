// maxconn of a frontend is one limit over all workers: never more clients than that, and who waits is let in by whichever worker
// has room.
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type RunningProxy, sleep, startProxy, until } from '../support/proxy.ts';

interface Client {
  readonly socket: Socket;
  answered: boolean;
}

function come(port: number): Client {
  const client: Client = { socket: connect(port, '127.0.0.1'), answered: false };
  client.socket.on('error', () => undefined).on('data', () => (client.answered = true));
  client.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  return client;
}

const isIn = ({ socket, answered }: Client): boolean => answered && !socket.destroyed;

/** Waits until so many are in, and a little more: nobody else may be. */
async function expectIn(clients: readonly Client[], count: number): Promise<void> {
  await until(() => clients.filter(isIn).length >= count);
  await sleep(100);
  expect(clients.filter(isIn)).toHaveLength(count);
}

function start(workers: number, maxconn: number): Promise<RunningProxy> {
  return startProxy((port, control) => ({
    workers,
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [
      {
        name: 'web',
        bind: [`127.0.0.1:${port}`],
        maxconn,
        rules: [{ path: '/', respond: { status: 200, body: 'ok' } }],
      },
    ],
    backends: [],
  }));
}

describe('a frontend with maxconn', () => {
  it('lets in as many as that over all workers, and the next as soon as anybody goes', async () => {
    await using proxy = await start(3, 5);
    const clients = Array.from({ length: 10 }, () => come(proxy.port));
    await expectIn(clients, 5);
    for (let gone = 0; gone < 5; gone += 1) {
      clients.find(isIn)?.socket.destroy();
      await expectIn(clients, 5);
    }
    for (const { socket } of clients) socket.destroy();
  });

  it('may have fewer than there are workers, and more when somebody says so', async () => {
    await using proxy = await start(3, 1);
    const clients = Array.from({ length: 5 }, () => come(proxy.port));
    await expectIn(clients, 1);
    clients.find(isIn)?.socket.destroy();
    await expectIn(clients, 1);
    expect((await proxy.command('set maxconn frontend web 3')).trim()).toBe('');
    await expectIn(clients, 3);
    for (const { socket } of clients) socket.destroy();
  });
});
