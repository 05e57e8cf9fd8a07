// Changes of a running proxy that are written into its file: when somebody says so, or at once; and who did what, with a diff.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningProxy, startProxy, until } from '../support/proxy.ts';

const generousMs = 30_000;
const folder = mkdtempSync(join(tmpdir(), 'veza-write-back-'));
const socketPath = join(folder, 'admin.sock');
let proxy: RunningProxy;

const configured = (port: number, control: number, more: object = {}): object => ({
  workers: 1,
  stats: { socket: [`127.0.0.1:${control}`] },
  admin: { listen: [`unix:${socketPath}`], ...more },
  frontends: [{ name: 'web', bind: [`127.0.0.1:${port}`], defaultBackend: 'api' }],
  backends: [
    {
      name: 'api',
      servers: [
        { name: 'a', address: '127.0.0.1', port: 9 },
        { name: 'b', address: '127.0.0.1', port: 10 },
      ],
    },
  ],
});

beforeAll(async () => {
  proxy = await startProxy((front, control) => configured(front, control));
}, 60_000);

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function call(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }> {
  const headers = { Host: 'localhost', ...(body && { 'Content-Type': 'application/json' }) };
  const outgoing = httpRequest({ socketPath, method, path, headers }).end(body && JSON.stringify(body));
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: JSON.parse(await text(response)) };
}

const file = () => readFileSync(proxy.configFile, 'utf8');
const state = async () => (await proxy.command('show stat')).split('\n').filter((line) => line.startsWith('api,'));

describe('what was changed at run time', { timeout: 60_000 }, () => {
  it('is shown, saved when somebody says so, and outlives a reload', async () => {
    await proxy.command('set server api/a weight 7');
    await proxy.command('set server api/b state maint');
    await call('POST', '/api/servers', { backend: 'api', name: 'c', address: '127.0.0.1', port: 11 });
    await call('PATCH', '/api/servers/api/c', { state: 'drain' });
    const before = file();
    const pending = await call('GET', '/api/config/changes');
    const { diff, left } = pending.body as { readonly diff: string; readonly left: readonly string[] };
    expect(diff).toMatch(/^\+.*"port": 9, "weight": 7|^\+.*"weight": 7/m);
    expect(left).toEqual(['api/c is drained']);
    expect(file()).toBe(before);
    expect(await call('POST', '/api/config/save')).toMatchObject({ status: 200, body: { diff } });
    expect(JSON.parse(file())).toMatchObject({
      backends: [{ servers: [{ weight: 7 }, { name: 'b', disabled: true }, { name: 'c', port: 11 }] }],
    });
    expect(readFileSync(`${proxy.configFile}.previous`, 'utf8')).toBe(before);
    const running = await state();
    await until(async () => (await proxy.command('reload')).includes('Success=1'), generousMs);
    expect((await state()).map((line) => line.split(',').slice(17, 19))).toEqual(
      running.map((line) => line.split(',').slice(17, 19)),
    );
    expect(running.map((line) => line.split(',')[17])).toEqual(['no check', 'MAINT', 'DRAIN', 'UP']);
    expect(await call('GET', '/api/config/changes')).toMatchObject({ body: { diff: '' } });
  });

  it('is told with who did it and the difference', () => {
    expect(proxy.log()).toMatch(/unix socket \(unix socket\): save-config audit=true file=\S+ diff=".*weight/);
    expect(proxy.log()).toMatch(/: reload audit=true/);
    expect(proxy.log()).toMatch(/: set-weight audit=true server=api\/a before=\{"weight":1\} after=\{"weight":7\}/);
  });

  it('may be a whole backend, which no rule leads to, and which is not saved', async () => {
    const spare = {
      name: 'spare',
      balance: 'leastconn',
      check: {},
      servers: [{ name: 'x', address: '127.0.0.1', port: 9 }],
    };
    expect(await call('POST', '/api/backends', spare)).toMatchObject({
      status: 201,
      body: { name: 'spare', balance: 'leastconn' },
    });
    expect((await call('POST', '/api/backends', spare)).status).toBe(409);
    expect(await call('POST', '/api/backends', { ...spare, blance: 'x' })).toMatchObject({
      status: 422,
      body: { error: { message: expect.stringContaining('unknown key `blance`') as string } },
    });
    expect(await call('GET', '/api/backends/spare')).toMatchObject({
      body: { servers: [{ name: 'x', sinceSeconds: expect.any(Number) as number }] },
    });
    await until(async () => (await proxy.command('show stat')).includes('spare,x,'), generousMs);
    expect(await call('GET', '/api/config/changes')).toMatchObject({
      body: { diff: '', left: ['api/c is drained', 'backend spare was added'] },
    });
    expect((await call('DELETE', '/api/backends/api')).status).toBe(409);
    expect((await call('DELETE', '/api/backends/spare')).status).toBe(200);
    expect((await call('DELETE', '/api/backends/spare')).status).toBe(404);
    expect(proxy.log()).toMatch(/: remove-backend audit=true backend=spare before=/);
  });

  it('is not saved over a file that was changed meanwhile', async () => {
    await proxy.command('set server api/a weight 8');
    writeFileSync(proxy.configFile, file().replace('"workers": 1', '"workers": 1, "grace": "9s"'));
    expect(await call('POST', '/api/config/save')).toMatchObject({
      status: 409,
      body: { error: { code: 'cannot-save', message: expect.stringContaining('reload first') as string } },
    });
  });

  it('is saved at once where the configuration wants that', async () => {
    proxy.write(configured(proxy.port, proxy.controlPort, { writeBack: true }));
    await until(async () => (await proxy.command('reload')).includes('Success=1'), generousMs);
    await proxy.command('set server api/a weight 9');
    await proxy.command('set maxconn server api/b 5');
    await until(() => file().includes('"weight": 9') && file().includes('"maxconn": 5'), generousMs);
    await until(() => proxy.log().includes('admin.writeBack: save-config'), generousMs);
  });
});
