// TLS for clients: what is offered, which certificate a name gets, and what servers hear of it, seen by OpenSSL and curl.
import type { Server } from 'node:http';
import { connect } from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../support/ports.ts';
import { Authority, CertificateFolder } from '../support/certificates.ts';
import { readAll, request, type RunningProxy, startProxy, until } from '../support/proxy.ts';
import { curl, echoBackend, get, sClient } from '../support/tls-client.ts';

let folder: CertificateFolder;
let ca: Authority;
let caFile: string;
let backend: { port: number; server: Server };
let proxy: RunningProxy;
let port: number;
let strictPort: number;
let proxiedPort: number;

beforeAll(async () => {
  folder = new CertificateFolder();
  ca = await Authority.create();
  caFile = folder.write('ca.crt', ca.pem);
  backend = await echoBackend();
  const first = await ca.issue({ names: ['a.test'] });
  const rsa = await ca.issue({ names: ['a.test'], kind: 'rsa' });
  const wild = await ca.issue({ names: ['*.wild.test', 'wild.test'] });
  const combined = folder.write('a.pem', first.cert + first.key);
  const cert = folder.write('wild.crt', wild.cert);
  const key = folder.write('wild.key', wild.key);
  [port, strictPort, proxiedPort] = [await freePort(), await freePort(), await freePort()];
  const certificates = [combined, folder.write('rsa.pem', rsa.cert + rsa.key), { cert, key }];
  proxy = await startProxy((clear) => ({
    workers: 2,
    frontends: [
      {
        name: 'web',
        bind: [`127.0.0.1:${clear}`],
        tls: { bind: [`127.0.0.1:${port}`], certificates, handshake: '2s' },
        rules: [
          { scheme: 'http', redirect: { scheme: 'https', port } },
          { sni: 'b.wild.test', respond: { status: 200, body: 'by name' } },
          { sni: '*.wild.test', backend: 'api' },
        ],
        defaultBackend: 'api',
        securityHeaders: {},
        requestHeaders: { set: { 'X-Tls': '${tls_version} ${tls_sni}', 'X-Subject': '${tls_client_subject}' } },
      },
      {
        name: 'strict',
        tls: {
          bind: [`127.0.0.1:${strictPort}`],
          certificates,
          strictSni: true,
          profile: 'modern',
          sessionTickets: false,
        },
        defaultBackend: 'api',
      },
      {
        name: 'proxied',
        tls: { bind: [`127.0.0.1:${proxiedPort}`], certificates },
        acceptProxy: ['127.0.0.1'],
        defaultBackend: 'api',
      },
    ],
    backends: [
      { name: 'api', cookie: { name: 'S' }, servers: [{ name: 'a', address: '127.0.0.1', port: backend.port }] },
    ],
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  backend.server.close();
  folder[Symbol.dispose]();
});

function subjectOf(text: string): string {
  return /subject=CN = (\S+)/.exec(text)?.[1] ?? '';
}

describe('what is offered', () => {
  it.each([
    ['TLS 1.3', ['-tls1_3'], /TLSv1\.3, Cipher is TLS_AES_/],
    ['TLS 1.2', ['-tls1_2'], /TLSv1\.2, Cipher is ECDHE-ECDSA-/],
    [
      'TLS 1.2 to a client without ECDSA',
      ['-tls1_2', '-cipher', 'ECDHE-RSA-AES128-GCM-SHA256'],
      /Cipher is ECDHE-RSA-AES128/,
    ],
    [
      'our order to a client with another',
      [
        '-tls1_2',
        '-cipher',
        'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256',
      ],
      /Cipher is ECDHE-ECDSA-AES128-GCM-SHA256/,
    ],
    [
      'ChaCha20 to a client that would rather have it (TLS 1.2)',
      ['-tls1_2', '-cipher', 'ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256'],
      /Cipher is ECDHE-ECDSA-CHACHA20/,
    ],
    [
      'ChaCha20 to a client that would rather have it (TLS 1.3)',
      ['-tls1_3', '-ciphersuites', 'TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256'],
      /Cipher is TLS_CHACHA20/,
    ],
    ['HTTP/2', ['-alpn', 'http/1.1,h2'], /ALPN protocol: h2/],
    ['HTTP/1.1 alone to who knows no other', ['-alpn', 'http/1.1'], /ALPN protocol: http\/1\.1/],
  ])('%s', async (_name, args, expected) => {
    expect(await sClient(port, ['-servername', 'a.test', ...args])).toMatch(expected);
  });

  it.each([
    ['TLS 1.1', ['-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0']],
    ['suites without forward secrecy', ['-tls1_2', '-cipher', 'AES128-GCM-SHA256']],
    ['suites with CBC', ['-tls1_2', '-cipher', 'ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA']],
    ['the exchange by finite fields', ['-tls1_2', '-cipher', 'DHE-RSA-AES128-GCM-SHA256']],
  ])('never %s', async (_name, args) => {
    expect(await sClient(port, ['-servername', 'a.test', ...args])).toMatch(/Cipher is \(NONE\)/);
  });

  it('exactly the suites of the profile over TLS 1.2', async () => {
    const all = tls.getCiphers().map((name) => name.toUpperCase());
    const accepted: string[] = [];
    for (const cipher of all.filter((name) => !name.startsWith('TLS_'))) {
      const socket = tls.connect({
        port,
        host: '127.0.0.1',
        ca: ca.pem,
        servername: 'a.test',
        maxVersion: 'TLSv1.2',
        ciphers: `${cipher}:@SECLEVEL=0`,
      });
      await new Promise<void>((resolve) => {
        socket.on('secureConnect', () => {
          accepted.push(cipher);
          resolve();
        });
        socket.on('error', () => resolve());
      });
      socket.destroy();
    }
    expect(accepted.sort()).toEqual([
      'ECDHE-ECDSA-AES128-GCM-SHA256',
      'ECDHE-ECDSA-AES256-GCM-SHA384',
      'ECDHE-ECDSA-CHACHA20-POLY1305',
      'ECDHE-RSA-AES128-GCM-SHA256',
      'ECDHE-RSA-AES256-GCM-SHA384',
      'ECDHE-RSA-CHACHA20-POLY1305',
    ]);
  });

  it('no renegotiation', async () => {
    const text = await sClient(port, ['-servername', 'a.test', '-tls1_2'], 'R\n');
    expect(text).toMatch(/RENEGOTIATING[\s\S]*(no renegotiation|unexpected|alert)/i);
  });

  it('TLS 1.3 alone in the modern profile', async () => {
    expect(await sClient(strictPort, ['-servername', 'a.test', '-tls1_2'])).toMatch(/Cipher is \(NONE\)/);
    expect(await sClient(strictPort, ['-servername', 'a.test', '-tls1_3'])).toMatch(/Cipher is TLS_/);
  });
});

describe('the certificate for a name', () => {
  it.each([
    ['a.test', 'a.test'],
    ['A.TEST', 'a.test'],
    ['b.wild.test', '*.wild.test'],
    ['wild.test', '*.wild.test'],
    ['c.b.wild.test', 'a.test'],
    ['unknown.test', 'a.test'],
  ])('%s is that of %s', async (name, subject) => {
    expect(subjectOf(await sClient(port, ['-servername', name]))).toBe(subject);
  });

  it('is the first where no name is asked for', async () => {
    expect(subjectOf(await sClient(port, ['-noservername']))).toBe('a.test');
  });

  it.each([
    ['an unknown name', ['-servername', 'unknown.test']],
    ['no name', ['-noservername']],
  ])('is none for %s where names are strict', async (_what, args) => {
    const answer = await sClient(strictPort, args, 'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
    expect(answer).not.toContain('HTTP/1.1 ');
  });
});

describe('requests', () => {
  it('are told to servers with what TLS says', async () => {
    const { text } = await get(
      { port, ca: ca.pem, servername: 'a.test' },
      '/x',
      'X-Subject: forged\r\nX-Forwarded-Proto: http\r\n',
    );
    expect(text).toMatch(/^HTTP\/1\.1 200/);
    expect(text).toMatch(/^set-cookie: S=a; path=\/; HttpOnly; Secure\r$/im);
    expect(text).toMatch(/^strict-transport-security: max-age=63072000/im);
    const { headers } = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as {
      headers: Record<string, string>;
    };
    expect(headers).toMatchObject({ 'x-forwarded-proto': 'https', 'x-tls': 'TLSv1.3 a.test' });
    expect(headers['x-subject']).toBeUndefined();
  });

  it('are routed by the name in the handshake', async () => {
    expect((await get({ port, ca: ca.pem, servername: 'b.wild.test' })).text).toContain('by name');
    expect((await get({ port, ca: ca.pem, servername: 'c.wild.test' })).text).toContain('"url":"/"');
  });

  it('without TLS are sent to the port with it', async () => {
    const { out } = await curl([
      '--location',
      '--cacert',
      caFile,
      '--resolve',
      `a.test:${port}:127.0.0.1`,
      '--resolve',
      `a.test:${proxy.port}:127.0.0.1`,
      '--write-out',
      '%{num_redirects} %{url_effective}',
      `http://a.test:${proxy.port}/y?z`,
    ]);
    expect(out).toContain(`1 https://a.test:${port}/y?z`);
  });

  it('large bodies go through both ways', async () => {
    const body = folder.write('large', 'x'.repeat(3_000_000));
    const { out, error } = await curl([
      '--cacert',
      caFile,
      '--http1.1',
      '--resolve',
      `a.test:${port}:127.0.0.1`,
      '--data-binary',
      `@${body}`,
      '--output',
      '/dev/null',
      '--write-out',
      '%{http_code} %{size_upload}',
      `https://a.test:${port}/`,
    ]);
    expect(error).toBe('');
    expect(out).toBe('200 3000000');
  });

  it('behind a balancer that speaks the PROXY protocol are those of its client', async () => {
    for (const early of [true, false]) {
      const raw = connect({ port: proxiedPort, host: '127.0.0.1' });
      raw.write('PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n');
      if (!early) await new Promise((resolve) => setTimeout(resolve, 50));
      const { text } = await get({ socket: raw, ca: ca.pem, servername: 'a.test' });
      expect(text).toContain('"x-forwarded-for":"203.0.113.7"');
    }
    const answer = await sClient(proxiedPort, ['-servername', 'a.test']);
    expect(answer).toMatch(/Cipher is \(NONE\)/);
  });
});

describe('what is no TLS', () => {
  it('is closed', async () => {
    expect(await request(port, 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n', 5000)).not.toContain('HTTP/1.1');
    expect((await get({ port, ca: ca.pem, servername: 'a.test' })).text).toMatch(/^HTTP\/1\.1 200/);
  });

  it('costs its connection only, and that not for long', async () => {
    const silent = Array.from({ length: 50 }, () => connect({ port, host: '127.0.0.1' }));
    const closed = silent.map((socket) => readAll(socket, 20_000));
    expect((await get({ port, ca: ca.pem, servername: 'a.test' })).text).toMatch(/^HTTP\/1\.1 200/);
    await Promise.all(closed);
    await until(() => silent.every((socket) => socket.destroyed));
  });
});
