// Clients of others that are strict about HTTP/2: python3-h2, which stops at whatever the RFC forbids, nghttp and Chromium.
import { spawnSync } from 'node:child_process';
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../support/ports.ts';
import { hasChromium, startChromium } from '../support/browser.ts';
import { Authority, CertificateFolder } from '../support/certificates.ts';
import { type RunningProxy, startProxy } from '../support/proxy.ts';
import { echoBackend, run } from '../support/tls-client.ts';

const script = fileURLToPath(new URL('../support/h2_client.py', import.meta.url));
/** That of the system: packages of the distribution are for no other. */
const python = '/usr/bin/python3';
const hasPython = spawnSync(python, ['-c', 'import h2']).status === 0;
const hasNghttp = spawnSync('nghttp', ['--version']).status === 0;
for (const [name, available] of [
  ['python3-h2', hasPython],
  ['nghttp', hasNghttp],
  ['chromium', hasChromium],
] as const)
  if (!available && process.env['CI'] !== undefined) throw new Error(`${name} is needed here`);

let folder: CertificateFolder;
let backend: { port: number; server: Server };
let proxy: RunningProxy;
let port: number;

beforeAll(async () => {
  folder = new CertificateFolder();
  const ca = await Authority.create();
  const leaf = await ca.issue({ names: ['localhost'] });
  const certificate = folder.write('a.pem', leaf.cert + leaf.key);
  backend = await echoBackend((request, response) => {
    let length = 0;
    request.on('data', (bytes: Buffer) => (length += bytes.length));
    request.on('end', () => {
      if (request.url === '/page') {
        const images = Array.from({ length: 60 }, (_image, index) => `<img src="/image/${index}">`);
        response.setHeader('Content-Type', 'text/html').end(images.join(''));
        return;
      }
      response.writeHead(200, { 'X-Cookie': request.headers.cookie ?? '', Trailer: 'X-Length' });
      response.write(Buffer.alloc(20_000));
      response.addTrailers({ 'X-Length': `${length} ${String(request.trailers['x-sum'])}` });
      response.end();
    });
  });
  port = await freePort();
  proxy = await startProxy((clear, control) => ({
    workers: 1,
    grace: '1s',
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [
      {
        name: 'web',
        bind: [`127.0.0.1:${clear}`],
        tls: { bind: [`127.0.0.1:${port}`], certificates: [certificate] },
        http2: { clear: true },
        defaultBackend: 'api',
      },
    ],
    backends: [{ name: 'api', servers: [{ name: 'a', address: '127.0.0.1', port: backend.port }] }],
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  backend.server.closeAllConnections();
  backend.server.close();
  folder[Symbol.dispose]();
});

describe('a strict client', () => {
  it.skipIf(!hasPython)('python3-h2 finds nothing wrong in 90 streams at once', async () => {
    const { out, error } = await run(python, [script, String(proxy.port), '90']);
    expect(error).toBe('');
    const streams = JSON.parse(out) as { index: number; status: string; size: number; trailers: object }[];
    expect(streams).toHaveLength(90);
    for (const { index, status, size, trailers } of streams) {
      expect([status, size]).toEqual(['200', 20_000]);
      const sum = index % 3 === 0 ? 'undefined' : String(2 * index + 1);
      expect(trailers).toEqual({ 'x-length': `${50_000 * (index % 3)} ${sum}` });
    }
  });

  it.skipIf(!hasNghttp).each([
    ['fifty streams', ['--multiply', '50'], '200'],
    ['padding', ['--padding', '100'], '200'],
    ['an upload', ['--data', script], '200'],
    ['a head of two frames, which is too large for us', ['--continuation'], '431'],
  ])('nghttp finds nothing wrong with %s', async (_what, args, status) => {
    const at = `https://127.0.0.1:${port}/x`;
    const { out, error } = await run('nghttp', ['--verbose', '--null-out', '--no-verify-peer', ...args, at]);
    const problems = /RST_STREAM|error_code=(?!NO_ERROR)\S+|\[ERROR\].*|Some requests were not processed/.exec(
      out + error,
    );
    expect([problems?.[0], / :status: ([0-9]+)/.exec(out)?.[1]]).toEqual([undefined, status]);
  });

  it.skipIf(!hasChromium)('Chromium loads a page of many parts', async () => {
    await using stack = new AsyncDisposableStack();
    const browser = stack.adopt(await startChromium(), (started) => started.close());
    const page = await browser.newPage({ ignoreHTTPSErrors: true });
    const statuses: number[] = [];
    const failed: string[] = [];
    page.on('response', (response) => void statuses.push(response.status()));
    page.on('requestfailed', (request) => void failed.push(request.url()));
    await page.goto(`https://localhost:${port}/page`, { waitUntil: 'networkidle' });
    const protocol = await page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol");
    expect([protocol, failed]).toEqual(['h2', []]);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(61);
  });
});
