// Streams of HTTP/2 beside all that looks into requests: plugins, the list of sessions, what was dropped, sticky cookies.
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../support/ports.ts';
import { Authority, CertificateFolder } from '../support/certificates.ts';
import { type RunningProxy, startProxy, until } from '../support/proxy.ts';
import { echoBackend } from '../support/tls-client.ts';

let folder: CertificateFolder;
let backend: { port: number; server: Server };
let proxy: RunningProxy;
let port: number;
let session: ClientHttp2Session;
let logFile: string;
let ca: Authority;
/** Lets the server answer the request that waits there. */
let answerNow = (): void => undefined;

const marking = `
export default {
  onRequest: ({ path }) => path === '/marked/denied'
    ? { action: 'stop', status: 451, body: 'not here' }
    : { action: 'modify', setHeaders: { 'X-Seen': 'yes' } },
  onResponse: () => ({ action: 'modify', setHeaders: { 'X-Back': 'yes' } }),
};`;

beforeAll(async () => {
  folder = new CertificateFolder();
  ca = await Authority.create();
  const leaf = await ca.issue({ names: ['a.test'] });
  const certificate = folder.write('a.pem', leaf.cert + leaf.key);
  const module = `${folder.path}/marking.mjs`;
  writeFileSync(module, marking);
  logFile = `${folder.path}/access.log`;
  backend = await echoBackend((request, response) => {
    request.resume();
    if (request.url === '/waits') answerNow = () => response.end('at last');
    else request.on('end', () => response.end(JSON.stringify({ url: request.url, headers: request.headers })));
  });
  port = await freePort();
  proxy = await startProxy((clear, control) => ({
    workers: 1,
    grace: '1s',
    log: { access: logFile },
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [
      {
        name: 'web',
        bind: [`127.0.0.1:${clear}`],
        tls: { bind: [`127.0.0.1:${port}`], certificates: [certificate] },
        rules: [{ pathPrefix: '/marked', plugins: [{ module }], backend: 'api' }],
        defaultBackend: 'api',
      },
    ],
    backends: [
      {
        name: 'api',
        cookie: { name: 'SERVERID', secure: 'auto' },
        servers: [{ name: 'a', address: '127.0.0.1', port: backend.port }],
      },
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

async function ask(path: string, body?: Buffer): Promise<{ headers: Record<string, unknown>; text: string }> {
  const stream = session.request(
    { ':path': path, ':method': body ? 'POST' : 'GET' },
    { endStream: body === undefined },
  );
  if (body) stream.end(body);
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
  let text = '';
  for await (const bytes of stream) text += String(bytes);
  return { headers, text };
}

describe('a stream', () => {
  it.each([undefined, Buffer.alloc(100_000)])('goes through plugins, both ways', async (body) => {
    const { headers, text } = await ask('/marked/x', body);
    expect(headers).toMatchObject({ ':status': 200, 'x-back': 'yes' });
    expect(JSON.parse(text)).toMatchObject({ url: '/marked/x', headers: { 'x-seen': 'yes' } });
  });

  it('is answered by a plugin', async () => {
    const { headers, text } = await ask('/marked/denied');
    expect(headers[':status']).toBe(451);
    expect(text).toBe('not here');
    await until(() => readFileSync(logFile, 'utf8').includes('"GET /marked/denied HTTP/2.0"'));
  });

  it('is listed while it lasts, with its server, and ends with its session', async () => {
    const waiting = ask('/waits');
    await until(async () => /fe=web be=api srv=a /.test(await proxy.command('show sess')));
    answerNow();
    expect((await waiting).text).toBe('at last');
    const [id = ''] = /\d+:127\.0\.0\.1:\d+/.exec(await proxy.command('show sess')) ?? [];
    const closed = once(session, 'close');
    await proxy.command(`shutdown session ${id}`);
    await closed;
  });

  it('that is no valid request is told of', async () => {
    expect((await ask('/a#b')).headers[':status']).toBe(400);
    await until(async () => (await proxy.command('show errors')).includes('web'));
  });

  it('gets a cookie for this server only, marked as secure', async () => {
    const { headers } = await ask('/');
    expect(String(headers['set-cookie'])).toMatch(/^SERVERID=a;.*; Secure/);
  });
});
