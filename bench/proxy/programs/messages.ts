// Load of WebSocket messages: every connection sends one, waits for its echo, compares it, and sends the next. Options are
// one argument in JSON, the result is printed the same way. Raw frames, so that the proxy is not waiting for this program
// more than need be.
import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { LoadResult } from '../load.ts';
import { percentile } from './percentile.ts';

interface Options {
  readonly port: number;
  readonly tls: boolean;
  readonly connections: number;
  readonly seconds: number;
}

const { port, tls, connections, seconds } = JSON.parse(process.argv[2] ?? '') as Options;
const magic = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const payload = randomBytes(100);
const mask = randomBytes(4);
const message = Buffer.concat([
  Buffer.from([0x82, 0x80 | payload.length]),
  mask,
  payload.map((byte, index) => byte ^ (mask[index & 3] ?? 0)),
]);
const echo = Buffer.concat([Buffer.from([0x82, payload.length]), payload]);

const times: number[] = [];
let failed = 0;
let stopped = false;

const sockets = await Promise.all(Array.from({ length: connections }, open));
const began = performance.now();
for (const socket of sockets) if (socket !== undefined) converse(socket);
setTimeout(() => {
  stopped = true;
  const passed = (performance.now() - began) / 1000;
  for (const socket of sockets) socket?.destroy();
  const result: LoadResult = {
    requests: times.length,
    perSecond: times.length / passed,
    p50Ms: percentile(times, 50),
    p99Ms: percentile(times, 99),
    failed,
  };
  process.stdout.write(JSON.stringify(result));
}, seconds * 1000);

/** A connection that was upgraded as RFC 6455 says; none counts as failed. */
function open(): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = tls
      ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
      : connect(port, '127.0.0.1');
    const key = randomBytes(16).toString('base64');
    const accept = createHash('sha1').update(`${key}${magic}`).digest('base64');
    const lines = ['GET /ws HTTP/1.1', 'Host: 127.0.0.1', 'Connection: Upgrade', 'Upgrade: websocket'];
    socket.setNoDelay(true);
    socket.write([...lines, 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${key}`, '', ''].join('\r\n'));
    let head = '';
    const done = (good: boolean): void => {
      clearTimeout(timer);
      socket.off('data', read);
      if (!good) failed += 1;
      resolve(good ? socket : undefined);
    };
    const timer = setTimeout(() => done(false), 5000);
    const read = (bytes: Buffer): void => {
      head += bytes.toString('latin1');
      if (head.endsWith('\r\n\r\n')) done(head.startsWith('HTTP/1.1 101 ') && head.includes(accept));
    };
    socket.on('data', read).once('error', () => done(false));
  });
}

function converse(socket: Socket): void {
  let rest: Buffer = Buffer.alloc(0);
  let sent = performance.now();
  const broken = (): void => {
    if (!stopped) failed += 1;
    socket.removeAllListeners().on('error', () => undefined);
    socket.destroy();
  };
  socket.on('error', broken).on('close', broken);
  socket.on('data', (bytes: Buffer) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    if (stopped || rest.length < echo.length) return;
    if (!rest.equals(echo)) {
      broken();
      return;
    }
    rest = rest.subarray(echo.length);
    const now = performance.now();
    times.push(now - sent);
    sent = now;
    socket.write(message);
  });
  socket.write(message);
}
