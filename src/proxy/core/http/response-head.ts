// Head of an HTTP/1 response from a server: text -> what the proxy needs, or why it is not one (502).
import { keepAliveTimeoutSeconds, readTransferEncoding, splitTokens } from './fields.ts';
import { firstLetters, isToken, mayBe, parseLength, trimmed, withoutFields } from './scan.ts';

export class ResponseHead {
  status = 0;
  minor = 1;
  /** `200 OK`, as it came. */
  statusText = '';
  /** Length of the body, -1 when chunked, -2 when the end of the connection ends it. 0 when there is none. */
  length = -2;
  keepAlive = true;
  upgrade = '';
  /** Seconds after which the server closes an idle connection; -1 unknown. */
  keepAliveSeconds = -1;
  isEventStream = false;
  hasSetCookie = false;
  /** May a shared cache store it: a validator or a freshness is there and `private`/`no-store` is not. */
  hasValidator = false;
  cacheControl = '';
  /** End-to-end header lines as they came, Content-Length among them. */
  fields = '';
}

const streamEnd = -2;

/** Parses a response head; returns why it is refused as a string. `bodiless`: the request was HEAD. */
export function parseResponseHead(text: string, bodiless: boolean): ResponseHead | string {
  const head = new ResponseHead();
  const lineEnd = text.indexOf('\r\n');
  head.status = statusOf(text, lineEnd);
  if (head.status === 0) return 'malformed status line';
  head.minor = text.charCodeAt(7) - digit0;
  head.statusText = text.slice(9, lineEnd);
  const seen: Seen = { lengths: 0, transferEncodings: 0, length: 0, connection: [], upgrade: '' };
  let keepFrom = lineEnd + 2;
  for (let at = lineEnd + 2; at < text.length;) {
    const end = text.indexOf('\r\n', at);
    const colon = text.indexOf(':', at);
    if (colon < 0 || colon >= end || !isToken(text, at, colon)) return 'malformed header line';
    const outcome = field(text, at, colon, end, head, seen);
    if (typeof outcome === 'string') return outcome;
    if (outcome) {
      if (keepFrom < at) head.fields += text.slice(keepFrom, at);
      keepFrom = end + 2;
    }
    at = end + 2;
  }
  if (keepFrom < text.length) head.fields += text.slice(keepFrom);
  return finish(head, seen, bodiless);
}

/** Whether a response to CONNECT opens the tunnel: any success does (RFC 9110, 9.3.6). */
export function opensTunnel({ status }: ResponseHead): boolean {
  return status >= 200 && status < 300;
}

/** The head of a response that opens a tunnel: what it says of a body means nothing. */
export function asTunnelHead(head: ResponseHead): ResponseHead {
  head.length = 0;
  head.fields = withoutFields(head.fields, ['content-length']);
  return head;
}

const digit0 = 0x30;

/** The status in `HTTP/1.1 200 OK`, of version 1.0 or 1.1; 0 if that is no status line. */
function statusOf(text: string, end: number): number {
  if (!text.startsWith('HTTP/1.1 ') && !text.startsWith('HTTP/1.0 ')) return 0;
  const hundreds = text.charCodeAt(9) - digit0;
  const tens = text.charCodeAt(10) - digit0;
  const ones = text.charCodeAt(11) - digit0;
  const isNumber = hundreds >= 1 && hundreds <= 5 && tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9;
  const endsThere = end === 12 || (end > 12 && text.charCodeAt(12) === 0x20);
  return isNumber && endsThere ? hundreds * 100 + tens * 10 + ones : 0;
}

interface Seen {
  lengths: number;
  transferEncodings: number;
  length: number;
  readonly connection: string[];
  upgrade: string;
}

const known = firstLetters([
  'etag',
  'expires',
  'last-modified',
  'cache-control',
  'set-cookie',
  'content-type',
  'connection',
  'keep-alive',
  'proxy-connection',
  'upgrade',
  'content-length',
  'transfer-encoding',
]);

/** true = leave the line out, false = keep it, a string = refuse the response. */
function field(text: string, at: number, colon: number, end: number, head: ResponseHead, seen: Seen): boolean | string {
  if (!mayBe(known, colon - at, text.charCodeAt(at))) return false;
  switch (text.slice(at, colon).toLowerCase()) {
    case 'etag':
    case 'expires':
    case 'last-modified':
      head.hasValidator = true;
      return false;
    case 'cache-control':
      head.cacheControl += `,${trimmed(text, colon + 1, end).toLowerCase()}`;
      return false;
    case 'set-cookie':
      head.hasSetCookie = true;
      return false;
    case 'content-type':
      head.isEventStream = isEventStream(trimmed(text, colon + 1, end));
      return false;
    case 'connection':
      splitTokens(trimmed(text, colon + 1, end), seen.connection);
      return true;
    case 'keep-alive':
      head.keepAliveSeconds = keepAliveTimeoutSeconds(trimmed(text, colon + 1, end));
      return true;
    case 'proxy-connection':
      return true;
    case 'upgrade':
      seen.upgrade = trimmed(text, colon + 1, end);
      return true;
    case 'content-length':
      seen.lengths += 1;
      seen.length = parseLength(trimmed(text, colon + 1, end));
      return seen.length < 0 ? 'malformed Content-Length' : false;
    case 'transfer-encoding':
      seen.transferEncodings += 1;
      return readTransferEncoding(trimmed(text, colon + 1, end)) === 0 ? true : 'unsupported Transfer-Encoding';
    default:
      return false;
  }
}

const eventStream = 'text/event-stream';

function isEventStream(type: string): boolean {
  return type.length >= eventStream.length && type.slice(0, eventStream.length).toLowerCase() === eventStream;
}

function finish(head: ResponseHead, seen: Seen, bodiless: boolean): ResponseHead | string {
  if (seen.lengths > 1) return 'more than one Content-Length';
  if (seen.transferEncodings > 1) return 'more than one Transfer-Encoding';
  if (seen.transferEncodings === 1 && (seen.lengths > 0 || head.minor === 0)) return 'contradictory framing';
  head.keepAlive = head.minor === 1;
  let nominated: string[] | undefined;
  for (const token of seen.connection) {
    if (token === 'close') head.keepAlive = false;
    else if (token === 'keep-alive') head.keepAlive = true;
    else if (token === 'upgrade') head.upgrade = seen.upgrade;
    else if (token !== 'content-length' && token !== 'set-cookie') (nominated ??= []).push(token);
  }
  if (seen.connection.includes('close')) head.keepAlive = false;
  if (nominated) head.fields = withoutFields(head.fields, nominated);
  // It must say to what (RFC 9110, 15.5.22). Elsewhere it is only an offer of one connection.
  if (head.status === 426 && seen.upgrade !== '') head.fields += `Upgrade: ${seen.upgrade}\r\nConnection: Upgrade\r\n`;
  // A length where no body can be is no framing, but some client might take it for one.
  if (seen.lengths === 1 && (head.status < 200 || head.status === 204)) {
    head.fields = withoutFields(head.fields, ['content-length']);
  }
  if (bodiless || head.status < 200 || head.status === 204 || head.status === 304) head.length = 0;
  else if (seen.transferEncodings === 1) head.length = -1;
  else head.length = seen.lengths === 1 ? seen.length : streamEnd;
  if (head.length === streamEnd) head.keepAlive = false;
  return head;
}
