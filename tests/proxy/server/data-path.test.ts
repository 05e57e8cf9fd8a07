// Messages of every shape through a running proxy: framing, streaming, limits of time, queues, upgrades that are refused.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { portOf } from '../../support/ports.ts';
import { firstStatus, request, type RunningProxy, sleep, startProxy, statusOf, until } from '../support/proxy.ts';
import { statsOf } from '../support/stats.ts';

/** A backend that answers byte for byte what a test says, and keeps what it got. */
let answer: (socket: Socket, received: string) => void;
let received: string[] = [];
let backend: Server;
let proxy: RunningProxy;

beforeAll(async () => {
  backend = createServer((socket) => {
    let text = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      received.push(bytes.toString('latin1'));
      if (text.includes('\r\n\r\n')) {
        answer(socket, text);
        text = '';
      }
    });
  }).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const port = portOf(backend);
  const server = { name: 'a', address: '127.0.0.1', port };
  proxy = await startProxy((front, control) => ({
    workers: 1,
    stats: { socket: [`127.0.0.1:${control}`] },
    log: { access: 'stdout' },
    timeouts: { httpRequest: '300ms', server: '2s', firstByte: '100ms', client: '500ms', queue: '400ms' },
    frontends: [
      {
        name: 'http',
        bind: [`127.0.0.1:${front}`],
        rules: [
          { pathPrefix: '/one', backend: 'one' },
          { pathPrefix: '/never', backend: 'never' },
        ],
        defaultBackend: 'api',
      },
    ],
    backends: [
      { name: 'api', servers: [server], retries: 1 },
      { name: 'one', servers: [{ ...server, maxconn: 1 }] },
      { name: 'never', hold: '100ms', servers: [{ ...server, disabled: true }] },
    ],
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  backend.close();
});

beforeEach(() => {
  received = [];
  answer = (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
});

const get = (path = '/', lines = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${lines}Connection: close\r\n\r\n`;

/** The status of the only answer, though the connection stays open behind it. */
function statusFor(payload: string): Promise<number> {
  const socket = connect({ port: proxy.port, host: '127.0.0.1' });
  socket.write(payload);
  return firstStatus(socket, 30_000);
}

const bodyOf = (response: string): string => response.slice(response.indexOf('\r\n\r\n') + 4);

describe('responses', () => {
  it('of unknown length are chunked for HTTP/1.1 and end the connection for HTTP/1.0', async () => {
    answer = (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nhello');
    const modern = await request(proxy.port, get());
    expect(modern).toContain('Transfer-Encoding: chunked\r\n');
    expect(bodyOf(modern)).toBe('5\r\nhello\r\n0\r\n\r\n');
    const old = await request(proxy.port, 'GET / HTTP/1.0\r\n\r\n', 1000);
    expect(old).not.toContain('chunked');
    expect(bodyOf(old)).toBe('hello');
  });

  it('in chunks are decoded for HTTP/1.0', async () => {
    answer = (socket) =>
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n1\r\n!\r\n0\r\n\r\n');
    expect(bodyOf(await request(proxy.port, 'GET / HTTP/1.0\r\n\r\n', 1000))).toBe('hello!');
  });

  it('to HEAD and with 304 have no body though they have a length', async () => {
    answer = (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
    const head = await request(proxy.port, 'HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(head).toContain('Content-Length: 5\r\n');
    expect(bodyOf(head)).toBe('');
    answer = (socket) => socket.write('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n');
    expect(statusOf(await request(proxy.port, get()))).toBe(304);
  });

  it('103 goes through before the final one', async () => {
    answer = (socket) =>
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    expect(await request(proxy.port, get())).toMatch(
      /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a>\r\n\r\nHTTP\/1\.1 200 OK/,
    );
  });

  it('trailers go to those who accept them', async () => {
    answer = (socket) =>
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n');
    expect(await request(proxy.port, get('/', 'TE: trailers\r\n'))).toContain('0\r\nX-Sum: 1\r\n\r\n');
    expect(await request(proxy.port, get())).not.toContain('X-Sum');
  });

  it.each([
    ['nonsense', 'HELLO\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 1\n\na'],
    ['a broken chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['an unasked upgrade', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ])('that are malformed (%s) become 502', async (_name, text) => {
    answer = (socket) => socket.write(text);
    expect(statusOf(await request(proxy.port, get(), 1500))).toBe(502);
  });

  it('that break in the middle, after bytes went out, cut the connection instead of looking complete', async () => {
    answer = (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5000\r\n${'x'.repeat(0x5000)}\r\n`);
      setTimeout(() => socket.destroy(), 50);
    };
    const cut = await request(proxy.port, get(), 1000);
    expect(statusOf(cut)).toBe(200);
    expect(cut.endsWith('0\r\n\r\n')).toBe(false);
  });

  it('of event streams flow at once', async () => {
    answer = (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n');
    const socket = connect({ port: proxy.port, host: '127.0.0.1' });
    const startedAt = performance.now();
    socket.write(get());
    let text = '';
    while (!text.includes('data: 1')) text += String((await once(socket, 'data'))[0]);
    expect(performance.now() - startedAt).toBeLessThan(150);
    socket.destroy();
  });

  it('of 30 MB arrive whole at a client that reads slowly', async () => {
    const size = 30 * 1024 * 1024;
    answer = (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      socket.write(Buffer.alloc(size, 'y'));
    };
    const socket = connect({ port: proxy.port, host: '127.0.0.1' });
    socket.write(get());
    let got = 0;
    for await (const bytes of socket as AsyncIterable<Buffer>) {
      got += bytes.length;
      if (got % 7 === 0) await sleep(1);
    }
    expect(got).toBeGreaterThan(size);
    expect(got).toBeLessThan(size + 200);
  });
});

