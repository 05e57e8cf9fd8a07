// The same haproxy.cfg in mode tcp under HAProxy and under `veza-proxy run`: SNI, ALPN and addresses choose the server, whose
// certificate a client then sees; TLS goes through as it is.
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { portOf } from '../../support/ports.ts';
import { type Balancer, haproxyIsThere, startBalancers } from '../support/balancers.ts';
import { Authority } from '../support/certificates.ts';
import { readAll, sleep } from '../support/proxy.ts';
import { curl, sClient } from '../support/tls-client.ts';

const file = join(import.meta.dirname, '../convert/haproxy/sni.cfg');
const available = haproxyIsThere();
const servers: Server[] = [];
let balancers: readonly Balancer[] = [];

async function listen(server: Server): Promise<string> {
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return String(portOf(server));
}

beforeAll(async () => {
  if (!available) return;
  const authority = await Authority.create('Test');
  const environment: Record<string, string> = {};
  for (const name of ['WEB1', 'WEB2', 'API']) {
    const { cert, key } = await authority.issue({ names: [`${name.toLowerCase()}.test`] });
    const answer = `HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\n${name.padEnd(4)}`;
    const server = createTlsServer({ cert, key, ALPNProtocols: ['acme-tls/1', 'http/1.1'] }, (socket) => {
      socket.on('error', () => undefined).on('data', () => socket.end(answer));
    });
    environment[name] = await listen(server);
  }
  environment['STATIC'] = await listen(
    createServer((socket) => {
      let text = '';
      socket.on('error', () => undefined).on('data', (bytes: Buffer) => (text += bytes.toString()));
      // What a balancer says of a client may come before what the client says.
      socket.once('data', () => setTimeout(() => socket.end(`plain:${text}`), 500));
    }),
  );
  balancers = await startBalancers(['haproxy', 'veza-proxy'], file, environment);
});

afterAll(async () => {
  for (const server of servers) server.close();
  for (const balancer of balancers) await balancer[Symbol.asyncDispose]();
});

/** Both must do the same. */
async function both(ask: (balancer: Balancer) => Promise<string>): Promise<string> {
  const [theirs, ours] = await Promise.all(balancers.map(ask));
  expect(ours).toBe(theirs);
  return ours ?? '';
}

async function certificateOf(port: number, args: readonly string[]): Promise<string> {
  const said = await sClient(port, args);
  return /(?:subject=.*?CN ?= ?|DNS:)([a-z0-9.]+)/.exec(said)?.[1] ?? 'none';
}

describe.skipIf(!available)('the same as HAProxy in mode tcp', () => {
  it.each([
    [['-servername', 'shop.test'], 'web1.test'],
    [['-servername', 'WWW.Shop.TEST'], 'web1.test'],
    [['-servername', 'a.b.wild.test'], 'web2.test'],
    [['-servername', 'a.b.wild.test', '-tls1_2'], 'web2.test'],
    [['-servername', 'else.test', '-alpn', 'acme-tls/1'], 'api.test'],
    [['-servername', 'shop.test', '-alpn', 'acme-tls/1'], 'web1.test'],
  ])('openssl s_client %j sees the certificate of %s', async (args, expected) => {
    expect(await both(({ port }) => certificateOf(port, args))).toBe(expected);
  });

  it('lets curl through to the server, and sticks the rest to one by its address', async () => {
    const ask = (name: string) => async (balancer: Balancer) => {
      const at = `https://${name}:${balancer.port}/`;
      return (await curl(['-k', '--http1.1', '--resolve', `${name}:${balancer.port}:127.0.0.1`, at])).out;
    };
    expect(await both(ask('shop.test'))).toBe('WEB1');
    for (const balancer of balancers) {
      const answers = new Set([await ask('rest.test')(balancer)]);
      // What one worker learned the other knows a moment later.
      await sleep(500);
      for (let index = 0; index < 3; index += 1) answers.add(await ask('rest.test')(balancer));
      expect(answers.size).toBe(1);
      expect([...answers].join()).toMatch(/^(?:WEB2|API )$/);
    }
  });

  it('gives what is no TLS to its backend at once, with who it is, and a silent client after the delay', async () => {
    const say = (pieces: readonly string[]) => (balancer: Balancer) => {
      const socket = connect(balancer.port, '127.0.0.1');
      for (const piece of pieces) socket.write(piece);
      return readAll(socket, 5000).then((text) => text.replace(/127\.0\.0\.1 [0-9]+ [0-9]+/, 'PORTS'));
    };
    expect(await both(say(['SSH-2.0-x\r\n']))).toBe('plain:PROXY TCP4 127.0.0.1 PORTS\r\nSSH-2.0-x\r\n');
    expect(await both(say([]))).toContain('plain:PROXY TCP4 127.0.0.1');
  });

  it('hears the PROXY protocol before, rejects by address, and closes what is no TLS where only TLS is let in', async () => {
    const say = (client: string, text: string | Buffer) => (balancer: Balancer) => {
      const socket = connect(balancer.tlsPort, '127.0.0.1');
      socket.write(`PROXY TCP4 ${client} 192.0.2.1 1 443\r\n`);
      socket.write(text);
      return readAll(socket, 5000).then((answer) => (answer === '' ? 'closed' : answer.slice(0, 1)));
    };
    const hello = Buffer.from(helloTo('shop.test'));
    expect(await both(say('203.0.113.1', hello))).toBe('\x16');
    expect(await both(say('198.51.100.1', hello))).toBe('closed');
    expect(await both(say('203.0.113.1', 'GET / HTTP/1.0\r\n\r\n'))).toBe('closed');
    expect(await both(say('203.0.113.1', ''))).toBe('closed');
  });
});

/** A hello of TLS 1.2 made by hand. */
function helloTo(name: string): number[] {
  const two = (value: number): number[] => [value >> 8, value & 255];
  const bytes = [...Buffer.from(name)];
  const sni = [0, 0, ...two(bytes.length + 5), ...two(bytes.length + 3), 0, ...two(bytes.length), ...bytes];
  const groups = [0, 10, 0, 4, 0, 2, 0, 23];
  const formats = [0, 11, 0, 2, 1, 0];
  const signatures = [0, 13, 0, 4, 0, 2, 4, 3];
  const extensions = [...sni, ...groups, ...formats, ...signatures];
  const body = [
    3,
    3,
    ...Array<number>(32).fill(7),
    0,
    0,
    2,
    0xc0,
    0x2b,
    1,
    0,
    ...two(extensions.length),
    ...extensions,
  ];
  return [22, 3, 1, ...two(body.length + 4), 1, 0, ...two(body.length), ...body];
}
