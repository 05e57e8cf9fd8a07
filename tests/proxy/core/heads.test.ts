// Heads of messages that try to say two things: what the proxy believes of them and passes on.
import { describe, expect, it } from 'vitest';
import { parseRequestHead, type RequestHead } from '../../../src/proxy/core/http/request-head.ts';
import { takeCookie } from '../../../src/proxy/core/http/cookie.ts';
import { parseResponseHead } from '../../../src/proxy/core/http/response-head.ts';
import { readLines } from '../../../src/proxy/core/http/response-lines.ts';

const limits = { headerBytes: 16_384, headers: 128, uriBytes: 8192 };

function requestHead(lines: string): RequestHead {
  const head = parseRequestHead(`POST / HTTP/1.1\r\nHost: x\r\n${lines}`, limits);
  if (head.refused) throw new Error(head.reason);
  return head;
}

describe('an Idempotency-Key', () => {
  it('without a value is none', () => {
    expect(requestHead('Idempotency-Key: a\r\n').hasIdempotencyKey).toBe(true);
    expect(requestHead('Idempotency-Key: \r\n').hasIdempotencyKey).toBe(false);
  });

  it('cannot be hidden from the server by Connection while the proxy repeats because of it', () => {
    expect(requestHead('Idempotency-Key: a\r\nConnection: idempotency-key\r\n').fields).toContain('Idempotency-Key: a');
  });
});

describe('end-to-end headers', () => {
  it('of a request go on as they came: their order, their letters, however often', () => {
    const lines = 'x-LOWER: 1\r\nX-Dup: a\r\nACCEPT:\tb \r\nX-Dup: c\r\nX-Empty:\r\n';
    expect(requestHead(lines).fields).toBe(lines);
  });

  it('of a response, too', () => {
    const lines = 'X-B: 2\r\nx-a: 1\r\nSet-Cookie: a=1\r\nX-B: 3\r\nSet-Cookie: b=2\r\n';
    const ofOneHop =
      'Connection: keep-alive, X-Private\r\nKeep-Alive: timeout=9\r\nX-Private: 1\r\nProxy-Connection: x\r\n';
    expect(parseResponseHead(`HTTP/1.1 200 OK\r\n${ofOneHop}${lines}`, false)).toMatchObject({ fields: lines });
  });

  it('are not those of an upgrade to HTTP/2, which is never made', () => {
    const lines = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
    expect(requestHead(lines)).toMatchObject({ fields: '', upgrade: '' });
  });

  it('lines of cookies are one', () => {
    expect(requestHead('Cookie: a=1\r\nX-A: b\r\nCookie: b=2\r\n')).toMatchObject({
      cookie: 'a=1; b=2',
      fields: 'X-A: b\r\n',
    });
  });
});

describe('the target', () => {
  it.each([
    ['OPTIONS *', '*'],
    ['OPTIONS http://x', '*'],
    ['OPTIONS http://x/', '/'],
    ['OPTIONS http://x?a', '/?a'],
    ['GET http://x', '/'],
    ['GET HTTP://X/a?b', '/a?b'],
    ['GET //x/a', '//x/a'],
  ])('of %s is %s for servers', (line, target) => {
    const head = parseRequestHead(`${line} HTTP/1.1\r\nHost: x\r\n`, limits);
    expect(head).toMatchObject({ refused: false, target });
  });

  it.each(['GET http://u@x/', 'GET ftp://x/', 'GET http:///a', 'POST *'])('of %s is none', (line) => {
    expect(parseRequestHead(`${line} HTTP/1.1\r\nHost: x\r\n`, limits)).toMatchObject({ status: 400 });
  });
});

describe('an upgrade', () => {
  it.each([
    ['Upgrade: websocket\r\n', 'websocket'],
    ['Upgrade: h2c\r\n', ''],
    ['Upgrade: H2C\r\n', ''],
    ['Upgrade: h2c, h2c\r\n', ''],
    ['Upgrade: websocket, h2c\r\n', 'websocket'],
    ['Upgrade: h2c\r\nUpgrade: websocket\r\n', 'websocket'],
    ['Upgrade: a\r\nUpgrade: b/1\r\n', 'a, b/1'],
  ])('by %j asks servers for %j: never for HTTP/2, which would pass by all rules', (lines, expected) => {
    expect(requestHead(`Connection: Upgrade\r\n${lines}`).upgrade).toBe(expected);
  });
});

describe('a 426', () => {
  const parse = (status: string, lines: string): unknown => parseResponseHead(`HTTP/1.1 ${status}\r\n${lines}`, false);

  it.each(['Connection: Upgrade\r\n', ''])('still says what to change to (%j)', (lines) => {
    expect(parse('426 Upgrade Required', `Upgrade: TLS/1.2\r\n${lines}X-A: b\r\n`)).toMatchObject({
      fields: 'X-A: b\r\nUpgrade: TLS/1.2\r\nConnection: Upgrade\r\n',
    });
  });

  it('is the only response that does, and invents nothing', () => {
    expect(parse('200 OK', 'Upgrade: h2c\r\nConnection: Upgrade\r\nX-A: b\r\n')).toMatchObject({
      fields: 'X-A: b\r\n',
    });
    expect(parse('426 Upgrade Required', 'X-A: b\r\n')).toMatchObject({ fields: 'X-A: b\r\n' });
  });
});

describe('a byte beyond ASCII that some take for a blank', () => {
  it('stays where it is', () => {
    expect(readLines('X-A: \xa0b\xa0\r\n')).toMatchObject({ 'x-a': '\xa0b\xa0' });
    expect(takeCookie('a=1; b=2\xa0; S=x', 'S')).toEqual({ value: 'x', rest: 'a=1; b=2\xa0' });
  });

  it('makes another token of one', () => {
    expect(requestHead('Connection: x, close\xa0\r\n').keepAlive).toBe(true);
    expect(requestHead('TE: \xa0trailers\r\n').acceptsTrailers).toBe(false);
  });
});

describe('a response without a body', () => {
  it.each(['103 Early Hints', '204 No Content', '101 Switching Protocols'])('%s goes on without a length', (status) => {
    const head = parseResponseHead(`HTTP/1.1 ${status}\r\nContent-Length: 5\r\nX-A: b\r\n`, false);
    expect(head).toMatchObject({ fields: 'X-A: b\r\n', length: 0 });
  });

  it('304 keeps its length, which says what a GET would have got', () => {
    expect(parseResponseHead('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n', false)).toMatchObject({
      fields: 'Content-Length: 5\r\n',
      length: 0,
    });
  });
});
