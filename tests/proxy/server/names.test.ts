// Servers that are known by name: where the name leads now, whatever becomes of the DNS server; and servers on unix sockets.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { portOf } from '../../support/ports.ts';
import { NameServer } from '../support/name-server.ts';
import { request, type RunningProxy, startProxy, statusOf, until } from '../support/proxy.ts';

const get = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
let names: NameServer;
let dns: object;
const servers: Server[] = [];

beforeEach(async () => {
  names = new NameServer();
  dns = { servers: [await names.start()], timeout: '200ms', tries: 1, hold: '1s' };
});

afterEach(async () => {
  names[Symbol.dispose]();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

/** A server that says its address; all of them on the port of the first. */
async function serverAt(address: string, port = 0): Promise<number> {
  const server = createServer((_request, response) => response.end(`from ${address}`)).listen(port, address);
  servers.push(server);
  await once(server, 'listening');
  return portOf(server);
}

function proxyOf(list: readonly object[], backend: object = {}): Promise<RunningProxy> {
  return startProxy((port, controlPort) => ({
    workers: 2,
    dns,
    stats: { socket: [`127.0.0.1:${controlPort}`] },
    frontends: [{ name: 'http', bind: [`127.0.0.1:${port}`], defaultBackend: 'api' }],
    backends: [{ name: 'api', servers: list, ...backend }],
  }));
}

const body = async ({ port }: RunningProxy): Promise<string> =>
  (await request(port, get, 3000)).split('\r\n\r\n')[1] ?? '';

/** Columns of the only server in `show servers state`: address, admin state, name. */
async function stateOf(proxy: RunningProxy): Promise<readonly (string | undefined)[]> {
  const line = (await proxy.command('show servers state')).split('\n')[2]?.split(' ') ?? [];
  return [line[4], line[6], line[17], line[19]];
}

describe('a server that is known by name', () => {
  it('is where the name leads, moves with it, and stays while the DNS server is silent', async () => {
    const port = await serverAt('127.0.0.1');
    await serverAt('127.0.0.2', port);
    names.records = { 'app.test': ['127.0.0.1'] };
    await using proxy = await proxyOf([{ name: 's1', address: 'app.test', port }], { check: { type: 'tcp' } });
    expect(await body(proxy)).toContain('from 127.0.0.1');
    expect(await stateOf(proxy)).toEqual(['127.0.0.1', '0', 'app.test', '-']);
    names.records = { 'app.test': ['127.0.0.2'] };
    await until(async () => (await body(proxy)).includes('from 127.0.0.2'), 15_000);
    names.silent = true;
    await until(() => proxy.log().includes('cannot be looked up'), 15_000);
    expect(await body(proxy)).toContain('from 127.0.0.2');
    expect(proxy.log()).toContain('the last address is kept');
  });

  it('goes into maintenance when the name is gone for a while, and comes back with it', async () => {
    const port = await serverAt('127.0.0.1');
    names.records = { 'app.test': ['127.0.0.1'] };
    await using proxy = await proxyOf([{ name: 's1', address: 'app.test', port }], { hold: '200ms' });
    names.records = {};
    await until(async () => (await stateOf(proxy))[1] === '32', 15_000);
    expect(await proxy.command('show stat')).toContain('MAINT (resolution)');
    expect(statusOf(await request(proxy.port, get, 3000))).toBe(503);
    names.records = { 'app.test': ['127.0.0.1'] };
    await until(async () => (await body(proxy)).includes('from 127.0.0.1'), 20_000);
  });

  it('is waited for when the proxy starts before its DNS server answers', async () => {
    const port = await serverAt('127.0.0.1');
    names.silent = true;
    names.records = { 'app.test': ['127.0.0.1'] };
    await using proxy = await proxyOf([{ name: 's1', address: 'app.test', port }], { hold: '30s' });
    const held = request(proxy.port, get, 30_000);
    names.silent = false;
    expect(await held).toContain('from 127.0.0.1');
    names.records = { 'other.test': ['127.0.0.1'] };
    await proxy.command('set server api/s1 fqdn other.test');
    expect(await stateOf(proxy)).toEqual(['127.0.0.1', '0', 'other.test', '-']);
    expect(await body(proxy)).toContain('from 127.0.0.1');
  });

  it('shares the addresses of the name with others of the same name', async () => {
    const port = await serverAt('127.0.0.1');
    await serverAt('127.0.0.2', port);
    names.records = { 'app.test': ['127.0.0.1', '127.0.0.2'] };
    const list = ['s1', 's2', 's3'].map((name) => ({ name, address: 'app.test', port }));
    await using proxy = await proxyOf(list);
    const bodies = new Set<string>();
    await until(async () => bodies.add(await body(proxy)).size === 2, 15_000);
    expect(await proxy.command('show stat')).toMatch(/api,s3,.*MAINT \(resolution\)/);
  });

  it('may be a service, which says the port too', async () => {
    const port = await serverAt('127.0.0.1');
    // Of another domain: dns2 would abbreviate the target, which RFC 2782 does not allow.
    names.records = { '_http._tcp.app.test': [{ target: 'one.example', port }], 'one.example': ['127.0.0.1'] };
    await using proxy = await proxyOf([{ name: 's1', address: '_http._tcp.app.test' }], { check: { type: 'tcp' } });
    expect(await body(proxy)).toContain('from 127.0.0.1');
    expect(await stateOf(proxy)).toEqual(['127.0.0.1', '0', '-', '_http._tcp.app.test']);
  });

  it('is one of the hosts file where no DNS server is named', async () => {
    const port = await serverAt('127.0.0.1');
    dns = {};
    await using proxy = await proxyOf([{ name: 's1', address: 'localhost', port }]);
    expect(await body(proxy)).toContain('from 127.0.0.1');
  });
});

describe('a server on a unix socket', () => {
  it('serves and is checked', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'veza-unix-'));
    try {
      const path = join(folder, 'app.sock');
      const server = createServer((incoming, response) => response.end(`host ${incoming.headers.host}`)).listen(path);
      servers.push(server);
      await once(server, 'listening');
      await using proxy = await proxyOf([{ name: 's1', address: `unix:${path}` }], {
        hostHeader: 'server',
        check: { inter: '200ms' },
      });
      expect(await body(proxy)).toContain('host localhost');
      await until(async () => (await proxy.command('show stat')).includes('L7OK'), 15_000);
      expect(await proxy.command('show stat')).toContain(`unix:${path}`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
