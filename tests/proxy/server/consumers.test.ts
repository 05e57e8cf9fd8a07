// Programs that people use with HAProxy, unmodified: hatop on the stats socket, the exporter on the CSV, promtool on the metrics.
import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, portOf } from '../../support/ports.ts';
import { request, type RunningProxy, startProxy, until } from '../support/proxy.ts';

const generousMs = 30_000;
const folder = mkdtempSync(join(tmpdir(), 'veza-consumers-'));
const socketPath = join(folder, 'stats.sock');
const logFile = join(folder, 'access.log');
const syslog = createSocket('udp4');
const datagrams: string[] = [];
let backend: Server;
let proxy: RunningProxy;
let statsPort = 0;

beforeAll(async () => {
  backend = createServer((_request, response) => response.setHeader('X-Kind', 'a|b').end('ok')).listen(0, '127.0.0.1');
  syslog.on('message', (bytes) => datagrams.push(bytes.toString()));
  syslog.bind(0, '127.0.0.1');
  await Promise.all([once(backend, 'listening'), once(syslog, 'listening')]);
  statsPort = await freePort();
  proxy = await startProxy((front, control) => ({
    workers: 2,
    log: {
      access: [logFile, `udp://127.0.0.1:${syslog.address().port}`],
      capture: { request: ['Host'], response: ['X-Kind'] },
    },
    stats: {
      socket: [`127.0.0.1:${control}`, { bind: `unix:${socketPath}`, level: 'operator', mode: '0600' }],
      listen: `127.0.0.1:${statsPort}`,
    },
    frontends: [{ name: 'web', bind: [`127.0.0.1:${front}`], defaultBackend: 'api' }],
    backends: [
      {
        name: 'api',
        servers: [{ name: 'node-one', address: '127.0.0.1', port: portOf(backend) }],
      },
    ],
  }));
  await hit();
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  syslog.close();
  backend.closeAllConnections();
  backend.close();
  rmSync(folder, { recursive: true });
});

const hit = (): Promise<string> => request(proxy.port, 'GET /a HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n');

