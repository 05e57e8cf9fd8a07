// Head of an HTTP/1 request: text -> what the proxy needs, or the status that refuses it. Strict by RFC 9112 where
// leniency would let two parties see different messages (request smuggling). One pass, no list of headers is built.
import type { HeadLimits } from '../config/model.ts';
import { readTransferEncoding, splitTokens } from './fields.ts';
import { isAuthority, settleTarget } from './request-target.ts';
import { firstLetters, isToken, mayBe, parseLength, trimmed, withoutFields } from './scan.ts';

export interface Refusal {
  readonly refused: true;
  readonly status: number;
  readonly reason: string;
}

export class RequestHead {
  readonly refused = false;
  method = '';
  /** Origin form, or `*`; of CONNECT an authority. */
  target = '';
  minor = 1;
  host = '';
  /** Body length, -1 when chunked, 0 when there is none. */
  length = 0;
  hasLength = false;
  keepAlive = true;
  /** Protocol asked for by `Connection: upgrade`, else ''. */
  upgrade = '';
  /** It asks for a tunnel by CONNECT. */
  connects = false;
  expectContinue = false;
  acceptsTrailers = false;
  hasIdempotencyKey = false;
  cookie = '';
  forwardedFor = '';
  forwardedProto = '';
  forwardedHost = '';
  /** Names of other headers that say where the request comes from; only trusted proxies may. */
  origins: string[] | undefined;
  /** End-to-end header lines as they came, without Cookie, X-Forwarded-*, hop-by-hop ones and framing of chunks. */
  fields = '';

  get asksForTunnel(): boolean {
    return this.connects || this.upgrade !== '';
  }
}

export function refuse(status: number, reason: string): Refusal {
  return { refused: true, status, reason };
}

/** Parses request line and header lines; `text` ends with CRLF and went through findHeadEnd. */
export function parseRequestHead(text: string, limits: HeadLimits): RequestHead | Refusal {
  const head = new RequestHead();
  const lineEnd = text.indexOf('\r\n');
  const refusal = requestLine(text, lineEnd, head, limits);
  if (refusal) return refusal;
  const collected = new Collected();
  let keepFrom = lineEnd + 2;
  let count = 0;
  for (let at = lineEnd + 2; at < text.length;) {
    const end = text.indexOf('\r\n', at);
    const colon = text.indexOf(':', at);
    if (colon < 0 || colon >= end || !isToken(text, at, colon)) return refuse(400, 'malformed header line');
    count += 1;
    const outcome = field(text, at, colon, end, head, collected);
    if (outcome === drop) {
      if (keepFrom < at) head.fields += text.slice(keepFrom, at);
      keepFrom = end + 2;
    } else if (outcome !== keep) {
      return outcome;
    }
    at = end + 2;
  }
  if (count > limits.headers) return refuse(431, 'too many headers');
  if (keepFrom < text.length) head.fields += text.slice(keepFrom);
  return finish(head, collected);
}

const keep = 'keep';
const drop = 'drop';

class Collected {
  hosts = 0;
  lengths = 0;
  transferEncodings = 0;
  chunked = false;
  upgrade = '';
  te = '';
  authority = '';
  readonly connection: string[] = [];
}

function requestLine(text: string, end: number, head: RequestHead, limits: HeadLimits): Refusal | undefined {
  const first = text.indexOf(' ');
  const last = text.lastIndexOf(' ', end - 1);
  if (first <= 0 || last <= first || last > end || !isToken(text, 0, first))
    return refuse(400, 'malformed request line');
  head.method = text.slice(0, first);
  const version = text.slice(last + 1, end);
  if (version === 'HTTP/1.1') head.minor = 1;
  else if (version === 'HTTP/1.0') head.minor = 0;
  else if (/^HTTP\/[0-9]\.[0-9]$/.test(version)) return refuse(505, 'unsupported version');
  else return refuse(400, 'malformed version');
  if (last - first - 1 > limits.uriBytes) return refuse(414, 'target too long');
  const target = text.slice(first + 1, last);
  for (let at = 0; at < target.length; at += 1) {
    const code = target.charCodeAt(at);
    // Space, tab and control characters, '#', and bytes beyond ASCII cannot stand in a request target.
    if (code <= 0x20 || code === 0x23 || code > 0x7e) return refuse(400, 'malformed target');
  }
  head.target = target;
  head.keepAlive = head.minor === 1;
  return undefined;
}

/** `x-forwarded-` and anything else: with some, names of the usual lengths. */
const origins = [
  'forwarded',
  'x-real-ip',
  'x-forwarded-port',
  'x-forwarded-by',
  'x-forwarded-server',
  'x-forwarded-ssl',
];

