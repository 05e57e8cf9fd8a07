// Health checks against real sockets: those that hang hold nobody up, traffic and agents are heard, many at once and one with patience.
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ServerRegistry } from '../../../src/proxy/core/server-registry.ts';
import { checkAll, checkWithRetry } from '../../../src/proxy/server/check-many.ts';
import { HealthChecker } from '../../../src/proxy/server/health-checker.ts';
import { portOf } from '../../support/ports.ts';
import { aBackend, aConfig, firstServer } from '../support/builders.ts';
import { request, startProxy, statusOf, until } from '../support/proxy.ts';
import { statsOf } from '../support/stats.ts';

const cleanup: (() => void)[] = [];

afterEach(() => {
  for (const each of cleanup.splice(0)) each();
});

/** Listens on a free port; closes with the test. */
async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return portOf(server);
}

function checkOf(port: number, check: object = {}): NonNullable<ReturnType<typeof firstServer>['check']> {
  const { check: resolved } = firstServer(aBackend({ check, servers: [{ name: 'a', address: '127.0.0.1', port }] }));
  if (!resolved) throw new Error('no check');
  return resolved;
}

describe('the schedule', () => {
  it('is kept for a good server beside a hundred that hang, of which none is checked twice at once', async () => {
    const open = new Map<number, number>();
    let most = 0;
    const hanging = await listen(
      createServer((socket) => {
        socket.on('data', (bytes: Buffer) => {
          const id = Number(/id=([0-9]+)/.exec(bytes.toString())?.[1]);
          open.set(id, (open.get(id) ?? 0) + 1);
          most = Math.max(most, open.get(id) ?? 0);
          socket.on('close', () => open.set(id, (open.get(id) ?? 0) - 1));
        });
      }),
    );
    let asked = 0;
    const good = await listen(createHttpServer((_request, response) => response.end(String(asked++))));
    const bad = Array.from({ length: 100 }, (_, id) => ({
      name: `bad${id}`,
      address: '127.0.0.1',
      port: hanging,
      check: { path: `/?id=${id}`, timeout: '2s', inter: '2s' },
    }));
    const servers = [...bad, { name: 'good', address: '127.0.0.1', port: good }];
    const registry = new ServerRegistry();
    registry.sync(aConfig({ check: { inter: '100ms', fastinter: '100ms' }, servers }), 1);
    const checker = new HealthChecker(() => undefined);
    cleanup.push(() => checker.stop());
    checker.sync(registry.records);
    await until(() => asked >= 10 && open.size === 100, 15_000);
    for (const record of registry.records)
      if (record.config.name === 'bad7') for (let i = 0; i < 5; i += 1) checker.force(record);
    await until(() => registry.find('api/bad7')?.up === false, 15_000);
    expect(registry.find('api/good')?.describe()).toBe('UP');
    expect(most).toBe(1);
  });

  it('is left for a forced check, once however often it is asked for', async () => {
    let asked = 0;
    const port = await listen(createHttpServer((_request, response) => response.end(String(asked++))));
    const registry = new ServerRegistry();
    registry.sync(aConfig({ check: { inter: '1h' }, servers: [{ name: 'a', address: '127.0.0.1', port }] }), 1);
    const checker = new HealthChecker(() => undefined);
    cleanup.push(() => checker.stop());
    checker.sync(registry.records);
    await until(() => registry.find('api/a')?.lastCheck?.passed === true);
    const [record] = registry.records;
    if (!record) throw new Error('no record');
    for (let time = 0; time < 5; time += 1) checker.force(record);
    await until(() => asked === 2);
    checker.force(record);
    await until(() => asked === 3);
  });
});

describe('checks outside the schedule', () => {
  it('are made in order and with a limit, and can be cancelled', async () => {
    let open = 0;
    let most = 0;
    const port = await listen(
      createHttpServer((incoming, response) => {
        open += 1;
        most = Math.max(most, open);
        setTimeout(() => {
          open -= 1;
          response.writeHead(incoming.url === '/3' ? 500 : 200).end();
        }, 20);
      }),
    );
    const checks = Array.from({ length: 8 }, (_, index) => ({ check: checkOf(port, { path: `/${index}` }) }));
    const results = await checkAll(checks, { limit: 3 });
    expect(results.map(({ passed }) => passed)).toEqual([true, true, true, false, true, true, true, true]);
    expect(most).toBeLessThanOrEqual(3);
    expect(await checkAll([])).toEqual([]);
    const late = await checkAll(checks, { signal: AbortSignal.abort() });
    expect(late.map(({ detail }) => detail)).toEqual(checks.map(() => 'cancelled'));
  });

  it('are repeated with growing pauses until they pass', async () => {
    let asked = 0;
    const port = await listen(
      createHttpServer((_request, response) => response.writeHead((asked += 1) < 4 ? 500 : 200).end()),
    );
    const pauses: [number, number][] = [];
    const options = { firstMs: 5, maxMs: 10, onRetry: (attempt: number, ms: number) => pauses.push([attempt, ms]) };
    expect(await checkWithRetry({ check: checkOf(port) }, options)).toMatchObject({ passed: true });
    expect(pauses).toEqual([
      [1, 5],
      [2, 10],
      [3, 10],
    ]);
    asked = -100;
    const failed = await checkWithRetry({ check: checkOf(port) }, { ...options, retries: 1 });
    expect(failed).toMatchObject({ passed: false, detail: 'health check failed after 2 attempts: status 500' });
  });
});

describe('a running proxy', () => {
  it('marks a server down that fails its clients, and obeys an agent', async () => {
    const http = createHttpServer((incoming, response) =>
      response.writeHead(incoming.url === '/health' ? 200 : 500).end(),
    );
    const port = await listen(http);
    let word = 'up\n';
    const agent = await listen(createServer((socket) => socket.end(word)));
    await using proxy = await startProxy((front, control) => ({
      workers: 1,
      grace: '100ms',
      stats: { socket: [`127.0.0.1:${control}`] },
      frontends: [
        {
          name: 'http',
          bind: [`127.0.0.1:${front}`],
          defaultBackend: 'api',
          rules: [{ path: '/agent', backend: 'agent' }],
        },
      ],
      backends: [
        {
          name: 'api',
          hold: '0',
          check: {
            path: '/health',
            inter: '1h',
            downinter: '1h',
            observe: 'layer7',
            errorLimit: 3,
            onError: 'mark-down',
          },
          servers: [{ name: 'a', address: '127.0.0.1', port }],
        },
        {
          name: 'agent',
          hold: '0',
          check: { path: '/health', agent: { port: agent, inter: '50ms' } },
          servers: [{ name: 'a', address: '127.0.0.1', port }],
        },
      ],
    }));
    const get = async (path: string): Promise<number> =>
      statusOf(await request(proxy.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`));
    const field = async (backend: string, column: string) => (await statsOf(proxy, `${backend},a`, column))[0];
    const state = (backend: string) => field(backend, 'status');
    await until(async () => (await state('api')) === 'UP' && (await state('agent')) === 'UP');
    expect([await get('/'), await get('/'), await get('/')]).toEqual([500, 500, 500]);
    await until(async () => (await state('api')) === 'DOWN');
    expect(await get('/')).toBe(503);
    word = 'down # full\n';
    await until(async () => (await get('/agent')) === 503);
    word = 'up 50%\n';
    await until(async () => (await get('/agent')) === 500);
    word = 'maxconn:1\n';
    await until(async () => (await field('agent', 'slim')) === '1');
    expect(proxy.log()).toContain('as its agent says: full');
  });
});
