// Tunnels by CONNECT: through us to a forward proxy and on, beside HAProxy, from clients of HTTP/1 and HTTP/2.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort, portOf } from '../../support/ports.ts';
import { type Balancer, haproxyIsThere, startBalancers } from '../support/balancers.ts';
import { CertificateFolder } from '../support/certificates.ts';
import { ForwardProxy } from '../support/forward-proxy.ts';
import { H2Server } from '../support/h2-server.ts';
import { request, type RunningProxy, startProxy, statusOf, until } from '../support/proxy.ts';

let folder: CertificateFolder;
let echo: Server;
let target: string;
let forward: ForwardProxy;
let modern: H2Server;
let modernClosed = 0;
let proxy: RunningProxy;
let closedPort: number;
let logFile: string;

beforeAll(async () => {
  folder = new CertificateFolder();
  logFile = `${folder.path}/access.log`;
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  target = `127.0.0.1:${portOf(echo)}`;
  forward = await ForwardProxy.start();
  modern = await H2Server.start((stream, headers) => {
    stream.respond({ ':status': headers[':authority'] === target ? 200 : 403 });
    stream.pipe(stream);
    stream.on('close', () => (modernClosed += 1));
  });
  closedPort = await freePort();
  const dead = { name: 'dead', address: '127.0.0.1', port: await freePort() };
  const server = { name: 'a', address: '127.0.0.1', port: forward.port };
  const own = { host: 'own.test', respond: { status: 200, body: 'a page' } };
  proxy = await startProxy((port) => ({
    workers: 1,
    log: { access: logFile },
    frontends: [
      {
        name: 'open',
        bind: [`127.0.0.1:${port}`],
        http2: { clear: true },
        allowConnect: true,
        rules: [
          own,
          { host: 'away.test', redirect: { location: 'https://b.test/' } },
          { headers: { 'x-to': 'modern' }, backend: 'modern' },
          { headers: { 'x-to': 'retried' }, rewrite: { addPrefix: '/x' }, backend: 'retried' },
        ],
        defaultBackend: 'forward',
      },
      { name: 'closed', bind: [`127.0.0.1:${closedPort}`], http2: { clear: true }, defaultBackend: 'forward' },
    ],
    backends: [
      { name: 'forward', servers: [server] },
      { name: 'retried', balance: 'first', hostHeader: 'server', servers: [dead, server] },
      { name: 'modern', http2: true, servers: [{ name: 'm', address: '127.0.0.1', port: modern.port }] },
    ],
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await forward[Symbol.asyncDispose]();
  await modern[Symbol.asyncDispose]();
  echo.close();
  folder[Symbol.dispose]();
});

beforeEach(() => {
  forward.seen.length = 0;
});

/** A connection that has said `text` and read the head of the answer. */
async function ask(port: number, text: string | Buffer): Promise<{ socket: Socket; head: string }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.write(text);
  let got = Buffer.alloc(0);
  while (!got.includes('\r\n\r\n')) got = Buffer.concat([got, ((await once(socket, 'data')) as [Buffer])[0]]);
  socket.pause();
  const end = got.indexOf('\r\n\r\n') + 4;
  socket.unshift(got.subarray(end));
  return { socket, head: got.toString('latin1', 0, end) };
}

const connectTo = (to: string, fields = ''): string => `CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\n${fields}\r\n`;

describe('a tunnel', () => {
  it('passes on every byte both ways, what was sent early first, and the ends', async () => {
    const bytes = randomBytes(1_000_000);
    const { socket, head } = await ask(proxy.port, Buffer.concat([Buffer.from(connectTo(target)), bytes]));
    expect(head).toBe('HTTP/1.1 200 Connection established\r\nVia: 1.1 forward\r\n\r\n');
    socket.end(bytes);
    expect((await buffer(socket)).equals(Buffer.concat([bytes, bytes]))).toBe(true);
    expect(forward.seen).toMatchObject([{ method: 'CONNECT', target, headers: { host: target } }]);
    await until(() => readFileSync(logFile, 'utf8').includes(`"CONNECT ${target} HTTP/1.1"`));
  });

  it('goes to another server where one is not there, and its target stays as it is', async () => {
    const { socket, head } = await ask(proxy.port, connectTo(target, 'X-To: retried\r\n'));
    expect(statusOf(head)).toBe(200);
    socket.end('hello');
    expect(String(await buffer(socket))).toBe('hello');
    expect(forward.seen).toMatchObject([{ target, headers: { host: target } }]);
  });

  it('takes a Host without the port, and clients of HTTP/1.0', async () => {
    for (const text of [
      `CONNECT ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
      `CONNECT ${target} HTTP/1.0\r\n\r\n`,
    ]) {
      const { socket } = await ask(proxy.port, text);
      socket.end('hello');
      expect(String(await buffer(socket))).toBe('hello');
    }
    expect(forward.seen).toMatchObject([{ headers: { host: target } }, { headers: { host: target } }]);
  });

  it('goes to servers of HTTP/2', async () => {
    const { socket, head } = await ask(proxy.port, connectTo(target, 'X-To: modern\r\n'));
    expect(statusOf(head)).toBe(200);
    socket.end('hello');
    expect(String(await buffer(socket))).toBe('hello');
    expect(modern.seen.at(-1)).toBe('CONNECT undefined');
    const before = modernClosed;
    expect(statusOf(await request(proxy.port, connectTo('b.test:1', 'X-To: modern\r\n'), 5000))).toBe(403);
    await until(() => modernClosed > before);
  });
});

describe('no tunnel', () => {
  it('is opened where the server refuses: what was sent early is no request', async () => {
    const early = 'GET /early HTTP/1.1\r\nHost: x\r\n\r\n';
    const answer = await request(proxy.port, connectTo('b.test:443') + early, 5000);
    expect(statusOf(answer)).toBe(403);
    expect(answer).toMatch(/Connection: close\r\n\r\nforbidden$/);
    expect(forward.seen).toMatchObject([{ method: 'CONNECT', target: 'b.test:443' }]);
  });

  it('is opened unless the frontend allows it', async () => {
    const early = 'GET /early HTTP/1.1\r\nHost: x\r\n\r\n';
    const answer = await request(closedPort, connectTo(target) + early, 5000);
    expect(statusOf(answer)).toBe(405);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(forward.seen).toEqual([]);
  });

  it('is what an answer of the proxy itself looks like', async () => {
    expect(statusOf(await request(proxy.port, connectTo('own.test:80'), 5000))).toBe(405);
    expect(statusOf(await request(proxy.port, connectTo('away.test:80'), 5000))).toBe(302);
  });

  it.each([
    ['a path', 'CONNECT /a HTTP/1.1\r\nHost: a.test:1\r\n\r\n'],
    ['a URL', 'CONNECT http://a.test:1/ HTTP/1.1\r\nHost: a.test:1\r\n\r\n'],
    ['no port', connectTo('a.test')],
    ['port 0', connectTo('a.test:0')],
    ['a port that is too large', connectTo('a.test:65536')],
    ['a user', connectTo('me@a.test:1')],
    ['another Host', 'CONNECT a.test:1 HTTP/1.1\r\nHost: b.test:1\r\n\r\n'],
    ['another port in Host', 'CONNECT a.test:1 HTTP/1.1\r\nHost: a.test:2\r\n\r\n'],
    ['a length', connectTo('a.test:1', 'Content-Length: 5\r\n')],
    ['chunks', connectTo('a.test:1', 'Transfer-Encoding: chunked\r\n')],
  ])('is opened for a target with %s', async (_what, text) => {
    expect(statusOf(await request(proxy.port, text, 5000))).toBe(400);
    expect(forward.seen).toEqual([]);
  });
});

describe('of HTTP/2', () => {
  async function tunnel(port: number, to: string, more: Record<string, string> = {}) {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    session.on('error', () => undefined);
    const stream = session.request({ ':method': 'CONNECT', ':authority': to, ...more }, { endStream: false });
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    return { stream, status: headers[':status'], [Symbol.dispose]: () => session.destroy() };
  }

  it.each(['forward', 'modern'])('a tunnel passes on all bytes, to servers that are %s', async (to) => {
    const bytes = randomBytes(300_000);
    using opened = await tunnel(proxy.port, target, { 'x-to': to });
    expect(opened.status).toBe(200);
    opened.stream.end(bytes);
    expect((await buffer(opened.stream)).equals(bytes)).toBe(true);
  });

  it('it is refused by servers, by frontends, and where the proxy answers', async () => {
    for (const [port, to, status] of [
      [proxy.port, 'b.test:443', 403],
      [closedPort, target, 405],
      [proxy.port, 'own.test:80', 405],
      [proxy.port, 'b.test', 400],
    ] as const) {
      using refused = await tunnel(port, to);
      expect(refused.status).toBe(status);
    }
  });
});

describe.skipIf(!haproxyIsThere())('HAProxy beside us', () => {
  let both: Balancer[];

  beforeAll(async () => {
    const file = folder.write(
      'connect.cfg',
      `defaults
    mode http
    timeout client 10s
    timeout server 10s
    timeout connect 5s
frontend f
    bind 127.0.0.1:"\${PORT}"
    acl tunnels method CONNECT
    http-request deny deny_status 410 if { hdr(x-deny) -m found } tunnels
    default_backend b
backend b
    server a 127.0.0.1:"\${FORWARD}"
`,
    );
    both = await startBalancers(['haproxy', 'veza-proxy'], file, { FORWARD: String(forward.port) });
    return async () => {
      for (const balancer of both) await balancer[Symbol.asyncDispose]();
    };
  });

  it('does the same', async () => {
    const [theirs, ours] = await Promise.all(
      both.map(async ({ port }) => {
        const { socket, head } = await ask(port, `${connectTo(target)}early`);
        socket.end(' and late');
        const refused = await ask(port, connectTo('b.test:443'));
        const denied = await ask(port, connectTo(target, 'X-Deny: 1\r\n'));
        // HAProxy keeps them.
        for (const each of [refused, denied]) each.socket.destroySoon();
        return [statusOf(head), String(await buffer(socket)), statusOf(refused.head), statusOf(denied.head)];
      }),
    );
    expect(theirs).toEqual([200, 'early and late', 403, 410]);
    expect(ours).toEqual(theirs);
  });
});
