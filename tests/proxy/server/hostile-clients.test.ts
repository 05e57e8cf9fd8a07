// Clients that mean harm or fall silent, and answers that must not be mistaken, against a running veza-proxy with a
// backend that answers byte for byte what a test says.
import { readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { portOf } from '../../support/ports.ts';
import { readAll, request, type RunningProxy, sleep, startProxy, statusOf, until } from '../support/proxy.ts';

let answer: (socket: Socket, received: string) => void;
let backend: Server;
let open = new Set<Socket>();
let proxy: RunningProxy;

beforeAll(async () => {
  backend = createServer((socket) => {
    open.add(socket);
    let text = '';
    socket.on('error', () => socket.destroy());
    socket.on('close', () => open.delete(socket));
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      if (text.includes('\r\n\r\n')) {
        answer(socket, text);
        text = '';
      }
    });
  }).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const port = portOf(backend);
  const server = { name: 'a', address: '127.0.0.1', port };
  proxy = await startProxy((front) => ({
    workers: 1,
    timeouts: { client: '700ms', server: '5s', firstByte: '0' },
    frontends: [
      {
        name: 'http',
        bind: [`127.0.0.1:${front}`],
        rules: [{ pathPrefix: '/never', backend: 'never' }],
        defaultBackend: 'api',
      },
    ],
    backends: [
      { name: 'api', servers: [server], retries: 1 },
      { name: 'never', hold: '100ms', servers: [{ ...server, disabled: true }] },
    ],
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  for (const socket of open) socket.destroy();
  backend.close();
});

beforeEach(() => {
  for (const socket of open) socket.destroy();
  open = new Set();
  answer = (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
});

const get = (path = '/', lines = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${lines}\r\n`;
const last = (path = '/', lines = ''): string => get(path, `${lines}Connection: close\r\n`);

function workerMemoryMb(): number {
  const [worker = ''] = execFileSync('pgrep', ['-P', String(proxy.process.pid)], { encoding: 'utf8' }).split('\n');
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${worker}/status`, 'utf8'))?.[1]) / 1024;
}

describe('an error of the proxy itself', () => {
  it('has no body for HEAD, which the next response on the connection would begin with', async () => {
    const text = await request(proxy.port, `HEAD /never HTTP/1.1\r\nHost: x\r\n\r\n${last()}`, 1000);
    expect(statusOf(text)).toBe(503);
    expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it('tells an HTTP/1.0 client whether its connection is kept', async () => {
    const asked = (lines: string) => request(proxy.port, `GET /never HTTP/1.0\r\n${lines}\r\n`, 1000);
    expect(await asked('')).toContain('Connection: close\r\n');
    expect(await asked('Connection: keep-alive\r\n')).toContain('Connection: keep-alive\r\n');
  });
});

describe('a server', () => {
  it('that floods 1xx responses gets its connection closed', async () => {
    answer = (socket) => socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(1000));
    const text = await request(proxy.port, last(), 1000);
    expect(statusOf(text.slice(text.lastIndexOf('HTTP/1.1 5')))).toBe(502);
    expect(text.match(/103 Early/g)?.length).toBeLessThan(100);
  });

  it('that switches protocols before it has the whole request is refused', async () => {
    answer = (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    const upgrade = 'Connection: Upgrade\r\nUpgrade: x\r\nTransfer-Encoding: chunked\r\n';
    const text = await request(proxy.port, `POST / HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n5\r\nhel`, 400);
    expect(statusOf(text)).toBe(502);
  });
});

describe('a client', () => {
  it('that sends requests and never takes an answer costs little memory', async () => {
    const body = 'b'.repeat(60_000);
    answer = (socket) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await request(proxy.port, last());
    const before = workerMemoryMb();
    const socket = connect({ port: proxy.port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    socket.pause();
    socket.write(get().repeat(3000));
    await sleep(600);
    expect(workerMemoryMb() - before).toBeLessThan(60);
    socket.destroy();
  });

  it('that takes its answers late gets all of them', async () => {
    const body = 'b'.repeat(60_000);
    answer = (socket) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    const socket = connect({ port: proxy.port, host: '127.0.0.1' });
    socket.pause();
    socket.write(get().repeat(299) + last());
    await sleep(400);
    const reading = readAll(socket, 2000);
    socket.resume();
    const text = await reading;
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(300);
    expect(text.length).toBeGreaterThan(300 * body.length);
  });

  it('that does not send its body gets 408, and its request leaves the server', async () => {
    answer = () => undefined;
    const text = await request(proxy.port, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc', 2000);
    expect(statusOf(text)).toBe(408);
    await until(() => open.size === 0, 500);
  });

  it('that speaks HTTP/1.0 can tell a broken response from a whole one', async () => {
    answer = (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5000\r\n${'x'.repeat(0x5000)}\r\n`);
      setTimeout(() => socket.destroy(), 50);
    };
    const socket = connect({ port: proxy.port, host: '127.0.0.1' });
    const ended: string[] = [];
    socket.on('end', () => ended.push('end'));
    socket.on('error', (error) => ended.push(error.message));
    socket.resume();
    socket.write('GET / HTTP/1.0\r\n\r\n');
    await once(socket, 'close').catch(() => undefined);
    expect(ended).toEqual([expect.stringContaining('ECONNRESET')]);
  });

  it('that sends a body in chunks of one byte costs little memory while the server takes its time', async () => {
    answer = () => undefined;
    const sockets = Array.from({ length: 20 }, () => connect({ port: proxy.port, host: '127.0.0.1' }));
    const before = workerMemoryMb();
    for (const socket of sockets) {
      socket.on('error', () => undefined);
      socket.write(`PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\na\r\n'.repeat(60_000)}`);
    }
    await sleep(500);
    expect(workerMemoryMb() - before).toBeLessThan(70);
    for (const socket of sockets) socket.destroy();
  });
});
