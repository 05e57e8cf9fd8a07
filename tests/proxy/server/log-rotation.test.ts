// Log files of a running proxy: put aside by the master while two workers write, or by somebody else; and what frontends say.
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, portOf } from '../../support/ports.ts';
import { request, startProxy, until } from '../support/proxy.ts';

const generousMs = 40_000;
const folder = mkdtempSync(join(tmpdir(), 'veza-rotation-'));
let backend: Server;

beforeAll(async () => {
  backend = createServer((incoming, response) => {
    response.statusCode = incoming.url === '/fails' ? 500 : 200;
    response.end('ok');
  }).listen(0, '127.0.0.1');
  await once(backend, 'listening');
});

afterAll(() => {
  backend.closeAllConnections();
  backend.close();
  rmSync(folder, { recursive: true });
});

const backends = (): object[] => [
  { name: 'api', servers: [{ name: 'a', address: '127.0.0.1', port: portOf(backend) }] },
];

async function hit(port: number, target: string): Promise<void> {
  await request(port, `GET ${target} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n`, generousMs);
}

/** All lines of a log, those of old files too. */
function linesOf(log: string): string[] {
  const files = readdirSync(folder).filter((file) => file.startsWith(log) && !file.endsWith('.part'));
  return files.flatMap((file) => {
    const bytes = readFileSync(join(folder, file));
    return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().split('\n').filter(Boolean);
  });
}

const old = (log: string): string[] => readdirSync(folder).filter((file) => file.startsWith(`${log}-`));

describe('log files', { timeout: 120_000 }, () => {
  it('are put aside and compressed while two workers write, and no line is lost or twice there', async () => {
    const log = join(folder, 'busy.log');
    await using proxy = await startProxy((front, control) => ({
      workers: 2,
      log: { access: log, rotate: { size: '4KB', keep: 100 } },
      stats: { socket: [`127.0.0.1:${control}`] },
      frontends: [{ name: 'web', bind: [`127.0.0.1:${front}`], defaultBackend: 'api' }],
      backends: backends(),
    }));
    let sent = 0;
    const compressed = (): number => old('busy.log').filter((file) => file.endsWith('.gz')).length;
    await until(async () => {
      await Promise.all(Array.from({ length: 20 }, () => hit(proxy.port, `/n${sent++}`)));
      return compressed() >= 3;
    }, generousMs);
    await until(() => linesOf('busy.log').length >= sent, generousMs);
    const seen = linesOf('busy.log').map((line) => Number(/"GET \/n(\d+) /.exec(line)?.[1]));
    expect(seen.toSorted((one, other) => one - other)).toEqual(Array.from({ length: sent }, (_, index) => index));
    expect((statSync(join(folder, old('busy.log')[0] ?? '')).mode & 0o777).toString(8)).toBe('640');
    expect(proxy.log()).not.toContain('not rotated');
  });

  it('are opened again on SIGUSR1, the operational log too, and old ones go beyond the number that is kept', async () => {
    const [log, journal] = [join(folder, 'moved.log'), join(folder, 'journal.log')];
    await using proxy = await startProxy((front, control) => ({
      workers: 2,
      log: {
        access: log,
        output: ['stderr', journal],
        style: 'json',
        rotate: { size: '1KB', keep: 1, compress: false },
      },
      stats: { socket: [`127.0.0.1:${control}`] },
      frontends: [{ name: 'web', bind: [`127.0.0.1:${front}`], defaultBackend: 'api' }],
      backends: backends(),
    }));
    expect(readFileSync(journal, 'utf8') + proxy.log()).toContain('listening on');
    renameSync(journal, `${journal}.1`);
    proxy.process.kill('SIGUSR1');
    await until(async () => {
      await proxy.command('reload');
      return linesOf('journal.log').some((line) => line.includes('reloaded')) && statSync(journal).size > 0;
    }, generousMs);
    await until(async () => {
      await Promise.all(Array.from({ length: 10 }, () => hit(proxy.port, '/x')));
      return old('moved.log').length === 1 && old('moved.log')[0] !== undefined && proxy.process.exitCode === null;
    }, generousMs);
    const [first] = old('moved.log');
    await until(async () => {
      await Promise.all(Array.from({ length: 10 }, () => hit(proxy.port, '/x')));
      return old('moved.log').length === 1 && old('moved.log')[0] !== first;
    }, generousMs);
    // Nobody opened a debugger.
    expect(proxy.log()).not.toContain('Debugger');
  });

  it('have of each frontend what it wants to have there, and no secrets', async () => {
    const log = join(folder, 'chosen.log');
    const [quiet, silent] = [await freePort(), await freePort()];
    await using proxy = await startProxy((front, control) => ({
      workers: 1,
      log: { access: log, capture: { request: ['Authorization', 'Host'] } },
      stats: { socket: [`127.0.0.1:${control}`] },
      frontends: [
        { name: 'web', bind: [`127.0.0.1:${front}`], defaultBackend: 'api' },
        { name: 'quiet', bind: [`127.0.0.1:${quiet}`], accessLog: { requests: 'failed' }, defaultBackend: 'api' },
        { name: 'silent', bind: [`127.0.0.1:${silent}`], accessLog: { requests: 'none' }, defaultBackend: 'api' },
      ],
      backends: backends(),
    }));
    for (const port of [silent, quiet]) for (const target of ['/well', '/fails']) await hit(port, target);
    await request(
      proxy.port,
      'GET /last?token=s3cret&a=1 HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer s3cret\r\nConnection: close\r\n\r\n',
      generousMs,
    );
    await until(() => linesOf('chosen.log').some((line) => line.includes('/last')), generousMs);
    const lines = linesOf('chosen.log');
    expect(lines.map((line) => /\] (\S+) api\/a .* "GET (\S+) /.exec(line)?.slice(1, 3))).toEqual([
      ['quiet', '/fails'],
      ['web', '/last?token=********&a=1'],
    ]);
    expect(lines[1]).toContain('{********|shop}');
  });
});
