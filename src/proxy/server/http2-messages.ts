// Requests as streams of a session to a server, and heads of its responses: between the texts of HTTP/1, which all the rest
// speaks, and HTTP/2.
import type { ClientHttp2Stream } from 'node:http2';
import { Duplex } from 'node:stream';
import { builtins } from '../../lib/builtins.ts';
import { errorCode } from '../core/http2/protocol.ts';
import { connectRequest, http2Request, webSocketRequest } from '../core/http/http2-request.ts';
import { readHttp2Response } from '../core/http/http2-response.ts';
import type { ResponseHead } from '../core/http/response-head.ts';
import type { Http2Session } from './http2-session.ts';
import type { Tunnelled } from './http2-upstream.ts';
import type { Failure } from './upstream-owner.ts';

export interface OpenedStream {
  readonly stream: ClientHttp2Stream;
  /** What stood behind the head. */
  readonly body: Buffer;
  /** Of the handshake of a WebSocket, which is answered here. */
  readonly webSocketKey: string | undefined;
}

/** `text`: a head as of HTTP/1, perhaps with a body. `last`: nothing comes after it. Else why that cannot be. */
export function openStream(
  session: Http2Session | undefined,
  text: string,
  last: boolean,
  { upgrade, connects }: Tunnelled,
): OpenedStream | Failure {
  if (!session) return 'goaway';
  const end = text.indexOf('\r\n\r\n');
  const head = text.slice(0, end + 2);
  const body = Buffer.from(text.slice(end + 4), 'latin1');
  if (connects) {
    const stream = session.request(connectRequest(head), { endStream: false, waitForTrailers: false });
    return stream ? { stream, body, webSocketKey: undefined } : 'goaway';
  }
  if (upgrade === '') {
    const options = { endStream: last && body.length === 0, waitForTrailers: !last };
    const stream = session.request(http2Request(head, session.scheme), options);
    return stream ? { stream, body, webSocketKey: undefined } : 'goaway';
  }
  const webSocketKey = /\r\nsec-websocket-key:[ \t]*([^ \t\r\n]+)/i.exec(head)?.[1];
  if (!/^websocket$/i.test(upgrade) || webSocketKey === undefined || !session.takesWebSockets) return 'no-upgrade';
  const stream = session.request(webSocketRequest(head, session.scheme), { endStream: false, waitForTrailers: false });
  return stream ? { stream, body, webSocketKey } : 'goaway';
}

/** `fields`: names and values in turn. `ended`: nothing follows. Undefined: that is no response. */
export function responseHeadOf(fields: readonly string[], bodiless: boolean, ended: boolean): ResponseHead | undefined {
  const reasonOf = (status: number): string => builtins.http.STATUS_CODES[status] ?? '';
  const head = readHttp2Response(fields, { bodiless, ended, reasonOf });
  return typeof head === 'string' ? undefined : head;
}

/** Gives a request up: what was sent of it must not be taken for all of it. */
export function giveUp(stream: ClientHttp2Stream): void {
  // Node.js would end the stream first, as if the request were complete.
  stream._final = (done) => done();
  stream.close(errorCode.cancel);
}

/** Streams that a server reset, without an error, before their end. */
const cut = new WeakSet<Duplex>();

/** To Node.js such a reset is an end like any other: what pushes the end must look whether the stream is closed already. */
export function watchEnd(stream: ClientHttp2Stream): void {
  stream.push = pushOrNote;
}

/** Asked at the end of a stream that is watched: what came of it is not all. */
export function wasCut(stream: ClientHttp2Stream): boolean {
  return cut.has(stream);
}

function pushOrNote(this: Duplex, chunk: unknown, encoding?: BufferEncoding): boolean {
  if (chunk === null && this.closed) cut.add(this);
  return Duplex.prototype.push.call(this, chunk, encoding);
}
