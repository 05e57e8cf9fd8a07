// What only we do with WebSockets of clients over HTTP/2: limits, refusals, counts, logs, and servers of HTTP/2 behind them.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { connect, constants, type ServerHttp2Stream } from 'node:http2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../support/ports.ts';
import { CertificateFolder } from '../support/certificates.ts';
import { H2Server, respond } from '../support/h2-server.ts';
import { block, codes, flags, frame, FrameClient, request, type } from '../support/http2-frames.ts';
import { type RunningProxy, startProxy, until } from '../support/proxy.ts';
import { statsOf } from '../support/stats.ts';
import { rest, take, TunnelClient } from '../support/tunnel-client.ts';
import { WebSocketBackend } from '../support/websocket-backend.ts';

const protocol = [[':protocol', 'websocket']] as const;
let folder: CertificateFolder;
let backend: WebSocketBackend;
let modern: H2Server;
let proxy: RunningProxy;
let withoutPort: number;
let client: TunnelClient;
let logFile: string;

function serve(stream: ServerHttp2Stream, headers: Record<string, unknown>): void {
  if (headers[':path'] === '/page') respond(stream, 'not here', 404);
  else {
    stream.respond({ ':status': 200, 'x-protocol': String(headers[':protocol']) });
    stream.pipe(stream);
  }
}

