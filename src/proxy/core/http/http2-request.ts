// Head of a request as text of HTTP/1 -> the fields of an HTTP/2 request to a server. The text is our own, so that nothing
// is to be refused here; what belongs to one connection of HTTP/1 is left out.
import { readLines } from './response-lines.ts';

export type Http2Fields = Record<string, string | string[]>;

/** Mean nothing in HTTP/2, beside those that `readLines` leaves out. */
const ofHttp1 = ['host', 'http2-settings', 'te'];

/** `text`: request line and header lines. `scheme`: of the connection to the server. */
export function http2Request(text: string, scheme: 'http' | 'https'): Http2Fields {
  const first = text.indexOf('\r\n');
  const [method = '', target = ''] = text.slice(0, first).split(' ');
  const fields = readLines(text.slice(first + 2));
  const { host = '', te = '', cookie } = fields;
  for (const name of ofHttp1) Reflect.deleteProperty(fields, name);
  fields[':method'] = method;
  fields[':scheme'] = scheme;
  fields[':authority'] = String(host);
  fields[':path'] = target;
  if (/\btrailers\b/i.test(String(te))) fields['te'] = 'trailers';
  // Each by itself: those that stay are then sent once for all requests of a connection (RFC 9113, 8.2.3).
  if (typeof cookie === 'string' && cookie.includes('; ')) fields['cookie'] = cookie.split('; ');
  return fields;
}

/** The request for a tunnel: only an authority says where to (RFC 9113, 8.5). */
export function connectRequest(text: string): Http2Fields {
  const fields = http2Request(text, 'http');
  for (const name of [':scheme', ':path']) Reflect.deleteProperty(fields, name);
  return fields;
}

/** The request for a WebSocket as a tunnel in HTTP/2 (RFC 8441). */
export function webSocketRequest(text: string, scheme: 'http' | 'https'): Http2Fields {
  const fields = http2Request(text, scheme);
  fields[':method'] = 'CONNECT';
  fields[':protocol'] = 'websocket';
  // It stands for the handshake of HTTP/1, which is ours to answer.
  Reflect.deleteProperty(fields, 'sec-websocket-key');
  return fields;
}