const names = [
  'te',
  'host',
  'cookie',
  'expect',
  'upgrade',
  'connection',
  'keep-alive',
  'proxy-connection',
  'http2-settings',
  'content-length',
  'transfer-encoding',
  'idempotency-key',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  ...origins,
];
const known = firstLetters(names);
const examined: ReadonlySet<string> = new Set(names);

/** Whether a header (its name in lower case) means something to the head; all others go on as they came. */
export function isExamined(name: string): boolean {
  return examined.has(name) || name.startsWith('x-forwarded-');
}

/** Sorts out one header line. */
function field(
  text: string,
  at: number,
  colon: number,
  end: number,
  head: RequestHead,
  to: Collected,
): typeof keep | typeof drop | Refusal {
  if (!mayBe(known, colon - at, text.charCodeAt(at))) return keep;
  const value = (): string => trimmed(text, colon + 1, end);
  const name = text.slice(at, colon).toLowerCase();
  switch (name) {
    case 'te':
      to.te += `,${value().toLowerCase()}`;
      return drop;
    case 'host':
      to.hosts += 1;
      head.host = value();
      return drop;
    case 'cookie':
      head.cookie += head.cookie === '' ? value() : `; ${value()}`;
      return drop;
    case 'expect':
      if (value().toLowerCase() !== '100-continue') return refuse(417, 'unknown expectation');
      head.expectContinue = true;
      return drop;
    case 'upgrade':
      to.upgrade += `,${value()}`;
      return drop;
    case 'connection':
      splitTokens(value(), to.connection);
      return drop;
    case 'keep-alive':
    case 'proxy-connection':
    case 'http2-settings':
      return drop;
    case 'content-length':
      to.lengths += 1;
      head.length = parseLength(value());
      head.hasLength = true;
      return head.length < 0 ? refuse(400, 'malformed Content-Length') : keep;
    case 'transfer-encoding': {
      to.transferEncodings += 1;
      const status = readTransferEncoding(value());
      if (status !== 0) return refuse(status, 'unsupported Transfer-Encoding');
      to.chunked = true;
      return drop;
    }
    case 'idempotency-key':
      head.hasIdempotencyKey = value() !== '';
      return keep;
    case 'x-forwarded-for':
      head.forwardedFor += head.forwardedFor === '' ? value() : `, ${value()}`;
      return drop;
    case 'x-forwarded-proto':
      head.forwardedProto = value();
      return drop;
    case 'x-forwarded-host':
      head.forwardedHost = value();
      return drop;
    default:
      if (name === 'forwarded' || name === 'x-real-ip' || name.startsWith('x-forwarded-'))
        (head.origins ??= []).push(name);
      return keep;
  }
}

/** Names that a Connection header cannot take away: framing, routing, and what the request means. */
const protectedNames = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'cookie',
  'authorization',
  'trailer',
  'te',
  'content-type',
  'content-encoding',
  'idempotency-key',
]);

function finish(head: RequestHead, from: Collected): RequestHead | Refusal {
  if (from.hosts > 1) return refuse(400, 'more than one Host');
  if (from.hosts === 0 && head.minor === 1) return refuse(400, 'no Host');
  if (from.hosts === 1 && !isAuthority(head.host)) return refuse(400, 'malformed Host');
  if (from.lengths > 1) return refuse(400, 'more than one Content-Length');
  if (from.transferEncodings > 1) return refuse(400, 'more than one Transfer-Encoding');
  if (from.chunked) {
    if (from.lengths > 0) return refuse(400, 'both Content-Length and Transfer-Encoding');
    if (head.minor === 0) return refuse(400, 'Transfer-Encoding in HTTP/1.0');
    head.length = -1;
  }
  const problem = settleTarget(head, from.hosts === 1);
  if (problem !== undefined) return refuse(400, problem);
  let nominated: string[] | undefined;
  let upgrades = false;
  for (const token of from.connection) {
    if (token === 'close') head.keepAlive = false;
    else if (token === 'keep-alive') head.keepAlive ||= head.minor === 0;
    else if (token === 'upgrade') upgrades = true;
    else if (!protectedNames.has(token)) (nominated ??= []).push(token);
  }
  if (from.connection.includes('close')) head.keepAlive = false;
  if (nominated) head.fields = withoutFields(head.fields, nominated);
  if (upgrades && head.minor === 1 && !head.connects) head.upgrade = upgradeProtocols(from.upgrade);
  // What a client sends early is for the tunnel: without one it must not be taken for its next request.
  if (head.connects) head.keepAlive = false;
  if (from.te !== '') head.acceptsTrailers = /(^|,)[ \t]*trailers[ \t]*(,|;|$)/.test(from.te);
  return head;
}

/** What may be tunnelled: not HTTP/2 without TLS, in which requests would go past the rules and limits here. */
function upgradeProtocols(list: string): string {
  const names = list.split(',').map((name) => trimmed(name, 0, name.length));
  return names.filter((name) => name !== '' && !/^h2/i.test(name)).join(', ');
}
