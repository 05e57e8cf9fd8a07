// HTTP/2 to servers with TLS: what they choose is spoken, per server and per backend; WebSockets and health checks find
// their way too.
import { once } from 'node:events';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import { createServer, type Server } from 'node:https';
import { connect as connectTcp, createServer as createTcp, type Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { portOf } from '../../support/ports.ts';
import { Authority, CertificateFolder } from '../support/certificates.ts';
import { H2Server, reset, respond } from '../support/h2-server.ts';
import { type RunningProxy, request, startProxy, until } from '../support/proxy.ts';

const folder = new CertificateFolder();
let both: Http2SecureServer;
let old: Server;
let tunnels: H2Server;
let plain: H2Server;
let proxy: RunningProxy;
/** What was spoken with each connection to `old`. */
const offered: (string | false | null)[] = [];
const checks: string[] = [];
/** First lines of connections to what wants the PROXY protocol. */
const introduced: string[] = [];
let door: NetServer;

beforeAll(async () => {
  const ca = await Authority.create();
  const { cert, key } = await ca.issue({ names: ['a.test'] });
  both = createSecureServer({ cert, key, allowHTTP1: true }, (incoming, response) => {
    if (incoming.url === '/health') checks.push(incoming.httpVersion);
    response.end(`HTTP ${incoming.httpVersion} as ${String(incoming.headers[':scheme'])}`);
  }).listen(0, '127.0.0.1');
  both.on('upgrade', (_incoming: unknown, socket: Duplex) => {
    socket.on('error', () => undefined);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nby HTTP/1.1');
  });
  old = createServer({ cert, key, ALPNProtocols: ['http/1.1'] }, (incoming, response) =>
    response.end(`HTTP ${incoming.httpVersion}`),
  ).listen(0, '127.0.0.1');
  old.on('secureConnection', (socket: TLSSocket) => offered.push(socket.alpnProtocol));
  await Promise.all([once(both, 'listening'), once(old, 'listening')]);
  tunnels = await H2Server.start(
    (stream, headers) => {
      if (headers[':path'] === '/denied') respond(stream, 'no', 403);
      else if (headers[':method'] === 'CONNECT') {
        stream.respond({ ':status': 200, 'sec-websocket-protocol': 'chat' });
        stream.write(`${String(headers[':protocol'])} ${String(headers['sec-websocket-key'])} `);
        stream.pipe(stream);
        if (headers[':path'] === '/broken') setTimeout(() => reset(stream, 2), 50);
      } else respond(stream, 'plain');
    },
    { enableConnectProtocol: true },
  );
  plain = await H2Server.start((stream, headers) => {
    if (headers[':path'] === '/health') checks.push(`plain ${String(headers[':authority'])}`);
    respond(stream, 'plain');
  });
  door = createTcp((socket) => {
    socket.once('data', (bytes: Buffer) => {
      const end = bytes.indexOf('\r\n');
      introduced.push(bytes.toString('latin1', 0, end));
      socket.pause();
      socket.unshift(bytes.subarray(end + 2));
      plain.take(socket);
    });
  }).listen(0, '127.0.0.1');
  await once(door, 'listening');
  const tls = { ca: folder.write('ca.crt', ca.pem), serverName: 'a.test' };
  const server = (port: number, more: object = {}): object => ({ name: 's', address: '127.0.0.1', port, ...more });
  const backends = [
    { name: 'both', http2: true, tls, servers: [server(portOf(both))] },
    { name: 'old', http2: true, tls, servers: [server(portOf(old))] },
    { name: 'off', http2: true, tls, servers: [server(portOf(both), { http2: false })] },
    { name: 'only', http2: 'only', tls, check: { path: '/health' }, servers: [server(portOf(both))] },
    { name: 'tunnels', servers: [server(tunnels.port, { http2: true })] },
    { name: 'plain', http2: true, check: { path: '/health', host: 'c.test' }, servers: [server(plain.port)] },
    { name: 'proxied', http2: true, sendProxy: 'v1', servers: [server(portOf(door))] },
  ];
  proxy = await startProxy((port, control) => ({
    workers: 1,
    grace: '1s',
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [
      { name: 'web', bind: [`127.0.0.1:${port}`], rules: backends.map(({ name }) => ({ host: name, backend: name })) },
    ],
    backends,
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await Promise.all([tunnels[Symbol.asyncDispose](), plain[Symbol.asyncDispose]()]);
  old.closeAllConnections();
  both.close();
  door.close();
  old.close();
  folder[Symbol.dispose]();
});

function ask(host: string, method = 'GET'): Promise<string> {
  const length = method === 'GET' ? '' : 'Content-Length: 0\r\n';
  return request(proxy.port, `${method} / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${length}\r\n`, 20_000);
}

/** A handshake, what is said after it, and all that comes back. */
async function webSocket(host: string, path: string, said: string, until_: (text: string) => boolean): Promise<string> {
  const socket = connectTcp({ port: proxy.port, host: '127.0.0.1' });
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  await until(() => text.includes('\r\n\r\n'), 20_000);
  socket.write(said);
  await Promise.race([until(() => until_(text), 20_000), closed]);
  socket.destroy();
  return text;
}

describe('the protocol', () => {
  it('is what the server chooses', async () => {
    expect(await ask('both')).toMatch(/\r\nHTTP 2\.0 as https\r\n/);
    expect(await ask('only')).toMatch(/\r\nHTTP 2\.0 as https\r\n/);
  });

  it('is HTTP/1.1 where the server has no other, and it is not asked each time', async () => {
    expect(await ask('old')).toMatch(/HTTP 1\.1$/);
    expect(await ask('old', 'POST')).toMatch(/HTTP 1\.1$/);
    expect(await ask('old', 'POST')).toMatch(/HTTP 1\.1$/);
    // The one that was opened to ask, and one for each that cannot be repeated.
    expect(offered.length).toBeLessThanOrEqual(4);
  });

  it('is HTTP/1.1 for a server that says so itself', async () => {
    expect(await ask('off')).toMatch(/HTTP 1\.1 as undefined$/);
  });
});

describe('WebSockets', () => {
  it('go over HTTP/1.1 where both are spoken', async () => {
    expect(await webSocket('both', '/', 'x', (text) => text.includes('by HTTP/1.1'))).toMatch(/^HTTP\/1\.1 101 /);
  });

  it('are tunnels in HTTP/2 where the server takes them', async () => {
    const text = await webSocket('tunnels', '/', 'hello', (found) => found.includes('hello'));
    expect(text).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(text).toMatch(/\r\nsec-websocket-protocol: chat\r\n/);
    expect(text).toMatch(/\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/);
    expect(text).toMatch(/\r\n\r\nwebsocket undefined hello$/);
    expect(await webSocket('tunnels', '/broken', 'x', () => false)).toMatch(/^HTTP\/1\.1 101 /);
  });

  it('are answered as the server does when it refuses them, and with 502 when it knows none', async () => {
    expect(await webSocket('tunnels', '/denied', '', (text) => text.includes('\r\nno\r\n'))).toMatch(
      /^HTTP\/1\.1 403 /,
    );
    expect(await webSocket('plain', '/', '', (text) => text.includes('502'))).toMatch(/^HTTP\/1\.1 502 /);
  });
});

it('checks are over HTTP/2 where nothing else is spoken', async () => {
  await until(() => checks.includes('2.0') && checks.includes('plain c.test'), 20_000);
  const stats = await proxy.command('show stat');
  expect(stats.split('\n').filter((line) => /^(only|plain),s,/.test(line))).toHaveLength(2);
  expect(stats).toMatch(/^plain,s,.*L7OK.*200/m);
});

it('a connection that begins with the PROXY protocol is for the requests of one client', async () => {
  const asked = (times: number): Promise<string> =>
    request(proxy.port, 'GET / HTTP/1.1\r\nHost: proxied\r\n\r\n'.repeat(times), 1000);
  expect((await asked(2)).match(/HTTP\/1\.1 200 /g)).toHaveLength(2);
  expect(introduced).toHaveLength(1);
  expect((await asked(1)).match(/HTTP\/1\.1 200 /g)).toHaveLength(1);
  expect(introduced).toHaveLength(2);
  for (const line of introduced) expect(line).toMatch(/^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 [0-9]+ [0-9]+$/);
  expect(new Set(introduced).size).toBe(2);
});
