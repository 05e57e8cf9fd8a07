// Head of an HTTP/2 request: the list of its fields -> the same head as of HTTP/1, by the same parser, so that what is
// strict there is strict here. What both versions must not mix (RFC 9113, 8.2.2 and 8.3) is refused.
import type { HeadLimits } from '../config/model.ts';
import { parseRequestHead, refuse, type Refusal, type RequestHead } from './request-head.ts';
import { isToken } from './scan.ts';

/** `minor` of the heads of HTTP/2 requests: neither 1.0 nor 1.1. */
export const http2Minor = 2;

const forbidden: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);
/** Beside them a tab may stand in a value. */
const controls = /(?!\t)\p{Cc}/u;

const pseudoNames: ReadonlySet<string> = new Set([':method', ':scheme', ':path', ':authority']);
/** They are about routing, framing or authority, which a body must not change after the fact (RFC 9110, 6.5.1). */
const noTrailers: ReadonlySet<string> = new Set([
  ...forbidden,
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
 * `fields`: names and values in turn. `hasBody`: the stream goes on after its head. 'malformed' is what no client that
 * knows HTTP/2 sends (RFC 9113, 8.1.1).
 */
export function readHttp2Head(
  fields: readonly string[],
  hasBody: boolean,
  limits: HeadLimits,
): RequestHead | Refusal | 'malformed' {
  const pseudo = new Map<string, string>();
  let host: string | undefined;
  let lines = '';
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] ?? '';
    const value = fields[at + 1] ?? '';
    if (controls.test(value)) return refuse(400, 'control characters in a header');
    if (name.startsWith(':')) {
      if (!pseudoNames.has(name) || pseudo.has(name) || lines !== '' || host !== undefined) return 'malformed';
      pseudo.set(name, value);
    } else if (name === 'host') host = host === undefined ? value : `${host},${value}`;
    else if (forbidden.has(name) || (name === 'te' && value !== 'trailers') || !isLowerCase(name)) return 'malformed';
    else lines += `${name}: ${value}\r\n`;
  }
  const method = pseudo.get(':method') ?? '';
  const path = pseudo.get(':path') ?? '';
  if (method === 'CONNECT') return refuse(405, 'CONNECT is not supported');
  if (method === '' || path === '' || !pseudo.has(':scheme')) return 'malformed';
  const authority = pseudo.get(':authority');
  if (authority !== undefined && host !== undefined && authority.toLowerCase() !== host.toLowerCase())
    return refuse(400, ':authority and Host differ');
  if (!path.startsWith('/') && path !== '*') return refuse(400, 'malformed target');
  const named = authority ?? host;
  if (path.length > limits.uriBytes) return refuse(414, 'target too long');
  const text = `${method} ${path} HTTP/1.1\r\n${named === undefined ? '' : `Host: ${named}\r\n`}${lines}`;
  if (text.length > limits.headerBytes) return refuse(431, 'head too large');
  const head = parseRequestHead(text, limits);
  if (head.refused) return head;
  head.minor = http2Minor;
  head.keepAlive = true;
  if (hasBody && !head.hasLength) head.length = -1;
  return head;
}

function isLowerCase(name: string): boolean {
  return name === name.toLowerCase();
}

/** Lines of the fields that may follow a body; undefined if they are malformed. */
export function readHttp2Trailers(fields: readonly string[]): string | undefined {
  let lines = '';
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] ?? '';
    const value = fields[at + 1] ?? '';
    if (!isToken(name, 0, name.length) || !isLowerCase(name) || controls.test(value)) return undefined;
    if (!noTrailers.has(name)) lines += `${name}: ${value}\r\n`;
  }
  return lines;
}
