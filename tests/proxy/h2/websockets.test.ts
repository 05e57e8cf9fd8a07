// WebSockets of clients as streams of HTTP/2 (RFC 8441) to servers that know the handshake of HTTP/1: the same through
// veza-proxy and through HAProxy.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Balancer, haproxyIsThere, startBalancers } from '../support/balancers.ts';
import { closed } from '../support/proxy.ts';
import { rest, take, TunnelClient } from '../support/tunnel-client.ts';
import { WebSocketBackend } from '../support/websocket-backend.ts';

const file = join(import.meta.dirname, 'websockets.cfg');
const names = haproxyIsThere() ? (['veza-proxy', 'haproxy'] as const) : (['veza-proxy'] as const);
const balancers = new Map<string, Balancer>();
let backend: WebSocketBackend;

beforeAll(async () => {
  backend = await WebSocketBackend.start();
  const environment = { SOCKETS: String(backend.port) };
  for (const balancer of await startBalancers(names, file, environment)) balancers.set(balancer.name, balancer);
});

afterAll(async () => {
  for (const balancer of balancers.values()) await balancer[Symbol.asyncDispose]();
  await backend[Symbol.asyncDispose]();
});

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe.each(names)('through %s a stream', (name) => {
  let client: TunnelClient;

  beforeEach(async () => {
    client = await TunnelClient.open(balancers.get(name)?.port ?? 0);
    return () => client[Symbol.dispose]();
  });

  it('becomes the handshake of HTTP/1, and then a tunnel', async () => {
    expect(client.session.remoteSettings.enableConnectProtocol).toBe(true);
    const tunnel = await client.ask('/chat?a=b', { 'sec-websocket-protocol': 'soap', 'x-own': '1' });
    expect(tunnel.headers).toMatchObject({ ':status': 200, 'sec-websocket-protocol': 'soap' });
    const head = backend.heads.at(-1) ?? '';
    expect(head).toMatch(/^GET \/chat\?a=b HTTP\/1\.1\r\nhost: a\.test\r\n/i);
    for (const line of [
      /\r\nupgrade: websocket\r\n/i,
      /\r\nconnection: upgrade\r\n/i,
      /\r\nsec-websocket-version: 13\r\n/i,
      /\r\nsec-websocket-key: [A-Za-z0-9+/]{22}==\r\n/i,
      /\r\nx-own: 1\r\n/,
    ])
      expect(head).toMatch(line);
    expect(head).not.toMatch(/content-length|transfer-encoding|:protocol/i);
    tunnel.stream.write('ping');
    expect(await take(tunnel, 4)).toBe('ping');
  });

  it('brings what the server says at once', async () => {
    expect(await take(await client.ask('/greets'), 5)).toBe('hello');
  });

  it('is sticky', async () => {
    const { headers } = await client.ask('/chat');
    expect(String(headers['set-cookie'])).toMatch(/^SERVERID=a;/);
    const again = await client.ask('/chat', { cookie: 'SERVERID=a; b=c' });
    expect(again.headers).not.toHaveProperty('set-cookie');
    expect(backend.heads.at(-1)).toMatch(/\r\ncookie: b=c\r\n/i);
  });

  it('is one of many on a connection, each by itself', async () => {
    const tunnels = await Promise.all(Array.from({ length: 20 }, () => client.ask('/chat')));
    const said = tunnels.map((tunnel, index) => {
      tunnel.stream.write(`number ${index}`.padEnd(10));
      return take(tunnel, 10);
    });
    expect(await Promise.all(said)).toEqual(tunnels.map((_, index) => `number ${index}`.padEnd(10)));
  });

  it('carries megabytes both ways at once', async () => {
    const sent = randomBytes(2_000_000);
    const tunnel = await client.ask('/chat');
    const echo = rest(tunnel);
    for (let at = 0; at < sent.length;) {
      const piece = sent.subarray(at, (at += 1 + (sent[at] ?? 0) * 400));
      if (!tunnel.stream.write(piece)) await once(tunnel.stream, 'drain');
    }
    tunnel.stream.end();
    expect(hashOf(await echo)).toBe(hashOf(sent));
  });

  it('that its client ends still brings the last words of the server', async () => {
    const tunnel = await client.ask('/last-words');
    tunnel.stream.end();
    expect(await rest(tunnel)).toHaveLength(1_000_000);
  });

  it('that is complete with its head is a tunnel one way', async () => {
    expect(await rest(await client.ask('/last-words', {}, true))).toHaveLength(1_000_000);
  });

  it('ends when the server ends it', async () => {
    const tunnel = await client.ask('/quiet');
    backend.latest.end('bye');
    expect(String(await rest(tunnel))).toBe('bye');
  });

  it('that its client resets is closed at the server', async () => {
    const { stream } = await client.ask('/quiet');
    // In whatever way: HAProxy sometimes resets it.
    const over = new Promise((resolve) => backend.latest.once('end', resolve).once('close', resolve));
    stream.close(8);
    await over;
  });

  it('is closed at the client when the server breaks', async () => {
    const { stream } = await client.ask('/quiet');
    const gone = closed(stream);
    backend.latest.resetAndDestroy();
    await gone;
  });

  it('that the server refuses gets its answer', async () => {
    const tunnel = await client.ask('/forbidden');
    expect(tunnel.headers).toMatchObject({ ':status': 403, 'x-why': 'no' });
    expect(String(await rest(tunnel))).toBe('not so');
  });

  it.each(['/wrong', '/unsigned'])('whose server does not shake hands as it must (%s) gets 502', async (path) => {
    expect((await client.ask(path)).headers[':status']).toBe(502);
  });
});
