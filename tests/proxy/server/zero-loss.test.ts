// Backends that are killed, stopped, hung and restarted under load, with real processes on loopback: nothing is lost
// that need not be, and nothing is executed twice that must not be.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../support/ports.ts';
import { Backend, failures, Load, slowest } from '../support/backends.ts';
import { readAll, type RunningProxy, sleep, startProxy, until } from '../support/proxy.ts';
import { statsOf } from '../support/stats.ts';

const kinds = {
  get: {},
  sticky: { headers: { Cookie: 'SERVERID=a' } },
  post: { method: 'POST', headers: { 'Idempotency-Key': 'x' }, body: 'b'.repeat(500) },
  bare: { method: 'POST', body: 'b'.repeat(500) },
} as const;

let executed: Map<string, number>;
let a: Backend;
let b: Backend;
let proxy: RunningProxy;

function configOf(extra: object = {}): (port: number, control: number) => object {
  return (port, control) => ({
    workers: 2,
    grace: '2s',
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [{ name: 'http', bind: [`127.0.0.1:${port}`], defaultBackend: 'api' }],
    backends: [
      {
        name: 'api',
        cookie: { name: 'SERVERID' },
        check: { path: '/health', inter: '1s' },
        servers: [
          { name: 'a', address: '127.0.0.1', port: a.port },
          { name: 'b', address: '127.0.0.1', port: b.port },
        ],
        ...extra,
      },
    ],
  });
}

beforeEach(async () => {
  executed = new Map();
  a = new Backend(await freePort(), 'a', executed);
  b = new Backend(await freePort(), 'b', executed);
  await Promise.all([a.start(), b.start()]);
});

afterEach(async () => {
  await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose](), proxy[Symbol.asyncDispose]()]);
});

async function statusOfServer(name: string): Promise<string | undefined> {
  return (await statsOf(proxy, `api,${name}`, 'status'))[0];
}

async function upgrade(cookie: string): Promise<{ socket: Socket; head: string }> {
  const socket = connect({ port: proxy.port, host: '127.0.0.1' });
  socket.write(`GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n${cookie}\r\nearly`);
  let head = '';
  while (!head.includes('early')) head += String((await once(socket, 'data'))[0]);
  return { socket, head };
}

/** Whatever happened, no POST without a key was executed twice. */
function expectNoDoubleExecution(outcomes: readonly { id: string; kind: string }[]): void {
  const twice = outcomes.filter(({ id, kind }) => kind === 'bare' && (executed.get(id) ?? 0) > 1);
  expect(twice).toEqual([]);
}

describe('a backend that is killed under load', () => {
  it('costs no request but POSTs without a key in flight there, and is soon DOWN', async () => {
    proxy = await startProxy(configOf());
    const load = new Load(proxy.port, 300, kinds);
    await sleep(800);
    await a.stop('SIGKILL');
    await until(async () => (await statusOfServer('a')) === 'DOWN', 2000);
    await sleep(500);
    await a.start();
    await until(async () => (await statusOfServer('a')) === 'UP', 6000);
    const outcomes = await load.stop();
    expect(failures(outcomes).filter(({ kind }) => kind !== 'bare')).toEqual([]);
    // As many as can be on their way at once; more on a machine that is held up.
    expect(failures(outcomes).length).toBeLessThanOrEqual(10);
    expectNoDoubleExecution(outcomes);
    // Not those that met cold processes, before anything happened.
    expect(slowest(outcomes.filter(({ at }) => at > 600))).toBeLessThan(700);
  });
});

describe('a backend that stops gracefully under load', () => {
  it('costs nothing at all', async () => {
    proxy = await startProxy(configOf());
    const load = new Load(proxy.port, 300, kinds);
    await sleep(600);
    await a.stop('SIGTERM');
    await sleep(600);
    const outcomes = await load.stop();
    expect(failures(outcomes)).toEqual([]);
    expectNoDoubleExecution(outcomes);
  });
});

describe('a slow request on a backend that stops gracefully', () => {
  it('is answered by it, also after the backend is DOWN, and is executed once', async () => {
    proxy = await startProxy(configOf());
    const slow = ['POST', 'GET'].map((method) =>
      fetch(`http://127.0.0.1:${proxy.port}/slow?ms=1500`, {
        method,
        headers: { Cookie: 'SERVERID=a', 'X-Request': method },
      }),
    );
    await sleep(200);
    const stopped = a.stop('SIGTERM');
    const load = new Load(proxy.port, 100, { get: kinds.get });
    await until(async () => (await statusOfServer('a')) === 'DOWN', 3000);
    for (const response of await Promise.all(slow)) {
      expect([response.status, response.headers.get('x-server')]).toEqual([200, 'a']);
    }
    await stopped;
    expect(failures(await load.stop())).toEqual([]);
    expect([executed.get('POST'), executed.get('GET')]).toEqual([1, 2]);
  });
});

describe('a backend that hangs under load', () => {
  it('costs no GET, none longer than two seconds, and its tunnels are closed', async () => {
    proxy = await startProxy(configOf());
    const { socket } = await upgrade('Cookie: SERVERID=a\r\n');
    const load = new Load(proxy.port, 150, { get: kinds.get, sticky: kinds.sticky, post: kinds.post });
    await sleep(500);
    a.signal('SIGSTOP');
    const hungAt = performance.now();
    await once(socket, 'close');
    expect(performance.now() - hungAt).toBeLessThan(6000);
    expect(await statusOfServer('a')).toBe('DOWN');
    const outcomes = await load.stop();
    expect(failures(outcomes)).toEqual([]);
    expect(slowest(outcomes)).toBeLessThan(2000);
  });
});