describe('access logs', () => {
  const line =
    / web api\/node-one \d+\/\d+\/\d+\/\d+\/\d+ 200 \d+ - - ---- \d+\/\d+\/\d+\/\d+\/0 0\/0 \{shop\} \{a#7Cb\} "GET \/a HTTP\/1\.1"/;

  it('go to a file, which is opened again after a rotation', async () => {
    await until(() => line.test(readFileSync(logFile, 'utf8')), generousMs);
    renameSync(logFile, `${logFile}.1`);
    proxy.process.kill('SIGUSR2');
    await until(async () => {
      await hit();
      return existsSync(logFile) && line.test(readFileSync(logFile, 'utf8'));
    }, generousMs);
  });

  it('and to syslog, a datagram each', async () => {
    await until(() => datagrams.some((text) => line.test(text)), generousMs);
    expect(datagrams[0]).toMatch(/^<134>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d veza-proxy\[\d+\]: 127\.0\.0\.1:\d+ \[/);
  });
});

describe('the stats socket', () => {
  it('lets a session say what its level allows', () => {
    const ask = (text: string): string =>
      execFileSync(process.execPath, [
        '-e',
        'const s=require("net").connect(process.argv[1],()=>s.write(process.argv[2]+"\\n"));s.pipe(process.stdout)',
        socketPath,
        text,
      ]).toString();
    expect(ask('show cli level')).toBe('operator\n\n');
    expect(ask('disable server api/node-one')).toBe('Permission denied\n\n');
    expect(ask('user; show sess')).toBe('\nPermission denied\n\n');
  });

  it('answers json and typed as HAProxy does', async () => {
    const rows = JSON.parse(await proxy.command('show stat json')) as {
      objType: string;
      field: { name: string };
      value: { value: unknown };
    }[][];
    const server = rows.find(([first]) => first?.objType === 'Server');
    expect(server?.find(({ field }) => field.name === 'svname')?.value).toEqual({ type: 'str', value: 'node-one' });
    expect(await proxy.command('show stat typed')).toMatch(/^F\.2\.0\.0\.pxname\.1:KNS:str:web\n/);
    expect(await proxy.command('show info typed')).toMatch(/^0\.Name\.1:POS:str:veza-proxy\n/);
  });

  it('adds a server in maintenance and removes it again, and no other', async () => {
    expect(await proxy.command('add server api/extra 127.0.0.1:9 weight 3')).toBe('New server registered.\n\n');
    expect(await proxy.command('add server api/extra 127.0.0.1:9')).toContain('Already exists a server');
    expect(await proxy.command('show servers state api')).toMatch(/ 2 extra 127\.0\.0\.1 0 5 3 3 /);
    expect(await proxy.command('del server api/node-one')).toBe('Only servers in maintenance mode can be deleted.\n\n');
    expect(await proxy.command('del server api/extra')).toBe('Server deleted.\n\n');
    expect(await proxy.command('get weight api/extra')).toBe('No such server.\n\n');
  });

  it('disables a frontend, which refuses connections, and enables it', async () => {
    await proxy.command('disable frontend web');
    expect(await proxy.command('show stat')).toMatch(/^web,FRONTEND,.*,STOP,/m);
    await proxy.command('enable frontend web');
    await until(async () => (await hit()).startsWith('HTTP/1.1 200'), generousMs);
  });
});

describe.skipIf(!existsSync('/usr/bin/hatop'))('hatop', () => {
  it('shows the table', async () => {
    const hatop = spawn(
      'script',
      ['-qec', `stty rows 40 cols 160; hatop -t 127.0.0.1:${proxy.controlPort} -i 1`, '/dev/null'],
      {
        env: { ...process.env, TERM: 'xterm', LANG: 'C.UTF-8' },
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    const exited = once(hatop, 'exit');
    let screen = '';
    hatop.stdout.on('data', (bytes: Buffer) => (screen += bytes.toString()));
    await until(
      () => screen.includes('node-one') && screen.includes('BACKEND') && screen.includes('veza-proxy'),
      generousMs,
    );
    hatop.stdin.write('q');
    await exited;
    expect(screen).not.toContain('Traceback');
  });
});

describe.skipIf(!existsSync('/usr/bin/prometheus-haproxy-exporter'))('prometheus-haproxy-exporter', () => {
  it('tells our servers', async () => {
    const port = await freePort();
    const exporter = spawn(
      'prometheus-haproxy-exporter',
      [`--web.listen-address=127.0.0.1:${port}`, `--haproxy.scrape-uri=http://127.0.0.1:${statsPort}/stats;csv`],
      { stdio: 'ignore' },
    );
    const exited = once(exporter, 'exit');
    const scrape = async (): Promise<string> =>
      (await fetch(`http://127.0.0.1:${port}/metrics`)).text().catch(() => '');
    await until(async () => (await scrape().catch(() => '')).includes('haproxy_server_up'), generousMs);
    const metrics = await scrape();
    exporter.kill();
    await exited;
    expect(metrics).toMatch(/^haproxy_up 1$/m);
    expect(metrics).toMatch(/^haproxy_server_up\{backend="api",server="node-one"\} 1$/m);
    expect(metrics).toMatch(/^haproxy_exporter_csv_parse_failures_total 0$/m);
  });
});

describe.skipIf(!existsSync('/usr/bin/promtool'))('promtool', () => {
  it('has nothing to say against the metrics', async () => {
    const text = await (await fetch(`http://127.0.0.1:${statsPort}/metrics`)).text();
    expect(
      execFileSync('promtool', ['check', 'metrics'], {
        input: text,
        encoding: 'utf8',
        stdio: ['pipe', 'pipe', 'pipe'],
      }),
    ).toBe('');
  });
});
