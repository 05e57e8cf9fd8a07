// TLS to servers: verified or not at all, with a certificate of our own where they want one, checked as the traffic is.
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { connect, createServer as createNetServer, type Server as NetServer } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { portOf } from '../../support/ports.ts';
import { Authority, CertificateFolder, type Issued } from '../support/certificates.ts';
import { request, type RunningProxy, startProxy, statusOf, until } from '../support/proxy.ts';
import { run } from '../support/tls-client.ts';
import { checkAll } from '../../../src/proxy/server/check-many.ts';
import { soundConfig } from '../../../src/proxy/server/config-source.ts';
import { proxyMain } from '../support/program.ts';

let folder: CertificateFolder;
let ca: Authority;
let server: Server;
let front: NetServer;
let port: number;
let proxy: RunningProxy;
let ours: Issued;
const resumed: boolean[] = [];
const introductions: string[] = [];

async function secureServer(leaf: Issued, clients: string): Promise<{ server: Server; port: number }> {
  const options = { cert: leaf.cert, key: leaf.key, ca: clients, requestCert: true, rejectUnauthorized: false };
  const found = createServer(options, (incoming, response) => {
    const { socket } = incoming;
    if (!(socket instanceof TLSSocket)) throw new Error('no TLS');
    response.setHeader('X-Client', /^CN=(.*)$/m.exec(socket.getPeerX509Certificate()?.subject ?? '')?.[1] ?? 'none');
    response.setHeader('X-Sni', String(socket.servername));
    response.end(`alpn ${String(socket.alpnProtocol)}`);
  });
  found.on('secureConnection', (socket) => resumed.push(socket.isSessionReused()));
  found.listen(0, '127.0.0.1');
  await once(found, 'listening');
  return { server: found, port: portOf(found) };
}

