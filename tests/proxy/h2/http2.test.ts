// HTTP/2 for clients: every stream is a request like any other, seen by curl, by h2load and by Node's own client.
import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../support/ports.ts';
import { Authority, CertificateFolder } from '../support/certificates.ts';
import { answerOf, type StreamAnswer } from '../support/h2-client.ts';
import { type RunningProxy, sleep, startProxy, until } from '../support/proxy.ts';
import { curl, echoBackend, run } from '../support/tls-client.ts';

let folder: CertificateFolder;
let ca: Authority;
let caFile: string;
let backend: { port: number; server: Server };
let proxy: RunningProxy;
let port: number;
let session: ClientHttp2Session;
let logFile: string;
/** Requests that were given up at the backend before they were answered. */
let givenUp = 0;
let seen = 0;

function serve(request: IncomingMessage, response: ServerResponse): void {
  seen += 1;
  const url = new URL(request.url ?? '/', 'http://x');
  const size = Number(url.searchParams.get('size') ?? 0);
  response.on('close', () => {
    if (!response.writableFinished) givenUp += 1;
  });
  switch (url.pathname) {
    case '/never':
      return;
    case '/big':
      response.end(Buffer.alloc(size, 'x'));
      return;
    case '/early':
      response.writeHead(413).end('too much');
      return;
    case '/hints':
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      response.end('after hints');
      return;
    case '/trailers':
      response.writeHead(200, { Trailer: 'X-Sum' });
      response.write('body');
      response.addTrailers({ 'X-Sum': '42' });
      response.end();
      return;
    case '/cut':
      response.writeHead(200, url.search === '' ? { 'Content-Length': '100000' } : {});
      response.write(Buffer.alloc(50_000));
      setTimeout(() => response.destroy(), 50);
      return;
    case '/status':
      response.writeHead(Number(url.searchParams.get('code'))).end();
      return;
    default: {
      let length = 0;
      request.on('data', (bytes: Buffer) => (length += bytes.length));
      request.on('end', () => {
        response.setHeader('Set-Cookie', ['a=1', 'b=2']);
        response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, length }));
      });
    }
  }
}

