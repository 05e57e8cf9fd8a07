// Heads between HTTP/1, which the proxy speaks inside, and servers of HTTP/2.
import { describe, expect, it } from 'vitest';
import { http2Request, webSocketRequest } from '../../../src/proxy/core/http/http2-request.ts';
import { linesOf, readHttp2Response } from '../../../src/proxy/core/http/http2-response.ts';
import { aConfig } from '../support/builders.ts';

const reasonOf = (status: number): string => (status === 200 ? 'OK' : '');

describe('a request to a server of HTTP/2', () => {
  it('has what HTTP/1 says in its first line and in Host as fields of their own', () => {
    const fields = http2Request('GET /a?b HTTP/1.1\r\nHost: h.test:81\r\nX-A: 1\r\nx-a: 2\r\n', 'https');
    expect({ ...fields }).toEqual({
      ':method': 'GET',
      ':scheme': 'https',
      ':authority': 'h.test:81',
      ':path': '/a?b',
      'x-a': ['1', '2'],
    });
  });

  it('has nothing of the connection, and of TE what HTTP/2 knows', () => {
    const hop = 'Connection: Upgrade, TE\r\nUpgrade: x\r\nTransfer-Encoding: chunked\r\nKeep-Alive: 1\r\n';
    const fields = http2Request(
      `POST / HTTP/1.1\r\nHost: x\r\n${hop}HTTP2-Settings: A\r\nTE: gzip, trailers\r\n`,
      'http',
    );
    expect(Object.keys(fields).filter((name) => !name.startsWith(':'))).toEqual(['te']);
    expect(fields['te']).toBe('trailers');
    expect(http2Request('GET / HTTP/1.1\r\nHost: x\r\nTE: gzip\r\n', 'http')['te']).toBeUndefined();
  });

  it('has each cookie by itself', () => {
    expect(http2Request('GET / HTTP/1.1\r\nHost: x\r\nCookie: a=1; b="2;"\r\n', 'http')['cookie']).toEqual([
      'a=1',
      'b="2;"',
    ]);
    expect(http2Request('GET / HTTP/1.1\r\nHost: x\r\nCookie: a=1\r\n', 'http')['cookie']).toBe('a=1');
  });

  it('for a WebSocket is a tunnel', () => {
    const head = 'GET /chat HTTP/1.1\r\nHost: x\r\nSec-WebSocket-Key: k\r\nSec-WebSocket-Version: 13\r\n';
    expect({ ...webSocketRequest(head, 'http') }).toEqual({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'http',
      ':authority': 'x',
      ':path': '/chat',
      'sec-websocket-version': '13',
    });
  });
});

describe('a response of HTTP/2', () => {
  const read = (fields: readonly string[], ended = false, bodiless = false) =>
    readHttp2Response([':status', '200', ...fields], { ended, bodiless, reasonOf });

  it('is one of HTTP/1 without what belongs to a connection', () => {
    expect(read(['x-a', '1', 'connection', 'x-a', 'transfer-encoding', 'chunked'])).toMatchObject({
      status: 200,
      statusText: '200 OK',
      fields: 'x-a: 1\r\n',
      length: -1,
    });
    expect(linesOf([':status', '200', 'grpc-status', '0', 'upgrade', 'x'])).toBe('grpc-status: 0\r\n');
  });

  it('has an end that clients of HTTP/1 can see', () => {
    expect(read([], true)).toMatchObject({ length: 0, fields: 'Content-Length: 0\r\n' });
    expect(read(['content-length', '5'], true, true)).toMatchObject({ length: 0, fields: 'content-length: 5\r\n' });
    expect(read(['content-length', '5'])).toMatchObject({ length: 5 });
    expect(read(['content-length', '5'], true)).toBeTypeOf('string');
    expect(read(['content-length', '5', 'content-length', '6'])).toBeTypeOf('string');
  });
});

describe('what is spoken to servers', () => {
  const protocols = (backend: object, ...own: object[]): string[] => {
    const servers = own.map((more, at) => ({ name: `s${at}`, address: '192.0.2.1', port: 80, ...more }));
    return aConfig({ ...backend, servers }).backends[0]?.servers.map(({ protocol }) => protocol) ?? [];
  };

  it('is what the server says, else what the backend says, and HTTP/1.1 if neither does', () => {
    expect(protocols({}, {}, { http2: true }, { http2: 'only' })).toEqual(['h1', 'h2', 'h2']);
    expect(protocols({ http2: true }, {}, { http2: false })).toEqual(['h2', 'h1']);
    expect(protocols({ http2: true, tls: {} }, {}, { http2: 'only' }, { http2: false })).toEqual([
      'negotiated',
      'h2',
      'h1',
    ]);
  });

  it('is spoken by checks where the server takes nothing else, or as they say', () => {
    const checked = (backend: object, server: object = {}): boolean | undefined =>
      aConfig({ ...backend, servers: [{ name: 's', address: '192.0.2.1', port: 80, ...server }] }).backends[0]
        ?.servers[0]?.check?.http2;
    expect(checked({ check: {} })).toBe(false);
    expect(checked({ http2: true, check: {} })).toBe(true);
    expect(checked({ http2: true, check: {} }, { check: { port: 81 } })).toBe(false);
    expect(checked({ http2: true, tls: {}, check: {} })).toBe(false);
    expect(checked({ http2: 'only', tls: {}, check: {} })).toBe(true);
    expect(checked({ http2: true, check: { http2: false } })).toBe(false);
    expect(checked({ http2: true, check: { type: 'tcp' } })).toBe(false);
  });
});
