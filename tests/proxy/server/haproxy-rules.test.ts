// Rules that mean the same, written for HAProxy and for us: both have the same outcome.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../support/ports.ts';
import { haproxyIsThere } from '../support/balancers.ts';
import { request, type RunningProxy, startProxy, statusOf, until } from '../support/proxy.ts';
import { echoBackend } from '../support/tls-client.ts';

interface Seen {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

describe.skipIf(!haproxyIsThere())('rules of ours and of HAProxy', () => {
  let backend: Awaited<ReturnType<typeof echoBackend>>;
  let reference: ChildProcess;
  let ours: RunningProxy;
  let port: number;
  const folder = mkdtempSync(join(tmpdir(), 'veza-haproxy-'));

  beforeAll(async () => {
    backend = await echoBackend();
    port = await freePort();
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(
      file,
      `defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:${port}
  http-request deny if { path_beg /deny/ }
  http-request redirect location https://l.example.org/x code 303 if { path /location }
  http-request redirect prefix https://p.example.org/y code 301 if { path_beg /prefix }
  http-request redirect prefix /local drop-query code 302 if { path_beg /drop }
  http-request redirect scheme https code 308 if { hdr(host) -i secure.example.org }
  http-request set-header X-Set %[method] if { path_beg /edit }
  http-request del-header X-Gone if { path_beg /edit }
  http-request replace-path ^/old/(.*)$ /new/\\1
  use_backend b if { path_reg ^/v[0-9]+/ }
  use_backend b if { hdr_end(host) -i .wild.example.org }
  default_backend b
backend b
  server s 127.0.0.1:${backend.port}
`,
    );
    reference = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' });
    ours = await startProxy((front) => ({
      workers: 1,
      frontends: [
        {
          name: 'f',
          bind: [`127.0.0.1:${front}`],
          defaultBackend: 'b',
          forwardFor: false,
          rules: [
            { pathPrefix: '/deny', respond: { status: 403 } },
            { path: '/location', redirect: { location: 'https://l.example.org/x', code: 303 } },
            { pathPrefix: '/prefix', redirect: { prefix: 'https://p.example.org/y', code: 301 } },
            { pathPrefix: '/drop', redirect: { prefix: '/local', dropQuery: true } },
            { host: 'secure.example.org', redirect: { scheme: 'https', code: 308 } },
            {
              pathPrefix: '/edit',
              requestHeaders: { set: { 'X-Set': '${method}' }, remove: ['X-Gone'] },
              backend: 'b',
            },
            { pathPrefix: '/old', rewrite: { regex: { pattern: '^/old/(.*)$', to: '/new/$1' } }, backend: 'b' },
          ],
        },
      ],
      backends: [{ name: 'b', servers: [{ name: 's', address: '127.0.0.1', port: backend.port }] }],
    }));
    await until(async () => statusOf(await request(port, 'GET / HTTP/1.0\r\n\r\n')) === 200);
  });

  afterAll(async () => {
    await ours[Symbol.asyncDispose]();
    reference.kill();
    backend.server.closeAllConnections();
    backend.server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['GET /deny/x', 'x', ''],
    ['GET /location?a', 'x', ''],
    ['POST /prefix/a/b?c=d', 'x', 'Content-Length: 0\r\n'],
    ['GET /drop?c=d', 'x', ''],
    ['GET /a?b', 'secure.example.org', ''],
    ['GET /a?b', 'SECURE.example.org', ''],
    ['GET /edit/x', 'x', 'X-Gone: 1\r\nX-Set: 2\r\n'],
    ['GET /old/a/b?c=/old/', 'x', ''],
    ['GET /older/a', 'x', ''],
  ])('%s on %s has the same outcome', async (line, host, headers) => {
    const outcome = async (at: number): Promise<object> => {
      const text = await request(at, `${line} HTTP/1.1\r\nHost: ${host}\r\n${headers}Connection: close\r\n\r\n`);
      const body = text.slice(text.indexOf('\r\n\r\n') + 4);
      const seen =
        statusOf(text) === 200
          ? (JSON.parse(body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1)) as Seen)
          : undefined;
      const named = { ...seen?.headers, connection: undefined };
      return { status: statusOf(text), location: /^location: (.*)\r$/im.exec(text)?.[1], url: seen?.url, named };
    };
    expect(await outcome(ours.port)).toEqual(await outcome(port));
  });
});
