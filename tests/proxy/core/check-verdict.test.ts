// What answers to health checks mean, as they come piece by piece.
import { describe, expect, it } from 'vitest';
import { checkRequest, checkVerdict } from '../../../src/proxy/core/check-verdict.ts';
import type { CheckConfig } from '../../../src/proxy/core/config/model.ts';
import { aBackend, firstServer } from '../support/builders.ts';

function aCheck(check: object): CheckConfig {
  const { check: found } = firstServer(aBackend({ check }));
  if (!found) throw new Error('no check');
  return found;
}

const ok = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n${body}`;
const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nall\r\n5\r\n well\r\n0\r\n\r\n';

describe('the verdict of a check', () => {
  it.each([
    [{}, ok(''), true, 'L7OK'],
    [{}, 'HTTP/1.1 302 Found\r\n\r\n', true, 'L7OK'],
    [{}, 'HTTP/1.0 503 Service Unavailable\r\n\r\n', false, 'L7STS'],
    [{ expect: '200,204' }, 'HTTP/1.1 201 Created\r\n\r\n', false, 'L7STS'],
    [{}, 'SSH-2.0-OpenSSH\r\n', false, 'L7RSP'],
    [{}, '', false, 'L7RSP'],
    [{ body: { text: 'all well' } }, ok('is all well?'), true, 'L7OK'],
    [{ body: { text: 'all well' } }, chunked, true, 'L7OK'],
    [{ body: { text: 'text/plain' } }, ok('only the body counts'), false, 'L7RSP'],
    [{ body: { text: 'all well' } }, 'HTTP/1.1 500 Oops\r\n\r\nall well', false, 'L7STS'],
    [{ body: { text: 'degraded', not: true } }, ok('degraded'), false, 'L7RSP'],
    [{ body: { text: 'degraded', not: true } }, ok('fine'), true, 'L7OK'],
    [{ body: { regex: '^ok$' } }, ok('ok'), true, 'L7OK'],
    [{ body: { regex: '^ok$' } }, ok('ok?'), false, 'L7RSP'],
    [{ type: 'tcp', send: 'PING\r\n', body: { text: '+PONG' } }, '+PONG\r\n', true, 'L7OK'],
    [{ type: 'tcp', send: 'PING\r\n', body: { text: '+PONG' } }, '-ERR\r\n', false, 'L7RSP'],
  ])('%j of %j is %s, %s', (check, answer, passed, code) => {
    expect(checkVerdict(aCheck(check), Buffer.from(answer), true)).toMatchObject({ passed, code });
  });

  it('is there as soon as nothing can change it', () => {
    const wants = (check: object, answer: string): boolean =>
      checkVerdict(aCheck(check), Buffer.from(answer), false) === undefined;
    expect(wants({}, 'HTTP/1.1 20')).toBe(true);
    expect(wants({}, 'HTTP/1.1 200 OK\r\n')).toBe(false);
    expect(wants({ body: { text: 'well' } }, ok('we'))).toBe(true);
    expect(wants({ body: { text: 'well' } }, ok('well'))).toBe(false);
    expect(wants({ body: { text: 'well' } }, 'HTTP/1.1 404 No\r\n')).toBe(false);
    expect(wants({ body: { regex: 'well$' } }, ok('well'))).toBe(true);
    expect(wants({ body: { text: 'well' } }, ok('x'.repeat(20_000)))).toBe(false);
  });

  it('follows a request with the headers that are asked for', () => {
    expect(checkRequest(aCheck({ path: '/h', host: 'api.internal', headers: { 'X-Check': 'yes' } }))).toBe(
      'GET /h HTTP/1.1\r\nHost: api.internal\r\nUser-Agent: veza-proxy-check\r\nAccept: */*\r\nConnection: close\r\nX-Check: yes\r\n\r\n',
    );
    expect(checkRequest(aCheck({ type: 'tcp' }))).toBe('');
  });
});