beforeAll(async () => {
  folder = new CertificateFolder();
  ca = await Authority.create();
  const other = await Authority.create('Other Authority');
  ours = await ca.issue({ names: [], subject: 'CN=veza', use: 'client' });
  ({ server, port } = await secureServer(await ca.issue({ names: ['api.internal'], ips: ['127.0.0.1'] }), ca.pem));
  front = createNetServer((socket) => {
    socket.once('data', (bytes: Buffer) => {
      socket.pause();
      introductions.push(bytes.toString('hex', 12, 20));
      if (bytes.length > 28) socket.unshift(bytes.subarray(28));
      server.emit('connection', socket);
    });
  }).listen(0, '127.0.0.1');
  await once(front, 'listening');
  const caFile = folder.write('ca.crt', ca.pem);
  const tls = { ca: caFile };
  const cert = { cert: folder.write('own.crt', ours.cert), key: folder.write('own.key', ours.key) };
  const at = (more: object = {}): object => ({ name: 'a', address: '127.0.0.1', port, ...more });
  const check = { inter: '200ms', downinter: '200ms', fastinter: '200ms', fall: 1, rise: 1 };
  const backends = {
    name: { tls: { ...tls, serverName: 'api.internal' } },
    address: { tls },
    own: { tls: { ...tls, ...cert } },
    intro: { tls, sendProxy: 'v2', servers: [at({ port: portOf(front) })] },
    insecure: { tls: { insecureSkipVerify: true } },
    stranger: { tls: { ca: folder.write('other.crt', other.pem) } },
    misnamed: { tls: { ...tls, serverName: 'other.internal' } },
    checked: { tls, check },
    checkedBadly: { tls: { ...tls, serverName: 'other.internal' }, check },
    checkedPlainly: { tls, check: { ...check, type: 'tcp', tls: false } },
  };
  proxy = await startProxy((clear, control) => ({
    workers: 1,
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [
      {
        name: 'web',
        bind: [`127.0.0.1:${clear}`],
        rules: Object.keys(backends).map((backend) => ({ path: `/${backend}`, backend })),
      },
    ],
    backends: Object.entries(backends).map(([name, more]) => ({
      name,
      hold: '100ms',
      retries: 1,
      servers: [at()],
      ...more,
    })),
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  server.close();
  front.close();
  folder[Symbol.dispose]();
});

function ask(backend: string): Promise<string> {
  return request(proxy.port, `GET /${backend} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, 5000);
}

describe('servers', () => {
  it.each([
    ['a name', 'name', 'X-Sni: api.internal'],
    ['their address, for which nothing is asked', 'address', 'X-Sni: false'],
    ['our own certificate, if there is one', 'own', 'X-Client: veza'],
    ['no verification, if that is wanted', 'insecure', 'X-Client: none'],
  ])('are met by %s', async (_what, backend, header) => {
    const answer = await ask(backend);
    expect(statusOf(answer)).toBe(200);
    expect(answer).toContain(header);
    expect(answer).toContain('alpn http/1.1');
  });

  it.each([
    ['somebody else vouches for them', 'stranger', /server stranger\/a: no TLS: (?:unable to|self-signed)/],
    ['they have another name', 'misnamed', /server misnamed\/a: no TLS: .*other\.internal/],
  ])('are not talked to when %s, and the log says so', async (_what, backend, reason) => {
    expect(statusOf(await ask(backend))).toBe(503);
    expect(proxy.log()).toMatch(reason);
  });

  it('are met again with the session of the last time', async () => {
    resumed.length = 0;
    for (let round = 0; round < 3; round += 1) {
      await request(
        proxy.port,
        'POST /own HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
        5000,
      );
    }
    expect(resumed.slice(-2)).toEqual([true, true]);
  });

  it('hear of the client before TLS begins', async () => {
    expect(statusOf(await ask('intro'))).toBe(200);
    // Version 2, PROXY, TCP over IPv4, 12 bytes, from 127.0.0.1.
    expect(introductions).toEqual(['2111000c7f000001']);
  });

  it('are checked as the traffic comes', async () => {
    const line = async (backend: string): Promise<string> =>
      (await proxy.command('show stat')).split('\n').find((row) => row.startsWith(`${backend},a,`)) ?? '';
    await until(async () => (await line('checkedBadly')).includes('DOWN'), 10_000);
    expect(await line('checkedBadly')).toContain('L6RSP');
    await until(async () => (await line('checked')).includes('L7OK'), 10_000);
    await until(async () => (await line('checkedPlainly')).includes('L4OK'), 10_000);
    expect(statusOf(await ask('checkedBadly'))).toBe(503);
    expect(statusOf(await ask('checked'))).toBe(200);
  });
});

describe('servers of mode tcp', () => {
  it('may speak what they want over TLS, and hear all of it', async () => {
    const leaf = await ca.issue({ names: [], ips: ['127.0.0.1'] });
    // It turns away whoever asks for HTTP.
    const echo = createTlsServer({ cert: leaf.cert, key: leaf.key, ALPNProtocols: ['mine'] }, (socket) => {
      socket.on('error', () => undefined);
      socket.pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const at = { name: 'a', address: '127.0.0.1', port: portOf(echo) };
    await using plain = await startProxy((clear) => ({
      workers: 1,
      frontends: [{ name: 'raw', mode: 'tcp', bind: [`127.0.0.1:${clear}`], defaultBackend: 'echo' }],
      backends: [{ name: 'echo', tls: { ca: `${folder.path}/ca.crt` }, servers: [at] }],
    }));
    const sent = Buffer.alloc(1_000_000, 'abcdefghij\n');
    const socket = connect({ port: plain.port, host: '127.0.0.1', allowHalfOpen: true });
    const pieces: Buffer[] = [];
    socket.on('data', (bytes: Buffer) => pieces.push(bytes));
    socket.end(sent);
    await once(socket, 'end');
    expect(Buffer.concat(pieces).equals(sent)).toBe(true);
    echo.close();
  });
});

describe('veza-proxy validate', () => {
  it('warns where nothing is verified', async () => {
    const { code, error, out } = await run(process.execPath, [proxyMain, 'validate', proxy.configFile]);
    expect([code, out.includes('is valid')]).toEqual([0, true]);
    expect(error).toMatch(/warning.*insecure-tls|insecure-tls/);
  });
});

describe('`veza-proxy check`', () => {
  const check = (...args: readonly string[]) => run(process.execPath, [proxyMain, 'check', ...args, proxy.configFile]);

  it('checks every server once, with the TLS of its backend', async () => {
    const { code, out } = await check();
    expect(code).toBe(2);
    expect(out).toMatch(/^checked\/a +ok +L7OK\/200 in \d+ ms/m);
    expect(out).toMatch(/^checkedBadly\/a +failed +L6\w+ in \d+ ms .*other\.internal/m);
    expect(out).toMatch(/^checkedPlainly\/a +ok +L4OK in/m);
    expect(out).toMatch(/^stranger\/a +has no check$/m);
  });

  it('trusts the well-known authorities where it is given nothing', async () => {
    const { config } = soundConfig(proxy.configFile);
    const wanted = config.backends.find(({ name }) => name === 'checked')?.servers[0]?.check;
    if (!wanted) throw new Error('no check');
    const [result] = await checkAll([{ check: { ...wanted, timeoutMs: 30_000 } }]);
    expect(result).toMatchObject({ passed: false, code: 'L6RSP' });
  });
});
