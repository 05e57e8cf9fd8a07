// Who goes while it waits is no burden to servers; and a frontend that is full turns nobody away.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort, portOf } from '../../support/ports.ts';
import { firstStatus, type RunningProxy, startProxy, until } from '../support/proxy.ts';
import { statsOf } from '../support/stats.ts';

const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A server that answers when it is told to. */
const asked: Socket[] = [];
const open = new Set<Socket>();
const server = createServer((socket) => {
  open.add(socket);
  socket.on('close', () => open.delete(socket));
  socket.on('error', () => undefined);
  socket.on('data', () => asked.push(socket));
});
let port = 0;

beforeEach(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = portOf(server);
});

afterEach(async () => {
  for (const socket of open) socket.destroy();
  asked.length = 0;
  server.close();
  await once(server, 'close');
});

function proxyWith(backend: object, frontend: object = {}): Promise<RunningProxy> {
  return startProxy((at, controlPort) => ({
    workers: 1,
    stats: { socket: [`127.0.0.1:${controlPort}`] },
    frontends: [{ name: 'http', bind: [`127.0.0.1:${at}`], defaultBackend: 'api', ...frontend }],
    backends: [{ name: 'api', servers: [{ name: 's1', address: '127.0.0.1', port }], ...backend }],
  }));
}

function ask(proxy: RunningProxy): Socket {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  socket.write(get);
  return socket;
}

describe('a client that closes while it waits', () => {
  it('for the answer: its request leaves the server', async () => {
    await using proxy = await proxyWith({ timeouts: { server: '300s' } });
    const client = ask(proxy);
    await until(() => asked.length === 1, 15_000);
    client.end();
    await until(() => open.size === 0, 15_000);
    client.destroy();
    expect(await proxy.command('show stat')).toMatch(/^api,BACKEND,0,/m);
  });

  it('for a slot: its request reaches no server, and the next one gets its place', async () => {
    const servers = [{ name: 's1', address: '127.0.0.1', port, maxconn: 1 }];
    await using proxy = await proxyWith({ servers, timeouts: { queue: '60s', server: '300s' } });
    const first = ask(proxy);
    await until(() => asked.length === 1, 15_000);
    const second = ask(proxy);
    await until(async () => /^api,BACKEND,1,/m.test(await proxy.command('show stat')), 15_000);
    const third = ask(proxy);
    await until(async () => /^api,BACKEND,2,/m.test(await proxy.command('show stat')), 15_000);
    second.destroy();
    await until(async () => /^api,BACKEND,1,/m.test(await proxy.command('show stat')), 15_000);
    asked[0]?.write(answer);
    await until(() => asked.length === 2, 15_000);
    asked[1]?.write(answer);
    expect(await firstStatus(third, 15_000)).toBe(200);
    first.destroy();
  });

  it('only the side that it sends on, is answered with abortOnClose: false', async () => {
    await using proxy = await proxyWith({ abortOnClose: false });
    const client = ask(proxy);
    client.end();
    await until(() => asked.length === 1, 15_000);
    asked[0]?.write(answer);
    expect(await firstStatus(client, 15_000)).toBe(200);
  });
});

describe('a frontend that is full', () => {
  it('accepts no more, loses nobody, and goes on when somebody leaves', async () => {
    await using proxy = await proxyWith({}, { maxconn: 2 });
    const clients = [ask(proxy), ask(proxy)];
    await until(() => asked.length === 2, 15_000);
    const third = ask(proxy);
    await once(third, 'connect');
    // Who waits in the kernel is connected, and nothing of it is read.
    expect(await proxy.command('show info')).toContain('CurrConns: 2\n');
    expect(asked).toHaveLength(2);
    clients[0]?.destroy();
    await until(() => asked.length === 3, 15_000);
    asked[2]?.write(answer);
    expect(await firstStatus(third, 15_000)).toBe(200);
    clients[1]?.destroy();
    const fourth = ask(proxy);
    await until(() => asked.length === 4, 15_000);
    fourth.destroy();
  });
});

describe('retries: 0', () => {
  it('is one attempt', async () => {
    const servers = [{ name: 's1', address: '127.0.0.1', port: await freePort() }];
    await using proxy = await proxyWith({ servers, retries: 0 });
    expect(await firstStatus(ask(proxy), 15_000)).toBe(503);
    expect(await statsOf(proxy, 'api,s1', 'econ', 'wretr')).toEqual(['1', '0']);
  });
});
