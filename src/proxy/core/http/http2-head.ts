// Head of an HTTP/2 request: the list of its fields -> the same head as of HTTP/1, by the same parser, so that what is
// strict there is strict here. What both versions must not mix (RFC 9113, 8.2.2 and 8.3) is refused.
import type { HeadLimits } from '../config/model.ts';
import { parseRequestHead, refuse, type Refusal, type RequestHead } from './request-head.ts';

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

/** `fields`: names and values in turn. `hasBody`: the stream goes on after its head. */
export function readHttp2Head(fields: readonly string[], hasBody: boolean, limits: HeadLimits): RequestHead | Refusal {
  let method = '';
  let path = '';
  let authority: string | undefined;
  let host: string | undefined;
  let lines = '';
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] ?? '';
    const value = fields[at + 1] ?? '';
    if (controls.test(value)) return refuse(400, 'control characters in a header');
    if (name === ':method') method = value;
    else if (name === ':path') path = value;
    else if (name === ':authority') authority = value;
    else if (name === 'host') host = host === undefined ? value : `${host},${value}`;
    else if (forbidden.has(name)) return refuse(400, 'a header of HTTP/1 connections');
    else if (!name.startsWith(':')) lines += `${name}: ${value}\r\n`;
  }
  if (authority !== undefined && host !== undefined && authority.toLowerCase() !== host.toLowerCase())
    return refuse(400, ':authority and Host differ');
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
