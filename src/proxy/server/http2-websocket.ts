// WebSockets as tunnels in HTTP/2 (RFC 8441), on both sides: there they need no handshake, in HTTP/1 they do. Between the
// two it is ours to shake hands.
import { createHash, randomBytes } from 'node:crypto';
import { http2Minor } from '../core/http/http2-head.ts';
import type { RequestHead } from '../core/http/request-head.ts';
import { ResponseHead } from '../core/http/response-head.ts';
import { fieldValue, withoutFields } from '../core/http/scan.ts';

/** Of RFC 6455, 1.3. */
const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

function acceptOf(key: string): string {
  return createHash('sha1')
    .update(key + guid)
    .digest('base64');
}

/** For the head of a request that a client made over HTTP/2: what HTTP/1 asks of it besides. */
export function handshakeLine(): string {
  return `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n`;
}

/** Whether a server understood the handshake that was made for a client (RFC 6455, 4.1). */
export function isAccepted({ fields }: RequestHead, answer: ResponseHead): boolean {
  const key = fieldValue(fields, 'sec-websocket-key');
  if (key === undefined || answer.upgrade.toLowerCase() !== 'websocket') return false;
  return fieldValue(answer.fields, 'sec-websocket-accept') === acceptOf(key);
}

/** What a client is told when its tunnel is there, as text of HTTP/1 without the empty line at its end. */
export function tunnelHead(request: RequestHead, { statusText, fields, upgrade }: ResponseHead): string {
  if (request.connects) return `HTTP/1.1 ${statusText}\r\n${fields}`;
  if (request.minor === http2Minor) return `HTTP/1.1 200 OK\r\n${withoutFields(fields, ['sec-websocket-accept'])}`;
  const protocol = upgrade === '' ? request.upgrade : upgrade;
  return `HTTP/1.1 ${statusText}\r\n${fields}Connection: Upgrade\r\nUpgrade: ${protocol}\r\n`;
}

/** The answer to the handshake of a client of HTTP/1. `head`: what the server said to the tunnel. */
export function webSocketHead(head: ResponseHead, key: string): ResponseHead {
  const made = new ResponseHead();
  const fields = withoutFields(head.fields, ['content-length', 'sec-websocket-accept']);
  made.status = 101;
  made.statusText = '101 Switching Protocols';
  made.length = 0;
  made.upgrade = 'websocket';
  made.hasSetCookie = head.hasSetCookie;
  made.fields = `${fields}Sec-WebSocket-Accept: ${acceptOf(key)}\r\n`;
  return made;
}
