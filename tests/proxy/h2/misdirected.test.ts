// Requests for a host whose certificate this connection does not have: 421, so that the client asks on another (RFC 9110).
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect } from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../support/ports.ts';
import { Authority, CertificateFolder } from '../support/certificates.ts';
import { type RunningProxy, startProxy, until } from '../support/proxy.ts';
import { curl, echoBackend } from '../support/tls-client.ts';

let folder: CertificateFolder;
let ca: Authority;
let backend: { port: number; server: Server };
let proxy: RunningProxy;
let port: number;

beforeAll(async () => {
  folder = new CertificateFolder();
  ca = await Authority.create();
  const certificates = await Promise.all(
    [
      ['a.test', 'www.a.test'],
      ['b.test', '*.b.test'],
      ['www.a.test', 'both.test'],
    ].map(async (names, index) => {
      const leaf = await ca.issue({ names });
      return folder.write(`${index}.pem`, leaf.cert + leaf.key);
    }),
  );
  backend = await echoBackend();
  port = await freePort();
  proxy = await startProxy((_clear, control) => ({
    workers: 1,
    grace: '1s',
    log: { access: 'stdout' },
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [{ name: 'web', tls: { bind: [`127.0.0.1:${port}`], certificates }, defaultBackend: 'api' }],
    backends: [{ name: 'api', servers: [{ name: 'a', address: '127.0.0.1', port: backend.port }] }],
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  backend.server.closeAllConnections();
  backend.server.close();
  folder[Symbol.dispose]();
});

/** Statuses of requests for these hosts over one connection to the name. */
async function ask(name: string, hosts: readonly string[]): Promise<number[]> {
  const servername = name === '' ? {} : { servername: name };
  const session = connect(`https://127.0.0.1:${port}`, {
    ca: ca.pem,
    checkServerIdentity: () => undefined,
    ...servername,
  });
  session.on('error', () => undefined);
  const found: number[] = [];
  for (const host of hosts) {
    const stream = session.request({ ':authority': host });
    stream.resume();
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    found.push(Number(headers[':status']));
  }
  session.destroy();
  return found;
}

describe('a connection to a name', () => {
  it.each([
    ['a.test', ['a.test', 'A.test', 'a.test:443', 'www.a.test'], [200, 200, 200, 200]],
    ['a.test', ['b.test', 'a.test', 'x.test', 'both.test', 'www.a.test'], [421, 200, 421, 421, 200]],
    ['x.b.test', ['y.b.test', 'b.test', 'y.y.b.test'], [200, 200, 421]],
    ['both.test', ['www.a.test', 'a.test'], [200, 421]],
    ['unknown.test', ['unknown.test', 'a.test', 'b.test'], [200, 200, 421]],
    ['', ['a.test', 'b.test', '127.0.0.1'], [200, 200, 200]],
  ])('%s takes requests for what its certificate covers: %s', async (name, hosts, statuses) => {
    expect(await ask(name, hosts)).toEqual(statuses);
  });

  it('says what it is to the client and to the log', async () => {
    const at = ['--resolve', `a.test:${port}:127.0.0.1`, '--insecure', '--header', 'Host: b.test'];
    const { out } = await curl([...at, `https://a.test:${port}/where`]);
    expect(out).toBe('421 Misdirected Request\n');
    await until(() => / 421 0 - - PR-- .*"GET \/where HTTP\/2\.0"/.test(proxy.log()));
  });

  it('of HTTP/1 has one host as before', async () => {
    const at = ['--resolve', `a.test:${port}:127.0.0.1`, '--insecure', '--http1.1', '--output', '/dev/null'];
    const { out } = await curl([
      ...at,
      '--header',
      'Host: b.test',
      '--write-out',
      '%{http_code}',
      `https://a.test:${port}`,
    ]);
    expect(out).toBe('200');
  });
});
