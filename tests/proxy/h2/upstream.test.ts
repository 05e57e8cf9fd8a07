// HTTP/2 to servers: what they get and what clients get back, with servers of Node.js that say what they saw.
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect, createServer as createHttp2, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, portOf } from '../../support/ports.ts';
import { firstStatus, type RunningProxy, request, startProxy, until } from '../support/proxy.ts';
import { answerOf, type StreamAnswer } from '../support/h2-client.ts';

let server: Http2Server;
let proxy: RunningProxy;
/** Sessions that were opened to the server. */
let sessions = 0;
/** Streams that were given up by the proxy. */
let cancelled = 0;

function serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, fields: readonly string[]): void {
  const url = new URL(String(headers[':path']), 'http://x');
  stream.on('error', () => undefined);
  stream.on('close', () => {
    if (stream.rstCode === 8) cancelled += 1;
  });
  switch (url.pathname) {
    case '/big':
      stream.respond({ ':status': 200 });
      stream.end(Buffer.alloc(Number(url.searchParams.get('size')), 'x'));
      return;
    case '/hints':
      stream.additionalHeaders({ ':status': 103, link: '</style.css>; rel=preload' });
      stream.respond({ ':status': 200 });
      stream.end('after hints');
      return;
    case '/trailers':
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-sum': '42' }));
      stream.end('body');
      return;
    case '/status':
      stream.respond({ ':status': Number(url.searchParams.get('code')) }, { endStream: true });
      return;
    case '/length':
      stream.respond({ ':status': 200, 'content-length': '5' }, { endStream: headers[':method'] === 'HEAD' });
      if (headers[':method'] !== 'HEAD') stream.end('12345');
      return;
    case '/early':
      stream.resume();
      stream.respond({ ':status': 413 });
      stream.end('too much');
      return;
    case '/events':
      stream.respond({ ':status': 200, 'content-type': 'text/event-stream' });
      return;
    case '/never':
      return;
    case '/echo':
      stream.respond({ ':status': 200 });
      stream.pipe(stream);
      return;
    default: {
      let length = 0;
      let trailers: unknown = {};
      if (headers.expect === '100-continue') stream.additionalHeaders({ ':status': 100 });
      stream.on('trailers', (given) => (trailers = { ...given }));
      stream.on('data', (bytes: Buffer) => (length += bytes.length));
      stream.on('end', () => {
        stream.respond({ ':status': 200, 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] });
        stream.end(JSON.stringify({ headers: { ...headers }, fields, length, trailers }));
      });
    }
  }
}

