// The head of a request as servers get it: the client's end-to-end headers, and what this hop adds.
import type { Incoming } from '../core/handling/incoming.ts';
import type { RequestHead } from '../core/http/request-head.ts';
import { withoutFields } from '../core/http/scan.ts';
import type { ClientSocket } from './client-socket.ts';

/**
 * `cookie`: what is left of the Cookie header. With the host header `server` there is no Host line: who sends it to a
 * server puts it in (request-body.ts).
 */
export function requestText(client: ClientSocket, incoming: Incoming, cookie: string, hostHeader: string): string {
  const { head } = incoming;
  // Where a tunnel leads is the client's to say, and Host says the same.
  const target = head.connects ? head.target : incoming.target;
  const host = head.host === '' ? localAuthority(client) : head.host;
  const fields = head.origins && !client.trusted ? withoutFields(head.fields, head.origins) : head.fields;
  let text = `${head.method} ${target} HTTP/1.1\r\n`;
  if (hostHeader === 'preserve' || head.connects) text += `Host: ${host}\r\n`;
  else if (hostHeader !== 'server') text += `Host: ${hostHeader}\r\n`;
  text += fields;
  if (cookie !== '') text += `Cookie: ${cookie}\r\n`;
  if (head.length === -1) text += 'Transfer-Encoding: chunked\r\n';
  if (head.expectContinue && head.minor > 0) text += 'Expect: 100-continue\r\n';
  if (head.acceptsTrailers) text += 'TE: trailers\r\nConnection: TE\r\n';
  if (head.upgrade !== '') text += `Connection: Upgrade\r\nUpgrade: ${head.upgrade}\r\n`;
  if (client.frontend.config.forwardFor || client.trusted) text += forwardLines(client, head, host);
  const { forward } = client.frontend.config;
  if (forward.length > 0) text += furtherLines(client, incoming, host);
  return `${text}\r\n`;
}

function furtherLines(client: ClientSocket, incoming: Incoming, host: string): string {
  const { forward } = client.frontend.config;
  const { address } = client;
  let text = '';
  if (forward.includes('x-forwarded-port')) text += `X-Forwarded-Port: ${client.localPort}\r\n`;
  if (forward.includes('x-real-ip') && incoming.client !== '') text += `X-Real-IP: ${incoming.client}\r\n`;
  if (forward.includes('forwarded')) {
    // RFC 7239: IPv6 addresses in brackets, and whatever is no token in quotes.
    const from = address === '' ? 'unknown' : address.includes(':') ? `"[${address}]"` : address;
    text += `Forwarded: for=${from};host=${/^[A-Za-z0-9.-]+$/.test(host) ? host : `"${host}"`};proto=${incoming.scheme}\r\n`;
  }
  return text;
}

function forwardLines(client: ClientSocket, head: RequestHead, host: string): string {
  const { trusted, address } = client;
  const { forwardFor } = client.frontend.config;
  if (!trusted && address !== '')
    return `X-Forwarded-For: ${address}\r\nX-Forwarded-Proto: ${client.tls ? 'https' : 'http'}\r\nX-Forwarded-Host: ${host}\r\n`;
  const hops = [trusted ? head.forwardedFor : '', forwardFor ? address : ''].filter((hop) => hop !== '');
  const proto =
    trusted && head.forwardedProto !== '' ? head.forwardedProto : forwardFor ? (client.tls ? 'https' : 'http') : '';
  const original = trusted && head.forwardedHost !== '' ? head.forwardedHost : forwardFor ? host : '';
  return (
    (hops.length > 0 ? `X-Forwarded-For: ${hops.join(', ')}\r\n` : '') +
    (proto === '' ? '' : `X-Forwarded-Proto: ${proto}\r\n`) +
    (original === '' ? '' : `X-Forwarded-Host: ${original}\r\n`)
  );
}

/** Host of an HTTP/1.0 request that named none. */
function localAuthority({ localAddress, localPort }: ClientSocket): string {
  if (localAddress === '') return 'localhost';
  return `${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`;
}
