// The head of a request as servers get it: the client's end-to-end headers, and what this hop adds.
import type { Socket } from 'node:net';
import type { RequestHead } from '../core/http/request-head.ts';
import { withoutFields } from '../core/http/scan.ts';
import type { ClientConnection } from './client-connection.ts';

/** `cookie`: what is left of the Cookie header. */
export function requestText(client: ClientConnection, head: RequestHead, cookie: string): string {
  const host = head.host === '' ? localAuthority(client.socket) : head.host;
  const fields = head.origins && !client.trusted ? withoutFields(head.fields, head.origins) : head.fields;
  let text = `${head.method} ${head.target} HTTP/1.1\r\nHost: ${host}\r\n${fields}`;
  if (cookie !== '') text += `Cookie: ${cookie}\r\n`;
  if (head.length === -1) text += 'Transfer-Encoding: chunked\r\n';
  if (head.expectContinue && head.minor === 1) text += 'Expect: 100-continue\r\n';
  if (head.acceptsTrailers) text += 'TE: trailers\r\nConnection: TE\r\n';
  if (head.upgrade !== '') text += `Connection: Upgrade\r\nUpgrade: ${head.upgrade}\r\n`;
  if (client.frontend.config.forwardFor || client.trusted) text += forwardLines(client, head, host);
  return `${text}\r\n`;
}

function forwardLines(client: ClientConnection, head: RequestHead, host: string): string {
  const { trusted, address } = client;
  const { forwardFor } = client.frontend.config;
  if (!trusted && address !== '')
    return `X-Forwarded-For: ${address}\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: ${host}\r\n`;
  const hops = [trusted ? head.forwardedFor : '', forwardFor ? address : ''].filter((hop) => hop !== '');
  const proto = trusted && head.forwardedProto !== '' ? head.forwardedProto : forwardFor ? 'http' : '';
  const original = trusted && head.forwardedHost !== '' ? head.forwardedHost : forwardFor ? host : '';
  return (
    (hops.length > 0 ? `X-Forwarded-For: ${hops.join(', ')}\r\n` : '') +
    (proto === '' ? '' : `X-Forwarded-Proto: ${proto}\r\n`) +
    (original === '' ? '' : `X-Forwarded-Host: ${original}\r\n`)
  );
}

/** Host of an HTTP/1.0 request that named none. */
function localAuthority(socket: Socket): string {
  if (socket.localAddress === undefined) return 'localhost';
  const address = socket.localAddress.replace(/^::ffff:/, '');
  return `${address.includes(':') ? `[${address}]` : address}:${socket.localPort ?? 0}`;
}
