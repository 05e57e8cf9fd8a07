// Ten minutes at full load with a reload every ten seconds: nothing fails, and memory and open files do not grow.
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/ports.ts';
import { Authority, CertificateFolder } from '../proxy/support/certificates.ts';
import { childrenOf, openFiles, residentMb } from '../proxy/support/processes.ts';
import { request, type RunningProxy, sleep, startProxy, statusOf, until } from '../proxy/support/proxy.ts';
import { percentile } from './support/percentile.ts';
import { say } from './support/summary.ts';

const minutes = Number(process.env['VEZA_MINUTES'] ?? 10);
const reloadMs = 10_000;
const samples = (minutes * 60_000) / reloadMs;
/** Until the compiler and the heaps have settled: a fifth of the time. */
const warmUp = Math.floor(samples / 5);
const missing = ['wrk', 'nginx'].filter((program) => spawnSync(program, ['-v']).error !== undefined);

interface Sample {
  readonly mb: readonly number[];
  readonly files: readonly number[];
}

let folder: CertificateFolder;
let server: ChildProcess;
let proxy: RunningProxy;
let tlsPort: number;
let certificate: string;
let serverPort: number;

beforeAll(async () => {
  if (missing.length > 0) return;
  folder = new CertificateFolder();
  const authority = await Authority.create();
  const { cert, key } = await authority.issue({ names: ['a.test'] });
  certificate = folder.write('a.pem', cert + key);
  [serverPort, tlsPort] = [await freePort(), await freePort()];
  server = spawn('nginx', ['-c', writeServer(folder.path, serverPort)], { stdio: 'ignore' });
  await until(async () => statusOf(await request(serverPort, 'GET / HTTP/1.0\r\n\r\n').catch(() => '')) === 200);
  proxy = await startProxy(configOf(0));
});

afterAll(async () => {
  if (missing.length > 0) return;
  await proxy[Symbol.asyncDispose]();
  server.kill('SIGTERM');
  await once(server, 'exit');
  folder[Symbol.dispose]();
});

/** A server that costs little: one process of nginx that answers a kilobyte. */
function writeServer(directory: string, port: number): string {
  const file = join(directory, 'nginx.conf');
  const body = 'x'.repeat(1024);
  writeFileSync(
    file,
    `daemon off; master_process off; error_log stderr; pid ${directory}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000; client_body_temp_path ${directory};
  proxy_temp_path ${directory}; fastcgi_temp_path ${directory}; uwsgi_temp_path ${directory}; scgi_temp_path ${directory};
  server { listen 127.0.0.1:${port}; location / { return 200 "${body}"; } }
}
`,
  );
  return file;
}

/** Each round another one: a server more or less, other rules, other headers. */
function configOf(round: number): (port: number, control: number) => object {
  const names = round % 2 === 0 ? ['a', 'b'] : ['a', 'b', `c${round}`];
  return (port, control) => ({
    workers: 2,
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [
      {
        name: 'web',
        bind: [`127.0.0.1:${port}`],
        tls: { bind: [`127.0.0.1:${tlsPort}`], certificates: [certificate] },
        rules: [{ pathPrefix: `/round-${round}`, backend: 'api' }],
        rateLimit: { requests: 1_000_000, per: '1s', burst: 1_000_000 + round, key: 'source' },
        responseHeaders: { set: { 'X-Round': String(round) } },
        defaultBackend: 'api',
      },
    ],
    backends: [
      {
        name: 'api',
        cookie: { name: 'S' },
        check: { path: '/', inter: '1s' },
        retries: 2 + (round % 2),
        servers: names.map((name) => ({ name, address: '127.0.0.1', port: serverPort })),
      },
    ],
  });
}

/** wrk: what it says of requests and of what failed. */
async function load(connections: number, url: string, ...words: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('wrk', [
    ...['--threads', '1', '--connections', String(connections), '--duration', `${minutes * 60}s`, '--timeout', '30s'],
    ...words,
    url,
  ]);
  return stdout;
}

function sample(): Sample {
  const all = [proxy.process.pid ?? 0, ...childrenOf(proxy.process.pid)];
  return { mb: all.map(residentMb), files: all.map(openFiles) };
}

function show({ mb, files }: Sample): string {
  return mb
    .map((value, index) => `${value.toFixed(0).padStart(5)} MB ${String(files[index]).padStart(4)} files`)
    .join(' | ');
}

describe.skipIf(missing.length > 0)(`${minutes} minutes at full load (needs wrk and nginx-light)`, () => {
  it('with a reload every ten seconds lose nothing and leave memory and open files as they were', async () => {
    const loads = Promise.all([
      load(48, `http://127.0.0.1:${proxy.port}/`),
      load(4, `http://127.0.0.1:${proxy.port}/new`, '--header', 'Connection: close'),
      load(2, `https://127.0.0.1:${tlsPort}/`, '--header', 'Connection: close'),
    ]);
    const taken: Sample[] = [];
    say('          master             | worker            | worker');
    for (let round = 1; round < samples; round += 1) {
      await sleep(reloadMs);
      const now = sample();
      taken.push(now);
      if (round % 6 === 0) say(`${String(round / 6).padStart(3)} min ${show(now)}`);
      proxy.write(configOf(round)(proxy.port, proxy.controlPort));
      expect(await proxy.command('reload')).toContain('Success=1');
    }
    const reports = await loads;
    for (const report of reports) {
      say(report.replaceAll(/\s+/g, ' ').trim());
      expect(report).not.toMatch(/Socket errors|Non-2xx/);
    }
    const settled = taken.slice(warmUp);
    const third = Math.floor(settled.length / 3);
    const [first, last] = [settled.slice(0, third), settled.slice(-third)];
    // Workers do the same, and their heaps grow to what that takes in one step, sooner or later: the largest counts.
    const kinds = { master: 0, 'largest worker': 1 } as const;
    for (const [name, from] of Object.entries(kinds)) {
      const values = (part: readonly Sample[], of: 'mb' | 'files') =>
        part.map((each) => Math.max(...each[of].slice(from, from === 0 ? 1 : undefined)));
      const [mb, lastMb] = [percentile(values(first, 'mb'), 0.5), percentile(values(last, 'mb'), 0.5)];
      const [files, lastFiles] = [Math.max(...values(first, 'files')), Math.max(...values(last, 'files'))];
      say(`${name}: ${mb.toFixed(1)} to ${lastMb.toFixed(1)} MB, at most ${files} then ${lastFiles} files`);
      // What forty reloads leave behind would be seen; what the collector leaves for later is less than this.
      expect(lastMb).toBeLessThan(mb * 1.1 + 5);
      expect(lastFiles).toBeLessThan(files + 20);
    }
  });
});
