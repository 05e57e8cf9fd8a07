// The times in the access log, from handshakes to the last byte, of the same requests under HAProxy and under veza-proxy. Only
// what a client waits for on purpose is sure to be there: times are judged by that, and by how they add up.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, portOf } from '../../support/ports.ts';
import { type Balancer, haproxyIsThere, startBalancer } from '../support/balancers.ts';
import { Authority, CertificateFolder } from '../support/certificates.ts';
import { LogLines } from '../support/log-lines.ts';
import { sleep, until } from '../support/proxy.ts';

const available = haproxyIsThere();
const pauseMs = 300;
/** A program that has much to do sees a part of a pause. */
const seenMs = pauseMs / 2;
let folder: CertificateFolder;
let file = '';
let server: Server;

beforeAll(async () => {
  folder = new CertificateFolder();
  const authority = await Authority.create();
  const { cert, key } = await authority.issue({ names: ['x.test'] });
  const certificate = folder.write('site.pem', `${cert}${authority.pem}${key}`);
  server = createServer((_incoming, response) => {
    setTimeout(() => {
      response.writeHead(200, { 'Content-Length': 4 }).write('ab');
      setTimeout(() => response.end('cd'), pauseMs);
    }, pauseMs);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  file = join(folder.path, 'haproxy.cfg');
  writeFileSync(
    file,
    `global
    log "127.0.0.1:\${LOG_PORT}" local0
defaults
    mode http
    log global
    timeout connect 4s
    timeout client 20s
    timeout server 20s
    log-format "%HM %HU %Th %Ti %TR %Tq %Tr %Td %Ta %Tt"
    default_backend b
frontend web
    bind "127.0.0.1:\${PORT}"
    bind "127.0.0.1:\${TLS_PORT}" ssl crt ${certificate}
frontend proxied
    bind "127.0.0.1:\${PROXIED}" accept-proxy
backend b
    server s 127.0.0.1:${portOf(server)}
`,
  );
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
  folder[Symbol.dispose]();
});

/** Sends a request in pieces with pauses between; resolves when the answer is there. */
async function ask(socket: Socket, ...pieces: readonly string[]): Promise<void> {
  let got = '';
  const take = (bytes: Buffer): void => void (got += bytes.toString());
  socket.on('data', take);
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) await sleep(pauseMs);
    socket.write(piece);
  }
  await until(() => got.endsWith('abcd'));
  socket.off('data', take);
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x.test\r\n\r\n`;

async function visit({ port, tlsPort }: Balancer, proxiedPort: number): Promise<void> {
  // All that is loaded with the first request is there for the others.
  const first = connect(port, '127.0.0.1');
  await ask(first, get('/first'));
  first.destroy();
  const clear = connect(port, '127.0.0.1');
  await once(clear, 'connect');
  await sleep(pauseMs);
  await ask(clear, 'GET /slow HTTP/1.1\r\n', 'Host: x.test\r\n\r\n');
  await sleep(pauseMs);
  await ask(clear, get('/again'));
  await ask(clear, get('/at-once'));
  clear.destroy();
  const raw = connect(tlsPort, '127.0.0.1');
  await once(raw, 'connect');
  await sleep(pauseMs);
  const secured = connectTls({ socket: raw, servername: 'x.test', rejectUnauthorized: false });
  await once(secured, 'secureConnect');
  await sleep(pauseMs);
  await ask(secured, get('/tls'));
  await ask(secured, get('/tls-again'));
  secured.destroy();
  const proxied = connect(proxiedPort, '127.0.0.1');
  await once(proxied, 'connect');
  await sleep(pauseMs);
  await ask(proxied, 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n', get('/proxied'));
  proxied.destroy();
}

/** Which of the times hold a pause; `handshake` and `idle` of others may be anything short, but not less than nothing. */
const expected: Readonly<Record<string, readonly ('Th' | 'Ti' | 'TR')[]>> = {
  '/slow': ['Ti', 'TR'],
  '/again': ['Ti'],
  '/at-once': [],
  '/tls': ['Th', 'Ti'],
  '/tls-again': [],
  '/proxied': ['Th', 'Ti'],
};

describe.skipIf(!available)('times in the access log', () => {
  it.concurrent.each(['haproxy', 'veza-proxy'] as const)('of %s hold what was waited for, and add up', async (name) => {
    using log = await LogLines.listen();
    const proxiedPort = await freePort();
    const environment = { LOG_PORT: String(log.port), PROXIED: String(proxiedPort) };
    await using balancer = await startBalancer(name, file, environment);
    await visit(balancer, proxiedPort);
    const paths = Object.keys(expected);
    const lineOf = (path: string): string | undefined =>
      log.without('BADREQ').find((line) => line.includes(`GET ${path} `));
    await until(() => paths.every((path) => lineOf(path) !== undefined));
    for (const path of paths) {
      const [Th = 0, Ti = 0, TR = 0, Tq = 0, Tr = 0, Td = 0, Ta = 0, Tt = 0] =
        (lineOf(path) ?? '').split(`GET ${path} `)[1]?.trim().split(' ').map(Number) ?? [];
      const times = { Th, Ti, TR };
      const long = Object.entries(times).filter(([, ms]) => ms >= seenMs);
      expect([path, long.map(([each]) => each)]).toEqual([path, expect.arrayContaining([...(expected[path] ?? [])])]);
      if (/again|at-once|slow/.test(path)) expect([path, Th]).toEqual([path, 0]);
      expect(Math.min(Tr, Td)).toBeGreaterThanOrEqual(seenMs);
      expect(Math.abs(Th + Ti + TR - Tq)).toBeLessThanOrEqual(3);
      expect(Math.abs(Th + Ti + Ta - Tt)).toBeLessThanOrEqual(3);
    }
  });
});