describe('a backend that is cut off', () => {
  it('costs nothing and nobody more than two seconds: connections to it do not even open', async () => {
    await a.stop('SIGKILL');
    await a.start(1);
    proxy = await startProxy(configOf());
    await until(async () => (await statusOfServer('a')) === 'UP');
    a.signal('SIGSTOP');
    // The kernel drops what comes when the queue of the socket is full, as a host without power does.
    const fill = Array.from({ length: 6 }, () => connect({ port: a.port, host: '127.0.0.1' }));
    for (const socket of fill) socket.on('error', () => undefined);
    await sleep(100);
    const load = new Load(proxy.port, 100, kinds);
    await sleep(2500);
    const outcomes = await load.stop();
    expect(failures(outcomes)).toEqual([]);
    expect(slowest(outcomes)).toBeLessThan(2000);
    expectNoDoubleExecution(outcomes);
    for (const socket of fill) socket.destroy();
  });
});

describe('both backends restarting', () => {
  it('holds requests until one is back', async () => {
    proxy = await startProxy(configOf());
    const load = new Load(proxy.port, 100, { get: kinds.get, sticky: kinds.sticky, post: kinds.post });
    await sleep(400);
    await Promise.all([a.stop('SIGKILL'), b.stop('SIGKILL')]);
    await sleep(1500);
    await Promise.all([a.start(), b.start()]);
    await until(async () => (await statusOfServer('a')) === 'UP', 6000);
    const outcomes = await load.stop();
    expect(failures(outcomes)).toEqual([]);
  });

  it('gives up with 503 and Retry-After when the hold time is over', async () => {
    proxy = await startProxy(configOf({ hold: '300ms' }));
    await Promise.all([a.stop('SIGKILL'), b.stop('SIGKILL')]);
    const startedAt = performance.now();
    const socket = connect({ port: proxy.port, host: '127.0.0.1' });
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const answer = await readAll(socket, 3000);
    expect(answer).toContain('HTTP/1.1 503 ');
    expect(answer).toContain('Retry-After: ');
    expect(performance.now() - startedAt).toBeGreaterThan(280);
  });
});

describe('a response that breaks', () => {
  it('is repeated elsewhere when it was small and nothing of it was sent', async () => {
    proxy = await startProxy(configOf({ retries: 1 }));
    const load = new Load(proxy.port, 40, { cut: { path: '/cut' } });
    await sleep(300);
    const outcomes = await load.stop();
    // Both servers cut it, so it fails, but with a clean 502 instead of half a response.
    expect(outcomes.length).toBeGreaterThan(5);
    expect(outcomes.every(({ status }) => status === 502 || status === 503)).toBe(true);
    expect(outcomes.some(({ id }) => executed.get(id) === 2)).toBe(true);
  });
});

describe('reload under load', () => {
  it('loses nothing, keeps states, and refuses a bad file whole', async () => {
    proxy = await startProxy(configOf());
    const good = configOf({ retries: 2 })(proxy.port, proxy.controlPort);
    await proxy.command('set server api/b state drain');
    const load = new Load(proxy.port, 300, kinds);
    for (let round = 0; round < 3; round += 1) {
      await sleep(200);
      proxy.write(good);
      proxy.process.kill('SIGHUP');
      await until(() => proxy.log().split('reloaded').length === round + 2);
    }
    proxy.write({ ...good, frontends: [] });
    expect(await proxy.command('reload')).toMatch(/proxy\.json:\d+:\d+: frontends/);
    await sleep(200);
    const outcomes = await load.stop();
    expect(failures(outcomes)).toEqual([]);
    expect(await statusOfServer('b')).toBe('DRAIN');
    expect(outcomes.slice(-50).every(({ server }) => server === 'a')).toBe(true);
  });

  it('a worker that crashes is replaced', async () => {
    proxy = await startProxy(configOf());
    const { execFileSync } = await import('node:child_process');
    const workers = execFileSync('pgrep', ['-P', String(proxy.process.pid)], { encoding: 'utf8' })
      .trim()
      .split('\n');
    process.kill(Number(workers[0]), 'SIGKILL');
    await until(() => proxy.log().includes('starting another'));
    await sleep(700);
    const load = new Load(proxy.port, 200, { get: {} });
    await sleep(300);
    expect(failures(await load.stop())).toEqual([]);
  });
});

describe('a graceful stop of the proxy', () => {
  it('finishes what is under way and exits with 0', async () => {
    proxy = await startProxy(configOf());
    const socket = connect({ port: proxy.port, host: '127.0.0.1' });
    socket.write('GET /slow?ms=600 HTTP/1.1\r\nHost: x\r\n\r\n');
    await sleep(150);
    const exited = once(proxy.process, 'exit');
    proxy.process.kill('SIGTERM');
    const answer = await readAll(socket, 3000);
    expect(answer).toContain('HTTP/1.1 200 OK');
    expect(answer).toContain('Connection: close');
    expect((await exited)[0]).toBe(0);
  });
});

describe('a WebSocket tunnel', () => {
  it('carries early bytes both ways, closes with its server, and comes back elsewhere at once', async () => {
    proxy = await startProxy(configOf());
    const { socket, head } = await upgrade('Cookie: SERVERID=a\r\n');
    expect(head).toContain('101 Switching Protocols');
    expect(head).toContain('from a\nearly');
    expect(head).not.toContain('Set-Cookie');
    const closed = once(socket, 'close');
    await a.stop('SIGKILL');
    await closed;
    const startedAt = performance.now();
    const again = await upgrade('Cookie: SERVERID=a\r\n');
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect(again.head).toContain('from b\nearly');
    expect(again.head).toContain('Set-Cookie: SERVERID=b; path=/; HttpOnly');
    again.socket.destroy();
  });
});
