// Workers of a new version take the place of the old ones under load, and nothing is lost; one that does not work does not.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packedName, packProxy } from '../../../scripts/pack-proxy.ts';
import { freePort, portOf } from '../../support/ports.ts';
import { ClosedLoad } from '../support/closed-load.ts';
import { request, until } from '../support/proxy.ts';
import { countsOf } from '../support/stats.ts';

const folder = mkdtempSync(join(tmpdir(), 'veza-upgrade-'));
const packed = join(folder, 'packed');
const installed = join(folder, 'installed');
const program = join(installed, packedName);
let backend: Server;
let server = 0;

beforeAll(async () => {
  await packProxy(packed);
  backend = createServer((_incoming, response) => response.end('ok')).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  server = portOf(backend);
});

afterAll(() => {
  backend.closeAllConnections();
  backend.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Running extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  workers(): string[];
  command(text: string): Promise<string>;
}

async function start(): Promise<Running> {
  cpSync(packed, installed, { recursive: true });
  const [port, control] = [await freePort(), await freePort()];
  const file = join(folder, 'proxy.json');
  const config = {
    workers: 2,
    grace: '5s',
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [{ name: 'http', bind: [`127.0.0.1:${port}`], defaultBackend: 'api' }],
    backends: [{ name: 'api', servers: [{ name: 's', address: '127.0.0.1', port: server }] }],
  };
  writeFileSync(file, JSON.stringify(config));
  const child = spawn(process.execPath, [program, 'run', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  let log = '';
  child.stderr.on('data', (bytes: Buffer) => (log += bytes.toString()));
  await until(() => log.includes('listening on') || child.exitCode !== null, 20_000);
  const pid = child.pid ?? 0;
  const running = {
    port,
    pid,
    workers: () =>
      execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
        .trim()
        .split('\n'),
    command: (text: string) => request(control, `${text}\n`, 30_000),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
  await until(() => running.workers().length === 2, 20_000);
  return running;
}

describe('an upgrade', () => {
  it.each([
    ['kept connections', true],
    ['a connection each', false],
  ])('replaces all workers and loses nothing (%s)', async (_name, keepAlive) => {
    await using proxy = await start();
    const before = proxy.workers();
    const load = new ClosedLoad(proxy.port, 16, keepAlive, [{ method: 'GET' }, { method: 'POST', body: 'b' }]);
    await until(() => load.answered.length > 100, 20_000);
    expect(await proxy.command('upgrade')).toContain('Success=1');
    await until(() => proxy.workers().every((pid) => !before.includes(pid)), 20_000);
    const soFar = load.answered.length;
    await until(() => load.answered.length > soFar + 100, 20_000);
    const answered = await load.stop();
    expect(load.failed).toEqual([]);
    expect(proxy.workers()).toHaveLength(2);
    // What the old workers counted is not forgotten.
    const [requests] = await countsOf(proxy, 'http,FRONTEND', 'req_tot');
    expect(requests).toBeGreaterThanOrEqual(answered.length);
  });

  it('to a version that does not start keeps the old workers', async () => {
    await using proxy = await start();
    const before = proxy.workers();
    writeFileSync(program, 'process.exit(7);\n');
    expect(await proxy.command('upgrade')).toContain('worker 0: ended with code 7');
    expect(proxy.workers()).toEqual(before);
    const load = new ClosedLoad(proxy.port, 4, true, [{ method: 'GET' }]);
    await until(() => load.answered.length > 50, 20_000);
    await load.stop();
    expect(load.failed).toEqual([]);
  });
});
