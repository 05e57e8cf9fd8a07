// A server that answers its checks and fails its clients, through a running proxy with two workers that judge as one.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { portOf } from '../../support/ports.ts';
import { request, sleep, startProxy, statusOf, until } from '../support/proxy.ts';

const errors = 100;

it('takes a failing server out of the pick of all workers at once, and back when one request found it well', async () => {
  let ill = true;
  const names = ['a', 'b'];
  const servers = names.map((name) =>
    createServer((incoming, outgoing) => {
      outgoing.writeHead(name === 'a' && ill && incoming.url !== '/health' ? 500 : 200, { 'X-Name': name }).end();
    }).listen(0, '127.0.0.1'),
  );
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map(portOf);
  try {
    await using proxy = await startProxy((front) => ({
      workers: 2,
      frontends: [{ name: 'http', bind: [`127.0.0.1:${front}`], defaultBackend: 'api' }],
      backends: [
        {
          name: 'api',
          check: { path: '/health' },
          breaker: { errors, open: '1s' },
          servers: names.map((name, index) => ({ name, address: '127.0.0.1', port: ports[index] })),
        },
      ],
    }));
    const get = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    /** Sends requests one after the other until the condition holds; returns how many failed. */
    const ask = async (isDone: (answer: string, asked: number) => boolean): Promise<number> => {
      let failed = 0;
      for (let asked = 1; ; asked += 1) {
        const answer = await request(proxy.port, get, 10_000);
        if (statusOf(answer) === 500) failed += 1;
        if (isDone(answer, asked)) return failed;
      }
    };
    const isOut = (): boolean => proxy.log().includes('api/a is left out');
    const failed = await ask(isOut);
    // Each worker by itself would have let as many fail.
    expect(failed).toBeGreaterThanOrEqual(errors);
    expect(failed).toBeLessThan(errors * 1.5);
    // The message may be quicker than the news to the workers, and on a slow machine its time is over meanwhile: one tries.
    await sleep(200);
    expect(await ask((_, asked) => asked === 40)).toBeLessThanOrEqual(2);
    await sleep(1000);
    // The one that tries, and out again.
    await ask((answer) => statusOf(answer) === 500);
    await sleep(200);
    expect(await ask((_, asked) => asked === 40)).toBeLessThanOrEqual(2);
    ill = false;
    await until(async () => (await request(proxy.port, get, 10_000)).includes('X-Name: a'));
  } finally {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  }
});
