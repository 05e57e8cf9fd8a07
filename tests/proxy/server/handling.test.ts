// Rules and middleware through a running proxy: what servers and clients really get.
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashPassword } from '../../../src/proxy/core/handling/basic-auth.ts';
import { portOf } from '../../support/ports.ts';
import { readAll, request, type RunningProxy, startProxy, statusOf, until } from '../support/proxy.ts';
import { countsOf } from '../support/stats.ts';

const secret = 'a secret of at least thirty-two bytes';
const page = 'All work and no play makes Jack a dull boy.\n'.repeat(3000);
let backend: Server;
let backendPort: number;
let proxy: RunningProxy;

beforeAll(async () => {
  backend = createServer((incoming, outgoing) => {
    incoming.resume();
    const url = new URL(incoming.url ?? '/', 'http://x');
    outgoing.setHeader('Content-Type', 'text/plain');
    if (url.pathname === '/page') outgoing.setHeader('Content-Length', page.length).end(page);
    else if (url.pathname === '/drip') drip();
    else outgoing.end(JSON.stringify({ url: incoming.url, headers: incoming.rawHeaders }));
    function drip(): void {
      outgoing.write('first');
      setTimeout(() => outgoing.end(page), 500);
    }
  }).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  backendPort = portOf(backend);
  const users = { alice: await hashPassword('right', randomBytes(16)) };
  const server = { name: 'a', address: '127.0.0.1', port: backendPort };
  proxy = await startProxy((front, control) => ({
    workers: 2,
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [
      {
        name: 'http',
        bind: [`127.0.0.1:${front}`],
        forward: ['x-real-ip', 'forwarded', 'x-forwarded-port'],
        trustedProxies: ['127.0.0.1'],
        rules: [
          { pathPrefix: '/private', basicAuth: { users }, backend: 'api' },
          {
            pathPrefix: '/token',
            jwt: { algorithm: 'HS256', key: secret, forward: { 'X-User': 'sub' } },
            backend: 'api',
          },
          { pathPrefix: '/limited', rateLimit: { requests: 5, per: '1h' }, backend: 'api' },
          { pathPrefix: '/slow', pathRegex: '^/slow/(a+)+$', respond: { status: 200 } },
          { pathPrefix: '/api', rewrite: { stripPrefix: '/api' }, backend: 'named' },
          { pathPrefix: '/old', redirect: { prefix: 'https://new.example.org', code: 301 } },
          { pathPrefix: '/page', compression: { codings: ['br', 'gzip', 'zstd'] }, backend: 'api' },
          { pathPrefix: '/drip', compression: {}, backend: 'api' },
        ],
        defaultBackend: 'api',
      },
    ],
    backends: [
      { name: 'api', servers: [server] },
      { name: 'named', hostHeader: 'server', servers: [server] },
    ],
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  backend.closeAllConnections();
  backend.close();
});

function get(path: string, headers = '', quietMs = 400): Promise<string> {
  return request(proxy.port, `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}Connection: close\r\n\r\n`, quietMs);
}

describe('middleware', () => {
  it('asks for a password, remembers it, and never lets a wrong one in', async () => {
    const basic = (text: string): string => `Authorization: Basic ${Buffer.from(text).toString('base64')}\r\n`;
    const denied = await get('/private', '', 3000);
    expect(statusOf(denied)).toBe(401);
    expect(denied).toContain('WWW-Authenticate: Basic realm="restricted"');
    for (const wrong of ['alice:wrong', 'bob:right', 'alice', ':', 'alice:right:'])
      expect(statusOf(await get('/private', basic(wrong), 3000))).toBe(401);
    expect(statusOf(await get('/private', basic('alice:right'), 3000))).toBe(200);
    expect(statusOf(await get('/private', basic('alice:right'), 3000))).toBe(200);
  });

  it('takes what comes behind a request whose password is being checked', async () => {
    const socket = connect(proxy.port, '127.0.0.1');
    const authorization = `Authorization: Basic ${Buffer.from('alice:other').toString('base64')}\r\n`;
    socket.write(`GET /private HTTP/1.1\r\nHost: x\r\n${authorization}\r\nGET /second HTTP/1.1\r\nHost: x\r\n\r\n`);
    const text = await readAll(socket, 1500);
    expect(text).toMatch(/^HTTP\/1\.1 401 [\s\S]*HTTP\/1\.1 200 OK[\s\S]*\/second/);
  });

  it('passes claims of a token on, and no header that a client made up', async () => {
    const token = (claims: object, key = secret, alg = 'HS256'): string => {
      const [head, body] = [{ alg, typ: 'JWT' }, claims].map((part) =>
        Buffer.from(JSON.stringify(part)).toString('base64url'),
      );
      const signature = createHmac('sha256', key)
        .update(`${head ?? ''}.${body ?? ''}`)
        .digest('base64url');
      return `Authorization: Bearer ${head ?? ''}.${body ?? ''}.${signature}\r\nX-User: root\r\n`;
    };
    const exp = Math.floor(Date.now() / 1000) + 60;
    const text = await get('/token', token({ sub: 'alice', exp }));
    expect(statusOf(text)).toBe(200);
    expect(text).toContain('"X-User","alice"');
    expect(text).not.toContain('root');
    for (const bad of [
      '',
      token({ sub: 'alice' }),
      token({ sub: 'alice', exp: exp - 200 }),
      token({ exp }, `${secret}x`),
      token({ exp }, secret, 'none'),
    ])
      expect(statusOf(await get('/token', bad))).toBe(401);
  });

  it('limits a client over all workers, and others not at all', async () => {
    const statuses: number[] = [];
    for (let at = 0; at < 8; at += 1) {
      statuses.push(statusOf(await get('/limited', 'X-Forwarded-For: 192.0.2.7\r\n')));
      await new Promise((resolve) => setTimeout(resolve, 120));
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
    expect(statusOf(await get('/limited', 'X-Forwarded-For: 192.0.2.8\r\n'))).toBe(200);
  });

  it('runs expressions in time linear to the path', async () => {
    const startedAt = performance.now();
    expect(statusOf(await get(`/slow/${'a'.repeat(4000)}b`, '', 3000))).toBe(200);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  it.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
    ['zstd', zstdDecompressSync],
  ])('compresses with %s, and what comes out is the same', async (coding, decode) => {
    const text = await get('/page', `Accept-Encoding: ${coding}\r\n`, 1500);
    const [head = '', ...rest] = text.split('\r\n\r\n');
    expect(head).toContain(`Content-Encoding: ${coding}`);
    expect(head).toContain('Transfer-Encoding: chunked');
    const body = dechunked(Buffer.from(rest.join('\r\n\r\n'), 'latin1'));
    expect(body.length).toBeLessThan(page.length / 4);
    expect(decode(body).toString()).toBe(page);
  });

  it('counts what was compressed, and to how much', async () => {
    const compressed = () => countsOf(proxy, 'api,BACKEND', 'comp_rsp', 'comp_in', 'comp_out', 'comp_byp');
    const [responses = 0, before = 0, after = 0] = await compressed();
    await get('/page', 'Accept-Encoding: gzip\r\n', 1500);
    await until(async () => (await compressed())[0] === responses + 1);
    const [, now = 0, out = 0, past] = await compressed();
    expect([now - before, past]).toEqual([Buffer.byteLength(page), 0]);
    expect(out - after).toBeGreaterThan(0);
    expect(out - after).toBeLessThan(page.length / 4);
  });

  it('does not keep back a slow response to compress it better', async () => {
    const socket = connect(proxy.port, '127.0.0.1');
    const startedAt = performance.now();
    socket.write('GET /drip HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n');
    let text = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => (text = Buffer.concat([text, bytes])));
    await until(() => text.includes('\r\n\r\n') && text.subarray(text.indexOf('\r\n\r\n')).length > 20);
    expect(performance.now() - startedAt).toBeLessThan(450);
    await until(() => text.includes('\r\n0\r\n\r\n'));
    socket.destroy();
    expect(gunzipSync(dechunked(text.subarray(text.indexOf('\r\n\r\n') + 4))).toString()).toBe(`first${page}`);
  });
});

describe('what servers are told', () => {
  it('is where a request comes from, in all the ways that are asked for', async () => {
    const text = await get('/where', 'X-Forwarded-For: 198.51.100.1, 203.0.113.5\r\n');
    expect(text).toContain('"X-Real-IP","203.0.113.5"');
    expect(text).toContain('"Forwarded","for=127.0.0.1;host=x;proto=http"');
    expect(text).toContain(`"X-Forwarded-Port","${proxy.port}"`);
  });

  it('is their own name where that is wanted, and the rewritten path', async () => {
    const text = await get('/api/where?a=b');
    expect(text).toContain(`"Host","127.0.0.1:${backendPort}"`);
    expect(text).toContain('"url":"/where?a=b"');
  });
});

function dechunked(bytes: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at);
    const size = Number.parseInt(bytes.toString('latin1', at, end), 16);
    if (!(size > 0)) return Buffer.concat(pieces);
    pieces.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 4 + size;
  }
}