beforeAll(async () => {
  folder = new CertificateFolder();
  logFile = `${folder.path}/access.log`;
  const module = folder.write(
    'pages.mjs',
    "export default { onResponse: () => ({ action: 'stop', status: 200, body: 'a page' }) };",
  );
  backend = await WebSocketBackend.start();
  modern = await H2Server.start(serve, { enableConnectProtocol: true });
  withoutPort = await freePort();
  const server = { name: 'a', address: '127.0.0.1', port: backend.port };
  proxy = await startProxy((port, control) => ({
    workers: 1,
    grace: '2s',
    log: { access: logFile },
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [
      {
        name: 'web',
        bind: [`127.0.0.1:${port}`],
        http2: { clear: true },
        rules: [
          { path: '/own', respond: { status: 200, body: 'a page' } },
          { path: '/away', redirect: { location: 'https://b.test/' } },
          { pathPrefix: '/plugged', rewrite: { stripPrefix: '/plugged' }, plugins: [{ module }], backend: 'sockets' },
          { pathPrefix: '/modern', rewrite: { stripPrefix: '/modern' }, backend: 'modern' },
          { pathPrefix: '/short', rewrite: { stripPrefix: '/short' }, backend: 'short' },
        ],
        defaultBackend: 'sockets',
      },
      {
        name: 'without',
        bind: [`127.0.0.1:${withoutPort}`],
        http2: { clear: true, webSockets: false },
        defaultBackend: 'sockets',
      },
    ],
    backends: [
      { name: 'sockets', servers: [server] },
      { name: 'short', timeouts: { tunnel: '200ms' }, servers: [server] },
      { name: 'modern', http2: true, servers: [{ name: 'm', address: '127.0.0.1', port: modern.port }] },
    ],
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await backend[Symbol.asyncDispose]();
  await modern[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

beforeEach(async () => {
  client = await TunnelClient.open(proxy.port);
  return () => client[Symbol.dispose]();
});

describe('a tunnel', () => {
  it('that the server ended still brings it what the client says', async () => {
    const tunnel = await client.ask('/quiet');
    const server = backend.latest;
    let late = '';
    server.on('data', (bytes: Buffer) => (late += bytes.toString()));
    const ended = once(server, 'end');
    server.end('bye');
    expect(String(await rest(tunnel))).toBe('bye');
    tunnel.stream.end('late');
    await ended;
    expect(late).toBe('late');
  });

  it('that its client leaves while the server thinks is given up', async () => {
    const before = backend.heads.length;
    void client.ask('/silent').catch(() => undefined);
    await until(() => backend.heads.length > before);
    const ended = once(backend.latest, 'end');
    client.session.destroy();
    await ended;
  });

  it('to a server of HTTP/2 is a tunnel there as well', async () => {
    const tunnel = await client.ask('/modern/chat');
    expect(tunnel.headers).toMatchObject({ ':status': 200, 'x-protocol': 'websocket' });
    expect(tunnel.headers).not.toHaveProperty('sec-websocket-accept');
    tunnel.stream.end('to and fro');
    expect(String(await rest(tunnel))).toBe('to and fro');
    expect((await client.ask('/modern/page')).headers[':status']).toBe(404);
  });

  it('that is quiet for too long is closed', async () => {
    const { stream } = await client.ask('/short/chat');
    await once(stream, 'close');
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
  });

  it('is closed with its server', async () => {
    const { stream } = await client.ask('/quiet');
    const closed = once(stream, 'close');
    await proxy.command('shutdown sessions server sockets/a');
    await closed;
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
  });

  it('whose client takes nothing stops its server, and no other tunnel', async () => {
    const { stream } = await client.ask('/quiet');
    const server = backend.latest;
    while (server.write(Buffer.alloc(65_536))) await new Promise((resolve) => setImmediate(resolve));
    await until(() => !server.writable || server.writableNeedDrain);
    const other = await client.ask('/chat');
    other.stream.write('ping');
    expect(await take(other, 4)).toBe('ping');
    const drained = once(server, 'drain');
    stream.resume();
    await drained;
  });

  it('is counted and logged as an upgrade is', async () => {
    await proxy.command('clear counters all');
    const tunnel = await client.ask('/chat?logged');
    tunnel.stream.end('four');
    expect(String(await rest(tunnel))).toBe('four');
    await until(() => readFileSync(logFile, 'utf8').includes('/chat?logged'));
    const line = readFileSync(logFile, 'utf8')
      .split('\n')
      .find((each) => each.includes('/chat?logged'));
    expect(line).toMatch(/ web sockets\/a \S+ 101 \d+ - - ---- .* "GET \/chat\?logged HTTP\/2\.0"$/);
    expect(await statsOf(proxy, 'sockets,BACKEND', 'hrsp_1xx', 'cli_abrt', 'srv_abrt')).toEqual(['1', '0', '0']);
  });
});

it('a tunnel of HTTP/1.1 that its client ends brings the last words of the server, and is logged as complete', async () => {
  const socket = connectTcp({ port: proxy.port, host: '127.0.0.1' });
  socket.write(
    'GET /last-words?http1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n',
  );
  await once(socket, 'readable');
  socket.end();
  let got = '';
  for await (const bytes of socket as AsyncIterable<Buffer>) got += bytes.toString('latin1');
  expect(got).toMatch(/^HTTP\/1\.1 101 /);
  expect(got.slice(got.indexOf('\r\n\r\n') + 4)).toHaveLength(1_000_000);
  await until(() => readFileSync(logFile, 'utf8').includes('/last-words?http1'));
  expect(readFileSync(logFile, 'utf8')).toMatch(/ 101 \d+ - - ---- .* "GET \/last-words\?http1 HTTP\/1\.1"\n/);
});

describe('no tunnel', () => {
  it.each([
    ['for another protocol', '/chat', { ':protocol': 'connect-udp' }, 501],
    ['with a length', '/chat', { 'content-length': '5' }, 400],
    ['for what the proxy answers itself with success', '/own', {}, 405],
    ['for what the proxy redirects', '/away', {}, 302],
    ['for what a plugin answers with success', '/plugged/forbidden', {}, 502],
    ['where the server has a page', '/page', {}, 502],
    ['where the server has a page of unknown length', '/streamed', {}, 502],
  ])('%s', async (_what, path, more, status) => {
    expect((await client.ask(path, more)).headers[':status']).toBe(status);
  });

  it('for CONNECT of another kind', async () => {
    const stream = client.session.request({ ':method': 'CONNECT', ':authority': 'b.test:443' });
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    expect(headers[':status']).toBe(405);
  });

  it('where they are turned off', async () => {
    const session = connect(`http://127.0.0.1:${withoutPort}`);
    await once(session, 'remoteSettings');
    expect(session.remoteSettings.enableConnectProtocol).toBe(false);
    session.destroy();
    using frames = await FrameClient.open(withoutPort);
    frames.send(frame(type.headers, flags.endHeaders, 1, request('/chat', 'CONNECT', protocol)));
    expect(await frames.reset(1)).toBe(codes.protocol);
  });

  it('with another method than CONNECT', async () => {
    using frames = await FrameClient.open(proxy.port);
    frames.send(frame(type.headers, flags.endHeaders, 1, request('/chat', 'GET', protocol)));
    expect(await frames.reset(1)).toBe(codes.protocol);
    expect(await frames.status(1)).toBe(400);
  });

  it('goes on when its client sends headers in it', async () => {
    using frames = await FrameClient.open(proxy.port);
    frames.send(frame(type.headers, flags.endHeaders, 1, request('/chat', 'CONNECT', protocol)));
    expect(await frames.status(1)).toBe(200);
    frames.send(frame(type.headers, flags.endHeaders | flags.endStream, 1, block([['x-a', 'b']])));
    expect(await frames.reset(1)).toBe(codes.protocol);
  });

  it('takes data after its end', async () => {
    using frames = await FrameClient.open(proxy.port);
    frames.send(frame(type.headers, flags.endHeaders, 1, request('/silent', 'CONNECT', protocol)));
    frames.send(frame(type.data, flags.endStream, 1, 'a'), frame(type.data, 0, 1, 'b'));
    expect(await frames.reset(1)).toBe(codes.closed);
  });
});

describe('the end of the proxy', () => {
  it('closes tunnels when the time of grace is over', async () => {
    const tunnel = await client.ask('/chat');
    const left = once(client.session, 'goaway');
    proxy.process.kill('SIGTERM');
    await left;
    // While there is time it goes on.
    tunnel.stream.write('still');
    expect(await take(tunnel, 5)).toBe('still');
    await once(client.session, 'close');
    await until(() => proxy.process.exitCode !== null);
    expect(proxy.process.exitCode).toBe(0);
  });
});
