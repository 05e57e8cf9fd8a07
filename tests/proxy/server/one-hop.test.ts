// 1xx responses, trailers, responses without a body and other versions of HTTP: byte for byte what a server gets of a request,
// and what a client gets of the response.
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { portOf } from '../../support/ports.ts';
import { request, type RunningProxy, startProxy, until } from '../support/proxy.ts';

let backend: Server;
let proxy: RunningProxy;
/** What the server says to each head that comes. */
let answers: string[] = [];
let received = '';

beforeAll(async () => {
  backend = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes: Buffer) => {
      received += bytes.toString('latin1');
      if (bytes.includes('HTTP/1.1\r\n')) socket.write(answers.shift() ?? '');
    });
  }).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  proxy = await startProxy((port) => ({
    workers: 1,
    frontends: [{ name: 'web', bind: [`127.0.0.1:${port}`], forwardFor: false, defaultBackend: 'api' }],
    backends: [{ name: 'api', retries: 0, servers: [{ name: 'a', address: '127.0.0.1', port: portOf(backend) }] }],
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  backend.close();
});

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const okClosed = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';
const line = (method: string, minor = 1): string => `${method} / HTTP/1.${minor}\r\nHost: x\r\n`;
const last = 'Connection: close\r\n\r\n';
const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
const goOn = 'HTTP/1.1 100 Continue\r\n\r\n';
const chunked = 'Transfer-Encoding: chunked\r\n';
const expects = 'Content-Length: 2\r\nExpect: 100-continue\r\n';
const trailing = `HTTP/1.1 200 OK\r\n${chunked}\r\n1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n`;

interface Row {
  readonly what: string;
  readonly sent: string;
  readonly answers: readonly string[];
  readonly seen: string;
  readonly got: string;
}

const rows: readonly Row[] = [
  {
    what: 'hints go to a client of HTTP/1.1',
    sent: line('GET') + last,
    answers: [hints + ok],
    seen: `${line('GET')}\r\n`,
    got: hints + okClosed,
  },
  {
    what: 'hints do not go to one of HTTP/1.0, which knows none',
    sent: `${line('GET', 0)}\r\n`,
    answers: [hints + ok],
    seen: `${line('GET')}\r\n`,
    got: okClosed,
  },
  {
    what: 'a 100 that nobody waits for ends here',
    sent: line('GET') + last,
    answers: [goOn + ok],
    seen: `${line('GET')}\r\n`,
    got: okClosed,
  },
  {
    what: 'a body that does not wait for the 100 goes with its head, and one 100 comes back',
    sent: `${line('POST')}${expects}${last}hi`,
    answers: [goOn + goOn + ok],
    seen: `${line('POST')}${expects}\r\nhi`,
    got: goOn + okClosed,
  },
  {
    what: 'an expectation of HTTP/1.0 is none',
    sent: `${line('POST', 0)}${expects}\r\nhi`,
    answers: [goOn + ok],
    seen: `${line('POST')}Content-Length: 2\r\n\r\nhi`,
    got: okClosed,
  },
  {
    what: 'an answer before the end of the request ends the connection: what comes later is no request',
    sent: `${line('POST')}Content-Length: 90\r\n\r\n${line('GET')}\r\n`,
    answers: ['HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno'],
    seen: `${line('POST')}Content-Length: 90\r\n\r\n${line('GET')}\r\n`,
    got: 'HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno',
  },
  {
    what: 'trailers of a request go to the server',
    sent: `${line('POST')}Trailer: X-T\r\n${chunked}${last}2\r\nhi\r\n0\r\nX-T: 1\r\n\r\n`,
    answers: [ok],
    seen: `${line('POST')}Trailer: X-T\r\n${chunked}\r\n2\r\nhi\r\n0\r\nX-T: 1\r\n\r\n`,
    got: okClosed,
  },
  {
    what: 'trailers of a response go to who asks for them, and the server hears of that',
    sent: `${line('GET')}TE: gzip;q=0.5, trailers\r\n${last}`,
    answers: [trailing],
    seen: `${line('GET')}TE: trailers\r\nConnection: TE\r\n\r\n`,
    got: `HTTP/1.1 200 OK\r\n${chunked}${last}1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n`,
  },
  {
    what: 'trailers of a response have no place in HTTP/1.0',
    sent: `${line('GET', 0)}TE: trailers\r\n\r\n`,
    answers: [trailing],
    seen: `${line('GET')}TE: trailers\r\nConnection: TE\r\n\r\n`,
    got: `HTTP/1.1 200 OK\r\n${last}a`,
  },
  ...[
    ['HEAD', '200 OK'],
    ['GET', '204 No Content'],
    ['GET', '304 Not Modified'],
  ].map(([method = '', status = '']) => ({
    what: `${method} with ${status} has no body, whatever its head says, and the next response is the next`,
    sent: `${line(method)}\r\n${line('GET')}${last}`,
    answers: [`HTTP/1.1 ${status}\r\n${chunked}\r\n`, ok],
    seen: `${line(method)}\r\n${line('GET')}\r\n`,
    got: `HTTP/1.1 ${status}\r\n\r\n${okClosed}`,
  })),
  {
    what: 'a 426 says to what',
    sent: line('GET') + last,
    answers: [
      'HTTP/1.1 426 Upgrade Required\r\nUpgrade: TLS/1.2\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nno',
    ],
    seen: `${line('GET')}\r\n`,
    got: `HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\nUpgrade: TLS/1.2\r\nConnection: Upgrade\r\n${last}no`,
  },
];

it.each(rows)('$what', async (row) => {
  answers = [...row.answers];
  received = '';
  expect(await request(proxy.port, row.sent, 5000)).toBe(row.got);
  // The client's end may be seen before the server's last bytes.
  await until(() => received.length >= row.seen.length);
  expect(received).toBe(row.seen);
});
