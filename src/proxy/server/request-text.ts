// The head of a request as servers get it: the client's end-to-end headers, and what this hop adds.
import type { Socket } from 'node:net';
import type { RequestHead } from '../core/http/request-head.ts';
import type { ClientConnection } from './client-connection.ts';

/** `cookie`: what is left of the Cookie header. */
export function requestText(client: ClientConnection, head: RequestHead, cookie: string): string {
  const host = head.host === '' ? localAuthority(client.socket) : head.host;
  let text = `${head.method} ${head.target} HTTP/1.1\r\nHost: ${host}\r\n${head.fields}`;
  if (cookie !== '') text += `Cookie: ${cookie}\r\n`;
  if (head.length === -1) text += 'Transfer-Encoding: chunked\r\n';
  if (head.expectContinue && head.minor === 1) text += 'Expect: 100-continue\r\n';
  if (head.acceptsTrailers) text += 'TE: trailers\r\nConnection: TE\r\n';
  if (head.upgrade !== '') text += `Connection: Upgrade\r\nUpgrade: ${head.upgrade}\r\n`;
  if (client.frontend.config.forwardFor) text += forwardLines(client, head, host);
  return `${text}\r\n`;
}

function forwardLines(client: ClientConnection, head: RequestHead, host: string): string {
  const { trusted, address } = client;
  const before = trusted && head.forwardedFor !== '' ? `${head.forwardedFor}, ` : '';
  const proto = trusted && head.forwardedProto !== '' ? head.forwardedProto : 'http';
  const original = trusted && head.forwardedHost !== '' ? head.forwardedHost : host;
  return `X-Forwarded-For: ${before}${address}\r\nX-Forwarded-Proto: ${proto}\r\nX-Forwarded-Host: ${original}\r\n`;
}

/** Host of an HTTP/1.0 request that named none. */
function localAuthority(socket: Socket): string {
  const address = (socket.localAddress ?? '').replace(/^::ffff:/, '');
  return `${address.includes(':') ? `[${address}]` : address}:${socket.localPort ?? 0}`;
}
