// Errors that the proxy answers itself, as clients get them; the attempt in logs and headers; the answer to a ping.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, portOf } from '../../support/ports.ts';
import { request, type RunningProxy, startProxy, statusOf, until } from '../support/proxy.ts';

const folder = mkdtempSync(join(tmpdir(), 'veza-errors-'));
let backend: Server;
let proxy: RunningProxy;
let statsPort: number;

beforeAll(async () => {
  const calls = new Map<string, number>();
  backend = createServer((incoming, outgoing) => {
    const url = incoming.url ?? '';
    const call = (calls.get(url) ?? 0) + 1;
    calls.set(url, call);
    if (url.startsWith('/again') && call === 1) incoming.socket.destroy();
    else outgoing.end('fine');
  }).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const port = portOf(backend);
  const nobody = await freePort();
  statsPort = await freePort();
  writeFileSync(
    join(folder, '503.http'),
    'HTTP/1.0 503 Busy\r\nContent-Type: text/html\r\nX-Page: own\r\n\r\n<p>own</p>\n',
  );
  proxy = await startProxy((front, control) => ({
    workers: 1,
    log: { access: 'stdout', format: 'json' },
    stats: { socket: [`127.0.0.1:${control}`], listen: `127.0.0.1:${statsPort}` },
    frontends: [
      {
        name: 'http',
        bind: [`127.0.0.1:${front}`],
        requestId: { header: 'X-Request-ID', accept: true },
        rules: [
          { pathPrefix: '/own', errors: { 503: join(folder, '503.http') }, backend: 'gone' },
          { pathPrefix: '/gone', backend: 'gone' },
          { pathPrefix: '/limited', rateLimit: { requests: 1, per: '1h' }, backend: 'api' },
          { pathPrefix: '/denied', deny: ['127.0.0.0/8'], backend: 'api' },
        ],
        responseHeaders: { set: { 'X-Attempt': '${attempt}' } },
        defaultBackend: 'api',
      },
    ],
    backends: [
      { name: 'gone', retries: 0, hold: '0', servers: [{ name: 'b', address: '127.0.0.1', port: nobody }] },
      { name: 'api', servers: [{ name: 'a', address: '127.0.0.1', port }] },
    ],
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  backend.closeAllConnections();
  backend.close();
  rmSync(folder, { recursive: true, force: true });
});

const get = (path: string, accept: string): Promise<string> =>
  request(
    proxy.port,
    `GET ${path} HTTP/1.1\r\nHost: x\r\nAccept: ${accept}\r\nX-Request-ID: id-7\r\nConnection: close\r\n\r\n`,
    10_000,
  );
const bodyOf = (response: string): string => response.slice(response.indexOf('\r\n\r\n') + 4);

describe('errors of the proxy', () => {
  it('are JSON for who asks for it, with the request id and when to come back', async () => {
    const response = await get('/gone', 'application/json');
    expect(statusOf(response)).toBe(503);
    expect(response).toContain('Content-Type: application/json\r\n');
    expect(response).toMatch(/Retry-After: [0-9]+\r\n/);
    expect(response).toContain('X-Request-ID: id-7\r\n');
    expect(JSON.parse(bodyOf(response))).toEqual({
      error: { status: 503, message: 'Service Unavailable', requestId: 'id-7' },
    });
  });

  it('are HTML for browsers and a line of text for others', async () => {
    const page = await get('/gone', 'text/html,application/xhtml+xml,*/*;q=0.8');
    expect(page).toContain('Content-Type: text/html; charset=utf-8\r\n');
    expect(bodyOf(page)).toContain('<h1>503 Service Unavailable</h1>');
    expect(bodyOf(page)).toContain('id-7');
    expect(bodyOf(await get('/gone', '*/*'))).toBe('503 Service Unavailable (request id-7)\n');
  });

  it('are those of rules, too', async () => {
    expect(statusOf(await get('/limited', '*/*'))).toBe(200);
    const limited = await get('/limited', 'application/json');
    expect(statusOf(limited)).toBe(429);
    expect(limited).toMatch(/Retry-After: [0-9]+\r\n/);
    expect(bodyOf(limited)).toContain('"status":429');
    expect(bodyOf(await get('/denied', 'text/html'))).toContain('<h1>403 Forbidden</h1>');
  });

  it("are pages of the user's, whole responses as HAProxy has them", async () => {
    const response = await get('/own', 'application/json');
    expect(statusOf(response)).toBe(503);
    expect(response).toContain('X-Page: own\r\n');
    expect(response).toContain('Content-Type: text/html\r\n');
    expect(bodyOf(response)).toBe('<p>own</p>\n');
  });
});

describe('the number of the attempt', () => {
  it('is known to headers and to the log', async () => {
    expect(await get('/once', '*/*')).toContain('X-Attempt: 1\r\n');
    expect(await get('/again', '*/*')).toContain('X-Attempt: 2\r\n');
    const line = (path: string): { attempt?: number } | undefined =>
      proxy
        .log()
        .split('\n')
        .filter((each) => each.startsWith('{') && each.includes(`"target":"${path}"`))
        .map((each) => JSON.parse(each) as { attempt?: number })[0];
    await until(() => line('/again') !== undefined, 20_000);
    expect(line('/once')?.attempt).toBe(1);
    expect(line('/again')?.attempt).toBe(2);
    await until(() => line('/denied') !== undefined, 20_000);
    expect(line('/denied')?.attempt).toBe(0);
  });
});

describe('the statistics address', () => {
  it('answers a ping', async () => {
    const response = await fetch(`http://127.0.0.1:${statsPort}/ping`);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('pong');
  });
});
