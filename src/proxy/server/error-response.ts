// Answers that the proxy gives itself.

import { reasonOf } from '../core/handling/error-page.ts';

const known = new Map<string, string>();

/** A whole response: status, one line of text but for HEAD. 503 says when to come back. */
export function errorResponse(status: number, keepAlive: boolean, bodiless = false): string {
  const key = `${status}${keepAlive ? '+' : '-'}${bodiless ? 'h' : ''}`;
  const text = known.get(key) ?? build(status, keepAlive, bodiless);
  known.set(key, text);
  return text;
}

function build(status: number, keepAlive: boolean, bodiless: boolean): string {
  const reason = reasonOf(status);
  const body = `${status} ${reason}\n`;
  return (
    `HTTP/1.1 ${status} ${reason}\r\n` +
    `Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-cache\r\nContent-Length: ${body.length}\r\n` +
    (status === 503 ? 'Retry-After: 5\r\n' : '') +
    (keepAlive ? '' : 'Connection: close\r\n') +
    `\r\n${bodiless ? '' : body}`
  );
}
