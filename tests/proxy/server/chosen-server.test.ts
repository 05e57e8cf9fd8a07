// Rules that choose a server themselves, and what they do when it cannot be used; and a proxy whose master is gone.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { portOf } from '../../support/ports.ts';
import { request, type RunningProxy, startProxy, statusOf, until } from '../support/proxy.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function start(answer?: (name: string) => Promise<void>): Promise<RunningProxy> {
  const ports: number[] = [];
  for (const name of ['a', 'b']) {
    const server = createServer((_request, response) => {
      void (answer?.(name) ?? Promise.resolve()).then(() => response.end(`from ${name}`));
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    ports.push(portOf(server));
  }
  return startProxy((port, controlPort) => ({
    workers: 1,
    stats: { socket: [`127.0.0.1:${controlPort}`] },
    frontends: [
      {
        name: 'http',
        bind: [`127.0.0.1:${port}`],
        rules: [
          { pathPrefix: '/b/try', backend: 'api', server: 'b', forcePersist: true },
          { pathPrefix: '/b', backend: 'api', server: 'b' },
        ],
        defaultBackend: 'api',
      },
    ],
    backends: [
      { name: 'api', servers: ['a', 'b'].map((name, at) => ({ name, address: '127.0.0.1', port: ports[at] })) },
    ],
  }));
}

async function ask(proxy: RunningProxy, path: string): Promise<string> {
  const text = await request(proxy.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, 10_000);
  return text.split('\r\n\r\n')[1] ?? '';
}

it('a rule that names a server gets it while it can be used, and by force also when it cannot', async () => {
  await using proxy = await start();
  for (let time = 0; time < 4; time += 1) expect(await ask(proxy, '/b')).toContain('from b');
  await proxy.command('set server api/b state maint');
  await until(async () => (await ask(proxy, '/b')).includes('from a'), 15_000);
  expect(await ask(proxy, '/b/try')).toContain('from b');
  expect(await ask(proxy, '/b')).toContain('from a');
});

it('workers whose master was killed finish what they have, and go', async () => {
  let asked = false;
  let answer = (): void => undefined;
  const later = new Promise<void>((resolve) => (answer = resolve));
  await using proxy = await start(() => {
    asked = true;
    return later;
  });
  const found = execFileSync('pgrep', ['-P', String(proxy.process.pid)], { encoding: 'utf8' });
  const workers = found.trim().split('\n').map(Number);
  expect(workers).toHaveLength(1);
  const pending = request(proxy.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 30_000);
  await until(() => asked, 15_000);
  proxy.process.kill('SIGKILL');
  await once(proxy.process, 'exit');
  answer();
  expect(statusOf(await pending)).toBe(200);
  await until(() => workers.every((pid) => !isAlive(pid)), 30_000);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
