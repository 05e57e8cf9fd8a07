// What goes wrong between the proxy and a server of HTTP/2: what is surely not executed is repeated whatever it is, other
// things by the rules of their method, and nothing that broke looks complete.
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { portOf } from '../../support/ports.ts';
import { answerOf } from '../support/h2-client.ts';
import { H2Server, reset, respond } from '../support/h2-server.ts';
import { type RunningProxy, request, sleep, startProxy, until } from '../support/proxy.ts';

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants;
/** How streams are reset in the middle of a body. */
const cutBy: Readonly<Record<string, number>> = {
  '/cut/reset': NGHTTP2_INTERNAL_ERROR,
  '/cut/cancel': NGHTTP2_CANCEL,
  '/cut/no-error': NGHTTP2_NO_ERROR,
};

let good: H2Server;
let bad: H2Server;
let mute: Server;
let proxy: RunningProxy;
const muted: Socket[] = [];

beforeAll(async () => {
  good = await H2Server.start((stream, headers) => {
    // What comes in between is complete before the answer.
    stream.resume();
    stream.on('end', () => respond(stream, `good ${String(headers[':method'])}`));
  });
  bad = await H2Server.start((stream, headers, at) => {
    const path = String(headers[':path']);
    if (path.startsWith('/refuse')) stream.close(NGHTTP2_REFUSED_STREAM);
    else if (path.startsWith('/goaway')) {
      if (at.seen.filter((each) => each.endsWith(path)).length > 1) respond(stream, 'second time');
      else if (path.startsWith('/goaway/first')) {
        // The one before was begun, this one not.
        stream.session?.goaway(0, Number(stream.id) - 2);
      }
    } else if (path.startsWith('/reset')) stream.close(NGHTTP2_INTERNAL_ERROR);
    else if (path.startsWith('/slow')) setTimeout(() => respond(stream, 'slow'), 300);
    else if (path.startsWith('/cut')) {
      stream.respond({ ':status': 200 });
      stream.write(Buffer.alloc(50_000, 'x'));
      setTimeout(() => {
        if (path === '/cut/connection') stream.session?.destroy();
        else reset(stream, cutBy[path] ?? NGHTTP2_INTERNAL_ERROR);
      }, 100);
    } else if (path === '/last') {
      // A whole response, and then the connection is gone.
      stream.respond({ ':status': 200, 'content-length': '60000' });
      stream.end(Buffer.alloc(60_000, 'y'));
      stream.on('close', () => setTimeout(() => at.sessions.forEach((session) => session.destroy()), 100));
    } else respond(stream, 'bad answers');
  });
  // Takes connections and says its settings, but nothing more.
  mute = createServer((socket) => {
    muted.push(socket);
    socket.on('error', () => undefined);
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    socket.resume();
  }).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const server = (name: string, port: number, more: object = {}): object => ({
    name,
    address: '127.0.0.1',
    port,
    ...more,
  });
  proxy = await startProxy((port, control) => ({
    workers: 1,
    grace: '1s',
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [
      {
        name: 'web',
        bind: [`127.0.0.1:${port}`],
        http2: { clear: true },
        rules: [
          { host: 'two', backend: 'two' },
          { host: 'alone', backend: 'alone' },
          { host: 'mute', backend: 'mute' },
          { host: 'narrow', backend: 'narrow' },
        ],
      },
    ],
    backends: [
      {
        name: 'two',
        http2: true,
        balance: 'first',
        timeouts: { firstByte: '0' },
        servers: [server('bad', bad.port), server('good', good.port)],
      },
      { name: 'alone', http2: true, hold: '0', timeouts: { firstByte: '0' }, servers: [server('bad', bad.port)] },
      {
        name: 'mute',
        http2: true,
        balance: 'first',
        timeouts: { firstByte: '200ms', server: '2s' },
        servers: [server('mute', portOf(mute)), server('good', good.port)],
      },
      {
        name: 'narrow',
        http2: true,
        timeouts: { firstByte: '0', queue: '20s' },
        servers: [server('bad', bad.port, { maxconn: 2 })],
      },
    ],
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await Promise.all([good[Symbol.asyncDispose](), bad[Symbol.asyncDispose]()]);
  for (const socket of muted) socket.destroy();
  mute.close();
});

function ask(host: string, path: string, method = 'GET', body = ''): Promise<string> {
  const length = method === 'GET' ? '' : `Content-Length: ${body.length}\r\n`;
  return request(
    proxy.port,
    `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${length}\r\n${body}`,
    20_000,
  );
}

describe('a request that the server refused', () => {
  it.each(['GET', 'POST'])('is sent to another one: %s', async (method) => {
    const text = await ask('two', '/refuse', method, method === 'POST' ? 'body' : '');
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 200 [^]*good ${method}`));
    expect(bad.seen.at(-1)).toBe(`${method} /refuse`);
  });

  it('is answered with 503 where there is no other', async () => {
    expect(await ask('alone', '/refuse', 'POST', 'body')).toMatch(/^HTTP\/1\.1 503 /);
  });
});

describe('GOAWAY', () => {
  it('that leaves a request out makes it come again, whatever it is', async () => {
    const first = ask('alone', '/slow?goaway');
    await until(() => bad.seen.includes('GET /slow?goaway'));
    const connections = bad.connections;
    expect(await ask('alone', '/goaway/first', 'POST', 'body')).toMatch(/^HTTP\/1\.1 200 [^]*second time/);
    expect(bad.connections).toBe(connections + 1);
    expect(await first).toMatch(/^HTTP\/1\.1 200 [^]*slow/);
  });

  it('lets what was begun end, and the next request has another connection', async () => {
    const first = ask('alone', '/slow?graceful', 'POST', 'x');
    await until(() => bad.seen.includes('POST /slow?graceful'));
    const connections = bad.connections;
    for (const session of bad.sessions) session.close();
    expect(await ask('alone', '/next', 'POST', 'y')).toMatch(/^HTTP\/1\.1 200 [^]*bad answers/);
    expect(await first).toMatch(/^HTTP\/1\.1 200 [^]*slow/);
    expect(bad.connections).toBe(connections + 1);
  });
});

describe('a response that breaks', () => {
  it('before its head is tried elsewhere only where the method allows it', async () => {
    expect(await ask('two', '/reset')).toMatch(/^HTTP\/1\.1 200 [^]*good GET/);
    const posts = (): number => bad.seen.filter((each) => each === 'POST /reset').length;
    expect(await ask('two', '/reset', 'POST', 'x')).toMatch(/^HTTP\/1\.1 502 /);
    expect(posts()).toBe(1);
  });

  it.each([...Object.keys(cutBy), '/cut/connection'])('in its body does not look complete: %s', async (path) => {
    const text = await ask('alone', path);
    expect(text.slice(0, 12)).toBe('HTTP/1.1 200');
    expect(text.endsWith('\r\n0\r\n\r\n')).toBe(false);
  });
});

it('a response that came to its end is delivered though its connection is gone and the client slow', async () => {
  // It takes so little at once that most of the response waits in the proxy.
  const session = connect(`http://127.0.0.1:${proxy.port}`, { settings: { initialWindowSize: 1000 } });
  const stream = session.request({ ':path': '/last', ':authority': 'alone' });
  await once(stream, 'response');
  await until(() => bad.sessions.size === 0, 20_000);
  expect((await answerOf(stream)).text).toHaveLength(60_000);
  session.close();
});

it('where a server is silent another one answers, and a connection on which no PING is answered is given up', async () => {
  expect(await ask('mute', '/')).toMatch(/^HTTP\/1\.1 200 [^]*good GET/);
  await until(() => muted.length > 0 && muted.every(({ destroyed }) => destroyed), 20_000);
});

it('`maxconn` of a server counts requests, however many a connection takes', async () => {
  const before = bad.seen.length;
  const asked = Array.from({ length: 6 }, () => ask('narrow', '/slow'));
  await until(() => bad.seen.length > before);
  await sleep(100);
  expect(bad.seen.length - before).toBeLessThanOrEqual(2);
  for (const text of await Promise.all(asked)) expect(text).toMatch(/^HTTP\/1\.1 200 [^]*slow/);
});

it('connections that nobody needs are closed', async () => {
  await ask('alone', '/');
  await until(() => bad.sessions.size === 0, 20_000);
});

it('`shutdown sessions server` ends requests there, and closes its connections', async () => {
  const asked = ask('alone', '/slow?shutdown', 'POST', 'x');
  await until(() => bad.seen.includes('POST /slow?shutdown'));
  await proxy.command('shutdown sessions server alone/bad');
  expect(await asked).toMatch(/^HTTP\/1\.1 502 /);
  await until(() => bad.sessions.size === 0);
});
