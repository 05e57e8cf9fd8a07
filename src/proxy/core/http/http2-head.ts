// Head of an HTTP/2 request: the list of its fields -> the same head as of HTTP/1, by the same parser, so that what is
// strict there is strict here. What both versions must not mix (RFC 9113, 8.2.2 and 8.3) is refused.
import type { HeadLimits } from '../config/model.ts';
import type { Field } from '../http2/field.ts';
import { connectionFields } from './fields.ts';
import { parseRequestHead, refuse, type Refusal, type RequestHead } from './request-head.ts';
import { withoutFields } from './scan.ts';

/** `minor` of the heads of HTTP/2 requests: neither 1.0 nor 1.1. */
export const http2Minor = 2;

/** They are about routing, framing or authority, which a body must not change after the fact (RFC 9110, 6.5.1). */
const noTrailers: ReadonlySet<string> = new Set([
  ...connectionFields,
  'authorization',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'host',
  'te',
  'trailer',
]);

/**
 * `hasBody`: the stream goes on after its head. `webSockets`: clients were told that they may ask for tunnels of these (RFC
 * 8441). 'malformed' is what no client that knows HTTP/2 sends (RFC 9113, 8.1.1).
 */
export function readHttp2Head(
  fields: readonly Field[],
  hasBody: boolean,
  limits: HeadLimits,
  webSockets: boolean,
): RequestHead | Refusal | 'malformed' {
  let method = '';
  let path = '';
  let scheme = '';
  let protocol = '';
  let authority: string | undefined;
  let host: string | undefined;
  /** Of the headers that the parser has no interest in, and of the others. */
  let plain = '';
  let lines = '';
  for (const field of fields) {
    const { value } = field;
    switch (field.kind) {
      case 'plain':
        plain += field.line;
        break;
      case 'examined':
        lines += field.line;
        break;
      case 'pseudo':
        if (plain !== '' || lines !== '' || host !== undefined) return 'malformed';
        if (field.name === ':method' && method === '') method = value;
        else if (field.name === ':path' && path === '') path = value;
        else if (field.name === ':scheme' && scheme === '') scheme = value;
        else if (field.name === ':authority' && authority === undefined) authority = value;
        else if (field.name === ':protocol' && protocol === '' && webSockets) protocol = value;
        else return 'malformed';
        break;
      case 'host':
        host = host === undefined ? value : `${host},${value}`;
        break;
      case 'unclean':
        return refuse(400, 'control characters in a header');
      case 'malformed':
        return 'malformed';
      default:
        field.kind satisfies never;
    }
  }
  const connects = method === 'CONNECT' && protocol === '';
  // It has no other place than its authority (RFC 9113, 8.5).
  if (
    connects ? path !== '' || scheme !== '' || authority === undefined : method === '' || path === '' || scheme === ''
  )
    return 'malformed';
  if (protocol !== '') {
    if (method !== 'CONNECT') return 'malformed';
    if (protocol.toLowerCase() !== 'websocket') return refuse(501, 'unknown protocol for a tunnel');
    // What it is in HTTP/1.
    method = 'GET';
  }
  if (authority !== undefined && host !== undefined && authority.toLowerCase() !== host.toLowerCase())
    return refuse(400, ':authority and Host differ');
  if (!connects && !path.startsWith('/') && path !== '*') return refuse(400, 'malformed target');
  const named = authority ?? host;
  const target = connects ? (authority ?? '') : path;
  if (target.length > limits.uriBytes) return refuse(414, 'target too long');
  const text = `${method} ${target} HTTP/1.1\r\n${named === undefined ? '' : `Host: ${named}\r\n`}${lines}`;
  if (text.length + plain.length > limits.headerBytes) return refuse(431, 'head too large');
  // Method, scheme and path are no headers in HTTP/1, and the protocol is in a line that comes of its own.
  if (fields.length - (connects ? 1 : protocol === '' ? 3 : 4) > limits.headers) return refuse(431, 'too many headers');
  const head = parseRequestHead(text, limits);
  if (head.refused) return head;
  head.minor = http2Minor;
  head.fields += plain;
  head.keepAlive = true;
  if (protocol !== '') return asTunnel(head);
  if (connects) return head;
  if (hasBody && !head.hasLength) head.length = -1;
  return head;
}

/** The handshake of HTTP/1 for it is made by whoever sends it to a server: what the client says about that means nothing. */
function asTunnel(head: RequestHead): RequestHead | Refusal {
  if (head.hasLength) return refuse(400, 'a tunnel with a length');
  head.upgrade = 'websocket';
  head.expectContinue = false;
  head.fields = withoutFields(head.fields, ['sec-websocket-key']);
  return head;
}

/** Lines of the fields that may follow a body; undefined if they are malformed. */
export function readHttp2Trailers(fields: readonly Field[]): string | undefined {
  let lines = '';
  for (const { kind, name, line } of fields) {
    if (kind !== 'plain' && kind !== 'examined' && kind !== 'host') return undefined;
    if (!noTrailers.has(name)) lines += line;
  }
  return lines;
}
