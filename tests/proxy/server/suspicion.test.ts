// What one worker finds out about a server, the others know at once: through a running proxy with hung backends.
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { freePort } from '../../support/ports.ts';
import { Backend } from '../support/backends.ts';
import { readAll, request, startProxy, statusOf, until } from '../support/proxy.ts';
import { countsOf } from '../support/stats.ts';

it('spares all workers a hung server as soon as one of them met its silence', async () => {
  const executed = new Map<string, number>();
  await using a = new Backend(await freePort(), 'a', executed);
  await using b = new Backend(await freePort(), 'b', executed);
  await Promise.all([a.start(), b.start()]);
  await using proxy = await startProxy((front, control) => ({
    workers: 4,
    grace: '100ms',
    timeouts: { firstByte: '500ms' },
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [{ name: 'http', bind: [`127.0.0.1:${front}`], defaultBackend: 'api' }],
    backends: [
      {
        name: 'api',
        // No check says more while the test runs: what is known comes from traffic.
        check: { path: '/health', inter: '1h', fastinter: '1m', timeout: '1m' },
        servers: [a, b].map(({ name, port }) => ({ name, address: '127.0.0.1', port })),
      },
    ],
  }));
  await until(
    async () => (await proxy.command('show stat')).split('\n').filter((row) => row.includes('L7OK')).length === 2,
  );
  a.signal('SIGSTOP');
  const get = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  // One of these goes there first, and to the other server after that time.
  await until(async () => {
    await request(proxy.port, get, 5000);
    // Requests that went from server a to another.
    const [hedges = 0] = await countsOf(proxy, 'api,a', 'wredis');
    return hedges > 0;
  }, 15_000);
  const post = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nConnection: close\r\n\r\nb';
  const answers = await Promise.all(
    Array.from({ length: 60 }, () => {
      const socket = connect({ port: proxy.port, host: '127.0.0.1' });
      socket.write(post);
      return readAll(socket, 6000);
    }),
  );
  expect(answers.filter((answer) => statusOf(answer) !== 200)).toEqual([]);
});

it('tries the only server again after the time of a connection, at most a second, not before, whatever its check says', async () => {
  await using server = new Backend(await freePort(), 'a', new Map());
  await using checked = new Backend(await freePort(), 'a', new Map());
  await checked.start();
  const { name, port } = server;
  await using proxy = await startProxy((front, control) => ({
    workers: 1,
    grace: '100ms',
    timeouts: { connect: '600ms' },
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [{ name: 'http', bind: [`127.0.0.1:${front}`], defaultBackend: 'api' }],
    backends: [
      {
        name: 'api',
        hold: '30s',
        check: { type: 'tcp', inter: '200ms', timeout: '200ms' },
        servers: [{ name, address: '127.0.0.1', port, check: { port: checked.port } }],
      },
    ],
  }));
  const startedAt = performance.now();
  const answer = request(proxy.port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 30_000);
  await until(async () => {
    const [refusals = 0] = await countsOf(proxy, 'api,a', 'econ');
    return refusals > 0;
  }, 10_000);
  await server.start();
  expect(statusOf(await answer)).toBe(200);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(600);
});
