// What hooks may return, and what that does to heads: judged without a proxy.
import { describe, expect, it } from 'vitest';
import type { Incoming } from '../../../src/proxy/core/handling/incoming.ts';
import { parseRequestHead } from '../../../src/proxy/core/http/request-head.ts';
import { parseResponseHead } from '../../../src/proxy/core/http/response-head.ts';
import { applyToRequest, applyToResponse, requestView } from '../../../src/proxy/core/plugins/apply.ts';
import { Continue, Modify, Stop } from '../../../src/proxy/library/index.ts';
import { aConfig } from '../support/builders.ts';

function anIncoming(): Incoming {
  const text = 'GET /a?b=1 HTTP/1.1\r\nHost: x\r\nCookie: k=v\r\nAccept: one\r\nAccept: two\r\n';
  const head = parseRequestHead(text, aConfig().limits);
  if (head.refused) throw new Error(head.reason);
  const who = {
    peer: undefined,
    peerText: '192.0.2.9',
    port: 1,
    client: '192.0.2.9',
    scheme: 'http',
    tls: undefined,
  } as const;
  return { head, ...who, frontend: 'http', nowMs: 0, epochMs: 0, target: head.target, requestId: '' };
}

function aResponse(status = '200 OK'): Exclude<ReturnType<typeof parseResponseHead>, string> {
  const head = parseResponseHead(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nServer: s\r\n`, false);
  if (typeof head === 'string') throw new Error(head);
  return head;
}

describe('results of plugins', () => {
  it('see requests whole, cookies among them, and share notes', () => {
    const incoming = anIncoming();
    const view = requestView(incoming);
    expect(view).toMatchObject({ method: 'GET', target: '/a?b=1', path: '/a', query: 'b=1', client: '192.0.2.9' });
    expect({ ...view.headers }).toEqual({ host: 'x', cookie: 'k=v', accept: 'one, two' });
    view.notes.set('a', 1);
    expect(requestView(incoming).notes.get('a')).toBe(1);
  });

  it('change targets, headers and cookies of requests', () => {
    const incoming = anIncoming();
    const changes = { target: '/z', setHeaders: { Cookie: 'n=1', 'X-A': 'b' }, removeHeaders: ['accept'] };
    expect(applyToRequest(incoming, Modify(changes))).toBeUndefined();
    expect(incoming.target).toBe('/z');
    expect(incoming.head.cookie).toBe('n=1');
    expect(incoming.head.fields).toBe('X-A: b\r\n');
  });

  it('change status and headers of responses', () => {
    const head = aResponse();
    expect(applyToResponse(head, Modify({ status: 404, removeHeaders: ['Server'] }))).toBeUndefined();
    expect(head).toMatchObject({ status: 404, fields: 'Content-Length: 0\r\n' });
  });

  it('stop with an answer, go on with nothing', () => {
    const incoming = anIncoming();
    expect(applyToRequest(incoming, Stop(401, 'no', { 'X-A': 'b' }))).toEqual({
      status: 401,
      fields: 'X-A: b\r\n',
      body: 'no',
    });
    expect(applyToRequest(incoming, Continue)).toBeUndefined();
    expect(applyToRequest(incoming, undefined)).toBeUndefined();
  });

  it.each([
    ['a word', 'stop'],
    ['null', null],
    ['an unknown action', { action: 'stopp' }],
    ['a status that is none', { action: 'stop', status: 99 }],
    ['a status that is no number', { action: 'stop', status: '200' }],
    ['a body of bytes', { action: 'stop', status: 200, body: Buffer.from('x') }],
    ['a line end in a value', { action: 'modify', setHeaders: { a: 'b\r\nc: d' } }],
    ['a line end in a name', { action: 'modify', setHeaders: { 'a\r\nb': 'c' } }],
    ['a framing header', { action: 'modify', setHeaders: { 'Content-Length': '5' } }],
    ['the host', { action: 'modify', removeHeaders: ['Host'] }],
    ['a target with a space', { action: 'modify', target: '/a HTTP/1.1' }],
    ['a target without a slash', { action: 'modify', target: 'a' }],
  ])('are refused: %s', (_what, result) => {
    expect(() => applyToRequest(anIncoming(), result)).toThrow();
  });

  it.each([
    ['to one without a body', '200 OK', 204],
    ['from one without a body', '304 Not Modified', 200],
  ])('cannot change a status %s', (_what, from, status) => {
    expect(() => applyToResponse(aResponse(from), { action: 'modify', status })).toThrow('without a body');
  });
});
