// Malformed and unusual requests against a running veza-proxy with a real backend behind it: every row of the parsing
// table, and what the backend saw of it.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { portOf } from '../../support/ports.ts';
import { request, type RunningProxy, startProxy, statusOf } from '../support/proxy.ts';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

let proxy: RunningProxy;
let backend: Server;
let seen: Seen[] = [];

beforeAll(async () => {
  backend = createServer((incoming, response) => {
    let body = '';
    incoming.on('data', (bytes: Buffer) => (body += bytes.toString('latin1')));
    incoming.on('end', () => {
      seen.push({ method: incoming.method ?? '', url: incoming.url ?? '', headers: incoming.headers, body });
      response.end('ok');
    });
  }).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const port = portOf(backend);
  proxy = await startProxy((front) => ({
    workers: 1,
    frontends: [{ name: 'http', bind: [`127.0.0.1:${front}`], defaultBackend: 'api' }],
    backends: [{ name: 'api', servers: [{ name: 'a', address: '127.0.0.1', port }] }],
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  backend.closeAllConnections();
  backend.close();
});

beforeEach(() => {
  seen = [];
});

const post = (lines: string, body = ''): string =>
  `POST /p HTTP/1.1\r\nHost: x\r\n${lines}Connection: close\r\n\r\n${body}`;
const get = (lines: string): string => `GET / HTTP/1.1\r\nHost: x\r\n${lines}Connection: close\r\n\r\n`;
const chunked = 'Transfer-Encoding: chunked\r\n';
const hello = '5\r\nhello\r\n0\r\n\r\n';

const refused: readonly (readonly [string, string, number])[] = [
  ['Content-Length and Transfer-Encoding together', post(`Content-Length: 5\r\n${chunked}`, hello), 400],
  ['Transfer-Encoding and then Content-Length', post(`${chunked}Content-Length: 5\r\n`, hello), 400],
  ['duplicate Content-Length, same value', post('Content-Length: 2\r\nContent-Length: 2\r\n', 'ab'), 400],
  ['Content-Length: 2, 2', post('Content-Length: 2, 2\r\n', 'ab'), 400],
  ['duplicate Content-Length, different', post('Content-Length: 2\r\nContent-Length: 3\r\n', 'abc'), 400],
  ['Content-Length: +2', post('Content-Length: +2\r\n', 'ab'), 400],
  ['empty Content-Length', post('Content-Length: \r\n', 'ab'), 400],
  ['Content-Length: -1', post('Content-Length: -1\r\n'), 400],
  ['Content-Length: 0x2', post('Content-Length: 0x2\r\n', 'ab'), 400],
  ['Content-Length beyond any number', post(`Content-Length: ${'9'.repeat(30)}\r\n`), 400],
  ['Transfer-Encoding: xchunked', post('Transfer-Encoding: xchunked\r\n', hello), 400],
  ['Transfer-Encoding: chunked, identity', post('Transfer-Encoding: chunked, identity\r\n', hello), 400],
  ['Transfer-Encoding: gzip, chunked', post('Transfer-Encoding: gzip, chunked\r\n', hello), 501],
  ['Transfer-Encoding twice', post(`${chunked}${chunked}`, hello), 400],
  ['space before the colon', post('Transfer-Encoding : chunked\r\n', hello), 400],
  ['vertical tab in Transfer-Encoding', post('Transfer-Encoding: \x0bchunked\r\n', hello), 400],
  ['Transfer-Encoding in HTTP/1.0', `POST / HTTP/1.0\r\nHost: x\r\n${chunked}\r\n${hello}`, 400],
  ['obs-fold', get('X-A: b\r\n c\r\n'), 400],
  ['bare LF line ends', 'GET / HTTP/1.1\nHost: x\n\n', 400],
  ['one bare LF', 'GET / HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n', 400],
  ['bare CR', get('X-A: b\rc\r\n'), 400],
  ['NUL', get('X-A: b\0c\r\n'), 400],
  ['space in a header name', get('X A: b\r\n'), 400],
  ['no colon', get('X-A\r\n'), 400],
  ['empty header name', get(': b\r\n'), 400],
  ['no Host in HTTP/1.1', 'GET / HTTP/1.1\r\nX-A: b\r\n\r\n', 400],
  ['two Host headers', 'GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n', 400],
  ['Host: a,b', 'GET / HTTP/1.1\r\nHost: a,b\r\n\r\n', 400],
  ['Host with a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 400],
  ['Host with user information', 'GET / HTTP/1.1\r\nHost: a@b\r\n\r\n', 400],
  ['authority of the target differs from Host', 'GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n', 400],
  ['chunk size 0x1', post(chunked, '0x1\r\na\r\n0\r\n\r\n'), 400],
  ['chunk size overflow', post(chunked, 'fffffffffffffffff\r\na\r\n0\r\n\r\n'), 400],
  ['missing CRLF behind a chunk', post(chunked, '1\r\nab\r\n0\r\n\r\n'), 400],
  ['chunk size ended by LF only', post(chunked, '5\nhello\r\n0\r\n\r\n'), 400],
  ['negative chunk size', post(chunked, '-1\r\n\r\n'), 400],
  ['LF in a chunk extension', post(chunked, '5;a\nb\r\nhello\r\n0\r\n\r\n'), 400],
  ['malformed trailer', post(chunked, '5\r\nhello\r\n0\r\nno colon\r\n\r\n'), 400],
  ['HTTP/1.2', 'GET / HTTP/1.2\r\nHost: x\r\n\r\n', 505],
  ['HTTP/2.0', 'GET / HTTP/2.0\r\nHost: x\r\n\r\n', 505],
  ['lower-case version', 'GET / http/1.1\r\nHost: x\r\n\r\n', 400],
  ['HTTP/0.9', 'GET /\r\n\r\n', 400],
  ['# in the target', 'GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n', 400],
  ['space in the target', 'GET /a b HTTP/1.1\r\nHost: x\r\n\r\n', 400],
  ['byte beyond ASCII in the target', 'GET /\xe4 HTTP/1.1\r\nHost: x\r\n\r\n', 400],
  ['target without a slash', 'GET a HTTP/1.1\r\nHost: x\r\n\r\n', 400],
  ['asterisk with GET', 'GET * HTTP/1.1\r\nHost: x\r\n\r\n', 400],
  ['two empty lines before the request', '\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n', 400],
  ['20 KB in one header', get(`X-A: ${'b'.repeat(20_000)}\r\n`), 431],
  ['150 headers', get(Array.from({ length: 150 }, (_, index) => `X-${index}: b\r\n`).join('')), 431],
  ['target of 9000 bytes', `GET /${'a'.repeat(9000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 414],
  ['target of 30000 bytes', `GET /${'a'.repeat(30_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 414],
  ['unknown expectation', post('Expect: tea\r\n'), 417],
  ['CONNECT', 'CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n', 405],
];

describe('refused, with the connection closed', () => {
  it.each(refused)('%s', async (_name, payload, status) => {
    const answer = await request(proxy.port, payload, 2500);
    expect(statusOf(answer)).toBe(status);
    expect(answer).toContain('Connection: close\r\n');
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(seen.filter(({ body }) => body.includes('hello') || body.includes('ab'))).toEqual([]);
  });
});

describe('accepted', () => {
  it('a chunk extension, which is not forwarded', async () => {
    expect(statusOf(await request(proxy.port, post(chunked, '5;a=b\r\nhello\r\n0\r\n\r\n')))).toBe(200);
    expect(seen).toMatchObject([{ method: 'POST', body: 'hello' }]);
  });

  it('GET with a body, which is forwarded', async () => {
    expect(statusOf(await request(proxy.port, get('Content-Length: 3\r\n') + 'abc'))).toBe(200);
    expect(seen).toMatchObject([{ method: 'GET', body: 'abc' }]);
  });

  it('one empty line before the request', async () => {
    expect(statusOf(await request(proxy.port, `\r\n${get('')}`))).toBe(200);
  });

  it('Connection: transfer-encoding, which cannot take the framing away', async () => {
    const lines = `${chunked}Connection: transfer-encoding, content-length, host\r\n`;
    expect(statusOf(await request(proxy.port, `POST / HTTP/1.1\r\nHost: x\r\n${lines}\r\n${hello}`))).toBe(200);
    expect(seen).toMatchObject([{ body: 'hello', headers: { host: 'x', 'transfer-encoding': 'chunked' } }]);
  });

  it('DELETE with a chunked body, which stays chunked', async () => {
    const payload = `DELETE / HTTP/1.1\r\nHost: x\r\n${chunked}Connection: close\r\n\r\n${hello}`;
    expect(statusOf(await request(proxy.port, payload))).toBe(200);
    expect(seen).toMatchObject([{ method: 'DELETE', body: 'hello', headers: { 'transfer-encoding': 'chunked' } }]);
    expect(seen[0]?.headers).not.toHaveProperty('content-length');
  });

  it('absolute form, forwarded in origin form', async () => {
    expect(statusOf(await request(proxy.port, 'GET http://x/a?b HTTP/1.1\r\nHost: x\r\n\r\n'))).toBe(200);
    expect(seen).toMatchObject([{ url: '/a?b', headers: { host: 'x' } }]);
  });

  it('HTTP/1.0 without Host: answered and closed', async () => {
    const answer = await request(proxy.port, 'GET / HTTP/1.0\r\n\r\n', 3000);
    expect(statusOf(answer)).toBe(200);
    expect(answer).toContain('Connection: close\r\n');
    expect(answer).not.toContain('chunked');
  });

  it('HTTP/1.0 that asks for it is kept open', async () => {
    const payload = 'GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n';
    expect((await request(proxy.port, payload + payload)).match(/Connection: keep-alive/g)).toHaveLength(2);
  });

  it('pipelined requests, answered in order', async () => {
    const one = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const answer = await request(proxy.port, one('/1') + one('/2') + get(''));
    expect(answer.match(/HTTP\/1\.1 200/g)).toHaveLength(3);
    expect(seen.map(({ url }) => url)).toEqual(['/1', '/2', '/']);
  });

  it('a request that comes byte by byte', async () => {
    const { connect } = await import('node:net');
    const { readAll } = await import('../support/proxy.ts');
    const socket = connect({ port: proxy.port, host: '127.0.0.1', noDelay: true });
    for (const char of post(chunked, hello)) {
      socket.write(char);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(statusOf(await readAll(socket, 500))).toBe(200);
    expect(seen).toMatchObject([{ body: 'hello' }]);
  });
});

describe('forwarded headers', () => {
  it('leaves out hop-by-hop headers and those that Connection names, and replaces X-Forwarded-*', async () => {
    const lines =
      'Connection: keep-alive, X-Private\r\nX-Private: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\n' +
      'TE: gzip\r\nUpgrade: h2c\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Kept: yes\r\n';
    await request(proxy.port, `GET / HTTP/1.1\r\nHost: x:80\r\n${lines}\r\n`);
    const headers = seen[0]?.headers ?? {};
    expect(headers).toMatchObject({
      'x-kept': 'yes',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'x:80',
    });
    for (const name of ['x-private', 'keep-alive', 'proxy-connection', 'te', 'upgrade'])
      expect(headers).not.toHaveProperty(name);
  });

  it('leaves out whatever else a client says about where it comes from', async () => {
    const lines =
      'Forwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nX-Forwarded-Port: 1\r\nX-Forwarded-Prefix: /a\r\nX-Kept: yes\r\n';
    await request(proxy.port, get(lines));
    const headers = seen[0]?.headers ?? {};
    expect(headers).toMatchObject({ 'x-kept': 'yes' });
    for (const name of ['forwarded', 'x-real-ip', 'x-forwarded-port', 'x-forwarded-prefix'])
      expect(headers).not.toHaveProperty(name);
  });
});
