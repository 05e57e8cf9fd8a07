// Servers of other makes that speak HTTP/2: nginx without and with TLS, and HAProxy. nginx ends each connection after a few
// requests, and all of them when it is reloaded: both by GOAWAY, under load, and no POST may be lost by that.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../support/ports.ts';
import { Authority, CertificateFolder } from '../support/certificates.ts';
import { ClosedLoad } from '../support/closed-load.ts';
import { type RunningProxy, request, startProxy, until } from '../support/proxy.ts';

const hasBoth = existsSync('/usr/sbin/nginx') && existsSync('/usr/sbin/haproxy');

async function listens(port: number): Promise<void> {
  await until(async () => {
    const socket = connect({ port, host: '127.0.0.1' });
    const outcome = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    return outcome;
  }, 20_000);
}

describe.skipIf(!hasBoth)('servers of other makes (needs nginx and haproxy)', () => {
  const folder = new CertificateFolder();
  const children: ChildProcess[] = [];
  let proxy: RunningProxy;
  let nginx: ChildProcess;

  beforeAll(async () => {
    const [clear, secure, haproxy] = [await freePort(), await freePort(), await freePort()];
    const ca = await Authority.create();
    const { cert, key } = await ca.issue({ names: ['a.test'] });
    const pem = folder.write('a.pem', cert + key);
    const own = (kind: string): string => `${kind}_temp_path ${folder.path}/${kind};`;
    const answer = 'location / { add_header X-Spoken $server_protocol; return 200 "answered by nginx"; }';
    const file = folder.write(
      'nginx.conf',
      `daemon off; pid ${folder.path}/pid; error_log stderr crit; worker_processes 1; events {}
      http { access_log off; keepalive_requests 40; ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(own).join(' ')}
        server { listen 127.0.0.1:${clear} http2; ${answer} }
        server { listen 127.0.0.1:${secure} ssl http2; ssl_certificate ${pem}; ssl_certificate_key ${pem}; ${answer} } }`,
    );
    nginx = spawn('/usr/sbin/nginx', ['-p', folder.path, '-c', file], { stdio: 'ignore' });
    writeFileSync(
      `${folder.path}/haproxy.cfg`,
      `defaults\n mode http\n timeout client 10s\n timeout server 10s\n timeout connect 1s\nfrontend f\n` +
        ` bind 127.0.0.1:${haproxy} proto h2\n http-request return status 200 content-type text/plain string haproxy\n`,
    );
    children.push(nginx, spawn('/usr/sbin/haproxy', ['-db', '-f', `${folder.path}/haproxy.cfg`], { stdio: 'ignore' }));
    const tls = { ca: folder.write('ca.crt', ca.pem), serverName: 'a.test' };
    const backends = [
      { name: 'clear', http2: true, servers: [{ name: 's', address: '127.0.0.1', port: clear }] },
      { name: 'secure', http2: true, tls, servers: [{ name: 's', address: '127.0.0.1', port: secure }] },
      { name: 'haproxy', http2: true, servers: [{ name: 's', address: '127.0.0.1', port: haproxy }] },
    ];
    proxy = await startProxy((port) => ({
      workers: 1,
      frontends: [
        {
          name: 'web',
          bind: [`127.0.0.1:${port}`],
          rules: backends.map(({ name }) => ({ host: name, backend: name })),
          defaultBackend: 'clear',
        },
      ],
      backends,
    }));
    await Promise.all([listens(clear), listens(haproxy)]);
  });

  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    for (const child of children) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    folder[Symbol.dispose]();
  });

  it.each([
    ['clear', /\r\nx-spoken: HTTP\/2\.0\r\n[^]*answered by nginx/],
    ['secure', /\r\nx-spoken: HTTP\/2\.0\r\n[^]*answered by nginx/],
    ['haproxy', /\r\n\r\nhaproxy$/],
  ])('%s: they answer', async (host, wanted) => {
    const body = 'b'.repeat(100_000);
    for (const text of [
      await request(proxy.port, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, 10_000),
      await request(
        proxy.port,
        `POST / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        10_000,
      ),
    ]) {
      expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(text).toMatch(wanted);
    }
  });

  it('nginx loses no POST when it ends connections, and none when it is reloaded', async () => {
    const load = new ClosedLoad(proxy.port, 16, true, [{ method: 'POST', body: 'b'.repeat(500) }]);
    for (let round = 1; round <= 4; round += 1) {
      await until(() => load.answered.length >= round * 200, 30_000);
      nginx.kill('SIGHUP');
    }
    await until(() => load.answered.length >= 1000, 30_000);
    await load.stop();
    expect(load.failed).toEqual([]);
  });
});