describe('requests', () => {
  it('with Expect: 100-continue get the 100 of the server before they send the body', async () => {
    answer = (socket, text) => {
      if (text.includes('Expect: 100-continue')) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    };
    const socket = connect({ port: proxy.port, host: '127.0.0.1' });
    socket.write(
      'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n',
    );
    expect(String((await once(socket, 'data'))[0])).toContain('100 Continue');
    backend.once('connection', () => undefined);
    socket.write('body');
    await until(() => received.join('').includes('\r\n\r\nbody'), 20_000);
    socket.destroy();
  });

  it('of 8 MB in chunks arrive whole', async () => {
    let got = 0;
    let tail = '';
    answer = (socket, text) => {
      const take = (piece: string): void => {
        // In one go: while this counts, nobody sends.
        got += piece.replaceAll(/[^z]+/g, '').length;
        tail = (tail + piece).slice(-5);
        if (tail === '0\r\n\r\n') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      };
      take(text.slice(text.indexOf('\r\n\r\n') + 4));
      socket.removeAllListeners('data').on('data', (bytes: Buffer) => take(bytes.toString('latin1')));
    };
    const chunk = `10000\r\n${'z'.repeat(65_536)}\r\n`;
    const payload = `PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${chunk.repeat(128)}0\r\n\r\n`;
    expect(statusOf(await request(proxy.port, payload, 30_000))).toBe(200);
    expect(got).toBe(128 * 65_536);
  });

  it('whose head comes too slowly get 408', async () => {
    expect(await statusFor('GET / HTTP/1.1\r\nHost:')).toBe(408);
    await until(() => / 408 0 - - cR-- .*"<BADREQ>"/.test(proxy.log()));
  });

  it('whose body stalls get 408', async () => {
    answer = () => undefined;
    const payload = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc';
    expect([408, 504]).toContain(await statusFor(payload));
  });

  it('that the server never answers get 504', async () => {
    answer = () => undefined;
    expect(await statusFor('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')).toBe(504);
  });

  it('wait for a slot of maxconn in order, and get 503 when that takes too long', async () => {
    answer = (socket) => setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'), 150);
    const answers = await Promise.all(Array.from({ length: 5 }, () => request(proxy.port, get('/one'), 2000)));
    const statuses = answers.map(statusOf).sort();
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(2);
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThanOrEqual(1);
  });

  it('for a backend without a usable server get 503 after the hold time, and for no backend 404', async () => {
    const held = await request(proxy.port, get('/never'), 1500);
    expect(statusOf(held)).toBe(503);
    expect(held).toContain('Retry-After: 5\r\n');
  });

  it('to upgrade that the server declines are answered as usual', async () => {
    const declined = await request(
      proxy.port,
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    expect(statusOf(declined)).toBe(200);
    expect(received.join('')).toContain('Connection: Upgrade\r\nUpgrade: websocket\r\n');
  });

  it('are cancelled at the server when the client is gone', async () => {
    answer = () => undefined;
    const gone = once(backend, 'connection').then(([socket]) => once(socket as Socket, 'close'));
    const socket = connect({ port: proxy.port, host: '127.0.0.1' });
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
    await sleep(50);
    socket.resetAndDestroy();
    await gone;
  });
});

describe('the access of two workers to one counter', () => {
  it('is summed up in the statistics', async () => {
    await proxy.command('clear counters all');
    await request(proxy.port, get());
    expect(await statsOf(proxy, 'api,BACKEND', 'hrsp_2xx')).toEqual(['1']);
  });
});