beforeAll(async () => {
  server = createHttp2({ settings: { maxConcurrentStreams: 10 } }).listen(0, '127.0.0.1');
  server.on('session', () => (sessions += 1));
  server.on('stream', (stream, headers, _flags, fields) => serve(stream, headers, fields));
  await once(server, 'listening');
  proxy = await startProxy((port, control) => ({
    workers: 1,
    grace: '2s',
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [{ name: 'web', bind: [`127.0.0.1:${port}`], http2: { clear: true }, defaultBackend: 'api' }],
    backends: [
      {
        name: 'api',
        http2: true,
        retries: 0,
        timeouts: { firstByte: '0' },
        servers: [{ name: 'a', address: '127.0.0.1', port: portOf(server) }],
      },
    ],
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  server.close();
});

interface Seen {
  readonly headers: Record<string, string>;
  readonly fields: readonly string[];
  readonly length: number;
  readonly trailers: Record<string, string>;
}

function asHttp1(path: string, head = '', body = '', method = 'GET'): Promise<string> {
  return request(proxy.port, `${method} ${path} HTTP/1.1\r\nHost: h.test\r\n${head}\r\n${body}`, 3000);
}

function seenBy(text: string): Seen {
  return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as Seen;
}

describe('a request of HTTP/1 to a server of HTTP/2', () => {
  it('has its method, target, host and headers, and none of a connection', async () => {
    const text = await asHttp1(
      '/a?b=c',
      'X-One: 1\r\nCookie: a=1; b=2\r\nTE: trailers\r\nKeep-Alive: 3\r\nConnection: close, X-Drop\r\nX-Drop: 1\r\n',
    );
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toMatch(/\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n/);
    const { headers, fields } = seenBy(text);
    expect(headers).toMatchObject({
      ':method': 'GET',
      ':path': '/a?b=c',
      ':authority': 'h.test',
      ':scheme': 'http',
      'x-one': '1',
      te: 'trailers',
      cookie: 'a=1; b=2',
      'x-forwarded-for': '127.0.0.1',
    });
    expect(fields.filter((name) => name === 'cookie')).toHaveLength(2);
    for (const name of ['host', 'connection', 'keep-alive', 'x-drop']) expect(headers).not.toHaveProperty(name);
  });

  it.each([
    ['with a length', 'Content-Length: 5\r\n', 'hello'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'],
  ])('has its body, %s', async (_what, head, body) => {
    const text = await asHttp1('/', `${head}Connection: close\r\n`, body, 'POST');
    expect(seenBy(text)).toMatchObject({ length: 5, headers: { ':method': 'POST' } });
    expect(seenBy(text).headers).not.toHaveProperty('transfer-encoding');
  });

  it('waits with its body for the 100 of the server', async () => {
    const socket = connectTcp({ port: proxy.port, host: '127.0.0.1' });
    let text = '';
    socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
    socket.write(
      'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n',
    );
    await until(() => text.includes('\r\n\r\n'));
    expect(text).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('late');
    await once(socket, 'close');
    expect(seenBy(text)).toMatchObject({ length: 4 });
  });

  it('has its trailers', async () => {
    const body = '1\r\nx\r\n0\r\nX-Check: 7\r\n\r\n';
    const text = await asHttp1('/', 'Transfer-Encoding: chunked\r\nConnection: close\r\n', body, 'POST');
    expect(seenBy(text)).toMatchObject({ length: 1, trailers: { 'x-check': '7' } });
  });

  it('may be large, and so may the response', async () => {
    const body = Buffer.alloc(3_000_000, 'y');
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const asked = httpRequest({ port: proxy.port, host: '127.0.0.1', method: 'POST', path: '/echo' }, (response) => {
      let length = 0;
      response.on('data', (bytes: Buffer) => (length += bytes.length));
      response.on('end', () => resolve(length));
      response.on('error', reject);
    });
    asked.end(body);
    expect(await promise).toBe(body.length);
    const text = await asHttp1('/big?size=2000000', 'Connection: close\r\n');
    expect(text.slice(text.indexOf('\r\n\r\n')).replaceAll(/[^x]/g, '')).toHaveLength(2_000_000);
  });
});

describe('a response of HTTP/2', () => {
  it('of HEAD, 204, 304 and an empty 200 is one that clients of HTTP/1 can tell the end of', async () => {
    const head = await asHttp1('/length', 'Connection: close\r\n', '', 'HEAD');
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*content-length: 5\r\n[^]*\r\n\r\n$/i);
    for (const code of [204, 304]) {
      const text = await asHttp1(`/status?code=${code}`, 'Connection: close\r\n');
      expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${code} `));
      expect(text).not.toMatch(/content-length|transfer-encoding/i);
    }
    expect(await asHttp1('/status?code=200', 'Connection: close\r\n')).toMatch(/\r\nContent-Length: 0\r\n/);
  });

  it('comes after hints, and with trailers', async () => {
    expect(await asHttp1('/hints', 'Connection: close\r\n')).toMatch(
      /^HTTP\/1\.1 103 Early Hints\r\nlink: [^]*\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*after hints/,
    );
    expect(await asHttp1('/trailers', 'TE: trailers\r\nConnection: close, TE\r\n')).toMatch(
      /body\r\n0\r\ngrpc-status: 0\r\nx-sum: 42\r\n\r\n$/,
    );
  });

  it.each(['GET', 'POST'])('to %s is told at once, also when its body comes later', async (method) => {
    const socket = connectTcp(proxy.port, '127.0.0.1');
    socket.write(`${method} /events HTTP/1.1\r\nHost: h.test\r\nContent-Length: 0\r\n\r\n`);
    expect(await firstStatus(socket, 5000)).toBe(200);
  });

  it('may be early, and the rest of the request is not sent', async () => {
    const text = await asHttp1('/early', 'Content-Length: 100000\r\n', 'begun', 'POST');
    expect(text).toMatch(/^HTTP\/1\.1 413 [^]*too much/);
    await until(() => cancelled > 0);
  });
});

describe('connections', () => {
  it('are shared by requests at once, as far as the server allows', async () => {
    const before = sessions;
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, at) => asHttp1(`/${at}`, 'Connection: close\r\n')),
    );
    for (const text of answers) expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(sessions - before).toBeLessThanOrEqual(4);
  });
});

describe('gRPC', () => {
  it('goes through from HTTP/2 to HTTP/2, with trailers and bytes before the request is complete', async () => {
    const session = connect(`http://127.0.0.1:${proxy.port}`);
    const stream = session.request({ ':method': 'POST', ':path': '/echo', te: 'trailers' });
    const answer: Promise<StreamAnswer> = answerOf(stream);
    stream.write('one');
    await once(stream, 'data');
    stream.end('two');
    expect(await answer).toMatchObject({ status: 200, text: 'onetwo', reset: 0 });
    expect(await answerOf(session.request({ ':path': '/trailers', te: 'trailers' }))).toMatchObject({
      text: 'body',
      trailers: { 'grpc-status': '0' },
    });
    session.close();
  });
});

it('a server that does not speak HTTP/2 is one that cannot be reached, and the log says why', async () => {
  const old = createServer((_incoming, response) => response.end('old')).listen(0, '127.0.0.1');
  await once(old, 'listening');
  const other = await freePort();
  await using wrong = await startProxy((port) => ({
    workers: 1,
    frontends: [{ name: 'web', bind: [`127.0.0.1:${port}`], defaultBackend: 'api' }],
    backends: [
      {
        name: 'api',
        http2: true,
        hold: '0',
        servers: [
          { name: 'a', address: '127.0.0.1', port: portOf(old) },
          { name: 'b', address: '127.0.0.1', port: other },
        ],
      },
    ],
  }));
  expect(await request(wrong.port, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n', 3000)).toMatch(
    /^HTTP\/1\.1 503 /,
  );
  await until(() => wrong.log().includes('server api/a: no HTTP/2'));
  old.closeAllConnections();
  old.close();
});
