// A server that answers its checks and fails its clients, through a running proxy.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { portOf } from '../../support/ports.ts';
import { request, sleep, startProxy, statusOf } from '../support/proxy.ts';

it('takes a failing server out of the pick, and back when one request found it well', async () => {
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
      workers: 1,
      frontends: [{ name: 'http', bind: [`127.0.0.1:${front}`], defaultBackend: 'api' }],
      backends: [
        {
          name: 'api',
          check: { path: '/health' },
          breaker: { errors: 3, open: '1s' },
          servers: names.map((name, index) => ({ name, address: '127.0.0.1', port: ports[index] })),
        },
      ],
    }));
    const ask = async (times: number): Promise<number[]> => {
      const statuses: number[] = [];
      for (let time = 0; time < times; time += 1)
        statuses.push(statusOf(await request(proxy.port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')));
      return statuses;
    };
    expect((await ask(20)).filter((status) => status === 500)).toHaveLength(3);
    await sleep(1100);
    // The one that tries, and out again.
    expect((await ask(10)).filter((status) => status === 500)).toHaveLength(1);
    ill = false;
    await sleep(2100);
    await ask(4);
    const text = await request(proxy.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect([...text.matchAll(/X-Name: (.)/g)].map(([, name]) => name).toSorted()).toEqual(['a', 'b']);
  } finally {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  }
});
