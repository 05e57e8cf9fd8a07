// Profiles, heap snapshots and numbers of the processes of a running proxy: for admins, and only where they are wanted.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type RunningProxy, startProxy, until } from '../support/proxy.ts';

const generousMs = 30_000;

const folder = mkdtempSync(join(tmpdir(), 'veza-debug-'));
const profiles = join(folder, 'profiles');
mkdirSync(profiles);
let proxy: RunningProxy;
const sockets = { admin: join(folder, 'admin.sock'), plain: join(folder, 'plain.sock') };

const configured = (control: number, front: number, admin: object): object => ({
  workers: 2,
  stats: { socket: [`127.0.0.1:${control}`] },
  admin,
  frontends: [{ name: 'web', bind: [`127.0.0.1:${front}`], defaultBackend: 'api' }],
  backends: [{ name: 'api', servers: [{ name: 'a', address: '127.0.0.1', port: 9 }] }],
});

beforeAll(async () => {
  proxy = await startProxy((front, control) =>
    configured(control, front, { listen: [`unix:${sockets.admin}`], debug: profiles }),
  );
}, 60_000);

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function call(
  method: string,
  path: string,
  socketPath = sockets.admin,
): Promise<{ status: number; body: unknown }> {
  const outgoing = httpRequest({ socketPath, method, path, headers: { Host: 'localhost' } }).end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: JSON.parse(await text(response)) };
}

describe('the debug interface', { timeout: 60_000 }, () => {
  it('has numbers of every process', async () => {
    const { status, body } = await call('GET', '/api/debug/processes?seconds=1');
    expect(status).toBe(200);
    const { items } = body as { readonly items: readonly Record<string, unknown>[] };
    expect(items.map(({ process }) => process)).toEqual(['master', '0', '1']);
    expect(new Set(items.map(({ pid }) => pid)).size).toBe(3);
    for (const item of items) {
      expect(item).toMatchObject({
        memory: { rss: expect.any(Number) as number },
        eventLoop: { busyPercent: expect.any(Number) as number, delayMs: { p99: expect.any(Number) as number } },
        collections: { count: expect.any(Number) as number },
      });
    }
  });

  it('writes a CPU profile of a worker and of the master, for their owner only, and tells who wanted it', async () => {
    for (const name of ['1', 'master']) {
      const { status, body } = await call('POST', `/api/debug/cpu-profile?process=${name}&seconds=1`);
      expect(status).toBe(200);
      const { file, sizeBytes } = body as { readonly file: string; readonly sizeBytes: number };
      expect(file.startsWith(join(profiles, `cpu-profile-${name}-`))).toBe(true);
      expect([statSync(file).mode & 0o777, statSync(file).size]).toEqual([0o600, sizeBytes]);
      const profile = JSON.parse(readFileSync(file, 'utf8')) as {
        nodes: readonly object[];
        endTime: number;
        startTime: number;
      };
      expect(profile.nodes.length).toBeGreaterThan(1);
      expect(profile.endTime - profile.startTime).toBeGreaterThan(900_000);
    }
    expect(proxy.log()).toMatch(/unix socket \(unix socket\): cpu-profile audit=true process=1 file=\S+\.cpuprofile/);
  });

  it('writes a heap snapshot, and the worker serves on', async () => {
    const { status, body } = await call('POST', '/api/debug/heap-snapshot');
    expect(status).toBe(200);
    const snapshot = JSON.parse(readFileSync((body as { readonly file: string }).file, 'utf8')) as object;
    expect(Object.keys(snapshot)).toContain('nodes');
    expect(await proxy.command('show info')).toContain('Name: ');
    expect(proxy.log()).not.toContain('ended with');
  });

  it.each([
    ['POST', '/api/debug/cpu-profile?seconds=61', 400],
    ['POST', '/api/debug/cpu-profile?process=7', 404],
    ['GET', '/api/debug/processes?seconds=x', 400],
  ])('refuses %s %s', async (method, path, status) => {
    expect((await call(method, path)).status).toBe(status);
  });

  it('is not there without a folder, nor for readers', async () => {
    await using other = await startProxy((front, control) =>
      configured(control, front, { listen: [`unix:${sockets.plain}`] }),
    );
    expect(await call('GET', '/api/debug/processes', sockets.plain)).toMatchObject({
      status: 404,
      body: { error: { code: 'debug-off' } },
    });
    other.write(
      configured(other.controlPort, other.port, {
        listen: [`unix:${sockets.plain}`],
        debug: profiles,
        unixRole: 'reader',
      }),
    );
    await until(async () => (await other.command('reload')).includes('Success=1'), generousMs);
    expect((await call('GET', '/api/debug/processes', sockets.plain)).status).toBe(403);
  });
});
