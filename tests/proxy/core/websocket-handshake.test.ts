// Hands that are shaken for clients of HTTP/2, and what counts as an answer to that.
import { describe, expect, it } from 'vitest';
import { http2Minor } from '../../../src/proxy/core/http/http2-head.ts';
import { parseResponseHead } from '../../../src/proxy/core/http/response-head.ts';
import { parseRequestHead } from '../../../src/proxy/core/http/request-head.ts';
import { handshakeLine, isAccepted, tunnelHead, webSocketHead } from '../../../src/proxy/server/http2-websocket.ts';

// The example of RFC 6455, 1.3.
const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const accept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
const limits = { headerBytes: 1000, headers: 20, uriBytes: 100 };

function asked(line = `Sec-WebSocket-Key: ${key}\r\n`): Parameters<typeof isAccepted>[0] {
  const head = parseRequestHead(`GET / HTTP/1.1\r\nHost: a\r\n${line}`, limits);
  if (head.refused) throw new Error(head.reason);
  return head;
}

function answered(lines: string): Parameters<typeof isAccepted>[1] {
  const head = parseResponseHead(`HTTP/1.1 101 Switching Protocols\r\n${lines}`, false);
  if (typeof head === 'string') throw new Error(head);
  return head;
}

const upgrade = 'Connection: Upgrade\r\nUpgrade: WebSocket\r\n';

describe('a handshake', () => {
  it('has another key each time, of 16 bytes', () => {
    const lines = [handshakeLine(), handshakeLine()];
    for (const line of lines) expect(line).toMatch(/^Sec-WebSocket-Key: [A-Za-z0-9+/]{22}==\r\n$/);
    expect(lines[0]).not.toBe(lines[1]);
  });

  it.each([
    ['the answer to its key', `${upgrade}Sec-WebSocket-Accept: ${accept}\r\n`, true],
    ['the answer to another key', `${upgrade}Sec-WebSocket-Accept: ${accept.toLowerCase()}\r\n`, false],
    ['no answer', upgrade, false],
    ['another protocol', `Connection: Upgrade\r\nUpgrade: tls\r\nSec-WebSocket-Accept: ${accept}\r\n`, false],
    ['no Connection', `Upgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n`, false],
  ])('with %s is accepted: %s', (_what, lines, expected) => {
    expect(isAccepted(asked(), answered(lines))).toBe(expected);
  });

  it('without a key is never accepted', () => {
    expect(isAccepted(asked(''), answered(`${upgrade}Sec-WebSocket-Accept: ${accept}\r\n`))).toBe(false);
  });

  it('leaves no trace of itself for clients of HTTP/2, and is there again for those of HTTP/1', () => {
    const head = answered(`${upgrade}Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: chat\r\n`);
    const request = asked();
    expect(tunnelHead(request, head)).toMatch(/^HTTP\/1\.1 101 [^]*\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n$/);
    request.minor = http2Minor;
    expect(tunnelHead(request, head)).toBe('HTTP/1.1 200 OK\r\nSec-WebSocket-Protocol: chat\r\n');
    expect(isAccepted(asked(), webSocketHead(head, key))).toBe(true);
  });
});
