// Which page a client gets, and what error files may be.
import { describe, expect, it } from 'vitest';
import { readErrorPage, wantedKind } from '../../../src/proxy/core/handling/error-page.ts';

describe('pages for errors', () => {
  it.each([
    ['', 'text'],
    ['*/*', 'text'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'html'],
    ['application/json', 'json'],
    ['application/json;q=0.5, text/html', 'html'],
    ['text/html;q=0.1, application/json;q=0.2', 'json'],
    ['application/problem+json', 'json'],
    ['text/html;q=0, */*;q=0.1', 'text'],
    ['image/png', 'text'],
    ['application/json;q=nonsense', 'text'],
    ['constructor', 'text'],
  ])('%s wants %s', (accept, kind) => {
    expect(wantedKind(accept)).toBe(kind);
  });

  it('are bodies by the ending of their file', () => {
    expect(readErrorPage('/a/503.html', '<p>')).toEqual({
      status: undefined,
      fields: 'Content-Type: text/html; charset=utf-8\r\n',
      body: '<p>',
    });
  });

  it('are whole responses of HAProxy, without what frames them', () => {
    const text = 'HTTP/1.0 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nX-A: b\r\n\r\n<p>\n';
    expect(readErrorPage('/a/503.http', text)).toEqual({
      status: 200,
      fields: 'Content-Type: text/html\r\nX-A: b\r\n',
      body: '<p>\n',
    });
  });

  it('are refused if they are no response', () => {
    expect(readErrorPage('/a/503.http', 'HTTP/1.0 nonsense\n\n')).toContain('status line');
    expect(readErrorPage('/a/503.http', 'HTTP/1.0 503 No\nbroken\n\nx')).toContain('no header line');
  });
});