beforeAll(async () => {
  folder = new CertificateFolder();
  ca = await Authority.create();
  caFile = folder.write('ca.crt', ca.pem);
  logFile = `${folder.path}/access.log`;
  const leaf = await ca.issue({ names: ['a.test'] });
  const combined = folder.write('a.pem', leaf.cert + leaf.key);
  backend = await echoBackend(serve);
  port = await freePort();
  proxy = await startProxy((clear, control) => ({
    workers: 1,
    grace: '2s',
    log: { access: logFile },
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [
      {
        name: 'web',
        bind: [`127.0.0.1:${clear}`],
        tls: { bind: [`127.0.0.1:${port}`], certificates: [combined] },
        http2: { clear: true },
        rules: [
          { path: '/own', respond: { status: 200, body: 'answered here' } },
          { pathPrefix: '/zipped', compression: { minBytes: 10 }, backend: 'api' },
          { path: '/nowhere', backend: 'nobody' },
        ],
        defaultBackend: 'api',
      },
    ],
    backends: [
      { name: 'api', retries: 0, servers: [{ name: 'a', address: '127.0.0.1', port: backend.port }] },
      { name: 'nobody', hold: '0', retries: 0, servers: [{ name: 'n', address: '127.0.0.1', port: 1 }] },
    ],
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  backend.server.closeAllConnections();
  backend.server.close();
  folder[Symbol.dispose]();
});

beforeEach(async () => {
  session = connect(`https://a.test:${port}`, { host: '127.0.0.1', port, ca: ca.pem, servername: 'a.test' });
  session.on('error', () => undefined);
  await once(session, 'connect');
});

afterEach(() => session.destroy());

function ask(headers: Record<string, string>, body?: Buffer): Promise<StreamAnswer> {
  const stream = session.request({ ':path': '/', ...headers }, { endStream: body === undefined });
  if (body) stream.end(body);
  return answerOf(stream);
}

describe('a stream', () => {
  it('is a request to servers, with all its headers', async () => {
    const answer = await ask({ ':path': '/x?y', cookie: 'c=1', 'x-a': 'b' });
    expect(answer.status).toBe(200);
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(answer.headers['connection']).toBeUndefined();
    const got = JSON.parse(answer.text) as { headers: Record<string, string>; url: string };
    expect(got).toMatchObject({ url: '/x?y', headers: { host: `a.test:${port}`, cookie: 'c=1', 'x-a': 'b' } });
    expect(got.headers['x-forwarded-proto']).toBe('https');
  });

  it.each([
    ['of a known length', { 'content-length': '200000' }],
    ['of an unknown one', {}],
  ])('may have a body %s', async (_what, headers) => {
    const answer = await ask({ ':method': 'POST', ...headers }, Buffer.alloc(200_000));
    expect(JSON.parse(answer.text)).toMatchObject({ method: 'POST', length: 200_000 });
  });

  it('with HEAD, 204 or 304 has no body', async () => {
    expect(await ask({ ':method': 'HEAD', ':path': '/big?size=1000' })).toMatchObject({
      status: 200,
      text: '',
      reset: 0,
    });
    expect(await ask({ ':path': '/status?code=204' })).toMatchObject({ status: 204, text: '', reset: 0 });
    expect(await ask({ ':path': '/status?code=304' })).toMatchObject({ status: 304, text: '', reset: 0 });
  });

  it('hears hints before the response, and 100 Continue when it waits for that', async () => {
    expect(await ask({ ':path': '/hints' })).toMatchObject({ informational: [103], text: 'after hints' });
    const stream = session.request({ ':path': '/', ':method': 'POST', expect: '100-continue' }, { endStream: false });
    stream.on('continue', () => stream.end('late'));
    expect(JSON.parse((await answerOf(stream)).text)).toMatchObject({ length: 4 });
  });

  it('gets trailers if it wants them', async () => {
    expect(await ask({ ':path': '/trailers', te: 'trailers' })).toMatchObject({
      text: 'body',
      trailers: { 'x-sum': '42' },
    });
    expect(await ask({ ':path': '/trailers' })).toMatchObject({ text: 'body', trailers: {}, reset: 0 });
    expect(await ask({ ':path': '/own', te: 'trailers' })).toMatchObject({
      status: 200,
      text: 'answered here',
      reset: 0,
    });
  });

  it('is answered by rules, compressed, refused and told of failures as any request is', async () => {
    expect(await ask({ ':path': '/own' })).toMatchObject({ status: 200, text: 'answered here' });
    expect((await ask({ ':path': '/zipped/x', 'accept-encoding': 'gzip' })).status).toBe(200);
    expect(await ask({ ':path': '/nowhere' })).toMatchObject({ status: 503 });
    expect(await ask({ ':path': '/a#b' })).toMatchObject({ status: 400, reset: 0 });
    expect(await ask({ ':path': `/${'x'.repeat(9000)}` })).toMatchObject({ status: 414 });
    expect(await ask({ ':authority': 'a.test', host: 'b.test' })).toMatchObject({ status: 400 });
    await until(() => readFileSync(logFile, 'utf8').includes('"GET /nowhere HTTP/2.0"'));
  });

  it('is answered before its body is complete', async () => {
    const stream = session.request({ ':path': '/early', ':method': 'POST' }, { endStream: false });
    stream.write(Buffer.alloc(10));
    expect(await answerOf(stream)).toMatchObject({ status: 413, text: 'too much', reset: constants.NGHTTP2_NO_ERROR });
  });

  it('is reset when its server breaks in the middle', async () => {
    for (const path of ['/cut', '/cut?chunked']) {
      expect(await ask({ ':path': path })).toMatchObject({ status: 200, reset: constants.NGHTTP2_INTERNAL_ERROR });
    }
    expect((await ask({ ':path': '/own' })).status).toBe(200);
  });

  it('that is reset ends at the server too', async () => {
    const before = givenUp;
    const stream = session.request({ ':path': '/never' });
    stream.on('error', () => undefined);
    const came = seen;
    await until(() => seen > came);
    stream.close(constants.NGHTTP2_CANCEL);
    await until(() => givenUp > before);
  });

  it('whose reader is slow slows its server only', async () => {
    const slow = session.request({ ':path': '/big?size=50000000' });
    slow.pause();
    await once(slow, 'response');
    expect(JSON.parse((await ask({})).text)).toMatchObject({ url: '/' });
    await sleep(300);
    let size = 0;
    slow.on('data', (bytes: Buffer) => (size += bytes.length));
    slow.resume();
    await once(slow, 'end');
    expect(size).toBe(50_000_000);
  });
});

describe('clients of other makes', () => {
  it('curl', async () => {
    const at = ['--resolve', `a.test:${port}:127.0.0.1`, '--cacert', caFile, '--http2'];
    const { out } = await curl([...at, '--write-out', ' %{http_version} %{http_code}', `https://a.test:${port}/own`]);
    expect(out).toBe('answered here 2 200');
  });

  it('curl without TLS, if it knows', async () => {
    const { out } = await curl([
      '--http2-prior-knowledge',
      '--write-out',
      ' %{http_version}',
      `http://127.0.0.1:${proxy.port}/own`,
    ]);
    expect(out).toBe('answered here 2');
    const plain = await curl(['--write-out', ' %{http_version}', `http://127.0.0.1:${proxy.port}/own`]);
    expect(plain.out).toBe('answered here 1.1');
  });

  it('h2load', async () => {
    const { out } = await run('h2load', [
      ...'-n 3000 -c 10 -m 20'.split(' '),
      `https://127.0.0.1:${port}/big?size=2000`,
    ]);
    expect(out).toMatch(/3000 succeeded, 0 failed, 0 errored, 0 timeout/);
    expect(out).toMatch(/3000 2xx/);
  });
});

describe('a connection', () => {
  it('has a limit of streams at once, and keeps it', async () => {
    if (session.remoteSettings.maxHeaderListSize !== 16_384) await once(session, 'remoteSettings');
    expect(session.remoteSettings.maxConcurrentStreams).toBe(100);
    expect(session.remoteSettings.maxHeaderListSize).toBe(16_384);
  });

  it('ends by GOAWAY when the proxy stops, after what is under way', async () => {
    const slow = session.request({ ':path': '/big?size=3000000' });
    slow.pause();
    await once(slow, 'response');
    let goaway = -1;
    session.on('goaway', (reason: number) => (goaway = reason));
    proxy.process.kill('SIGTERM');
    await until(() => goaway === constants.NGHTTP2_NO_ERROR);
    let size = 0;
    slow.on('data', (bytes: Buffer) => (size += bytes.length));
    slow.resume();
    await once(slow, 'end');
    expect(size).toBe(3_000_000);
    await until(() => session.destroyed);
  });
});
