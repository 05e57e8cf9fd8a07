// Servers of HTTP/2 that are killed and restarted under load, as processes of their own: nothing is lost, and what may not
// be repeated is executed once.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePort } from '../../support/ports.ts';
import { Backend } from '../support/backends.ts';
import { ClosedLoad } from '../support/closed-load.ts';
import { type RunningProxy, sleep, startProxy, until } from '../support/proxy.ts';

let executed: Map<string, number>;
let a: Backend;
let b: Backend;
let proxy: RunningProxy;

beforeEach(async () => {
  executed = new Map();
  a = new Backend(await freePort(), 'a', executed, 'h2');
  b = new Backend(await freePort(), 'b', executed, 'h2');
  await Promise.all([a.start(), b.start()]);
  proxy = await startProxy((port, control) => ({
    workers: 2,
    grace: '2s',
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [{ name: 'http', bind: [`127.0.0.1:${port}`], defaultBackend: 'api' }],
    backends: [
      {
        name: 'api',
        http2: true,
        hold: '20s',
        check: { path: '/health', inter: '1s' },
        servers: [
          { name: 'a', address: '127.0.0.1', port: a.port },
          { name: 'b', address: '127.0.0.1', port: b.port },
        ],
      },
    ],
  }));
});

afterEach(async () => {
  await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose](), proxy[Symbol.asyncDispose]()]);
});

/** Until so many more requests were answered. */
async function served(load: ClosedLoad, more: number): Promise<void> {
  const before = load.answered.length;
  await until(() => load.answered.length - before >= more, 30_000);
}

it('killed, they cost no GET and no POST with a key', async () => {
  const load = new ClosedLoad(proxy.port, 16, true, [
    { method: 'GET' },
    { method: 'POST', idempotencyKey: true, body: 'b'.repeat(500) },
  ]);
  await served(load, 150);
  await a.stop('SIGKILL');
  await served(load, 150);
  await a.start();
  await served(load, 300);
  await b.stop('SIGKILL');
  await served(load, 150);
  await load.stop();
  expect(load.failed).toEqual([]);
});

it('restarted gracefully one after the other, they cost no POST, and none is executed twice', async () => {
  const load = new ClosedLoad(proxy.port, 16, true, [{ method: 'POST', body: 'b'.repeat(500) }]);
  for (const server of [a, b, a]) {
    await served(load, 150);
    await server.stop('SIGTERM');
    await served(load, 150);
    await server.start();
    await sleep(1500);
  }
  const answered = await load.stop();
  expect(load.failed).toEqual([]);
  expect(answered.filter(({ id }) => executed.get(id) !== 1)).toEqual([]);
});
