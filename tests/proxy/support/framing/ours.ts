// How the readers of veza-proxy frame what comes on a connection.
import { BodyReader } from '../../../../src/proxy/core/http/body-reader.ts';
import { readRequest } from '../../../../src/proxy/core/http/read-request.ts';
import { parseResponseHead } from '../../../../src/proxy/core/http/response-head.ts';
import { findHeadEnd, incomplete, malformed } from '../../../../src/proxy/core/http/scan.ts';

const limits = { headerBytes: 16_384, headers: 128, uriBytes: 8192 };

export interface FramedRequest {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  body: string;
  whole: boolean;
  /** Behind the wish for another protocol its reader reads nothing more. */
  readonly upgrades: boolean;
}

export interface FramedConnection {
  readonly requests: readonly FramedRequest[];
  /** The bytes were refused, or the last request said that it is the last. */
  readonly closed: boolean;
}

/** Reads requests as a connection of a client does: bytes come in pieces. */
export function framedByUs(all: readonly Buffer[]): FramedConnection {
  const requests: FramedRequest[] = [];
  let pending: Buffer = Buffer.alloc(0);
  let scanned = 0;
  let keepAlive = true;
  let body: BodyReader | undefined;
  for (const piece of all) {
    pending = Buffer.concat([pending, piece]);
    for (;;) {
      if (body) {
        const [ranges, bytes, reader]: [number[], Buffer, BodyReader] = [[], pending, body];
        pending = bytes.subarray(reader.feed(bytes, 0, ranges));
        const request = requests.at(-1);
        if (!request) throw new Error('a body without a request');
        for (let at = 0; at < ranges.length; at += 2)
          request.body += bytes.toString('latin1', ranges[at], ranges[at + 1]);
        if (reader.state === 'failed') return { requests, closed: true };
        if (reader.state === 'more') break;
        request.whole = true;
        body = undefined;
      }
      if (!keepAlive) return { requests, closed: true };
      const { head, end } = readRequest(pending, scanned, limits);
      scanned = head ? 0 : pending.length;
      if (!head) break;
      if (head.refused) return { requests, closed: true };
      keepAlive = head.keepAlive;
      const { method, target, host } = head;
      requests.push({ method, target, host, body: '', whole: head.length === 0, upgrades: head.upgrade !== '' });
      if (head.length !== 0) body = new BodyReader(head.length);
      pending = pending.subarray(end);
    }
  }
  return { requests, closed: false };
}

export interface FramedResponse {
  readonly hints: readonly number[];
  readonly status: number;
  readonly body: string;
  /** False: it broke off, and a client must notice. */
  readonly whole: boolean;
}

/** Reads the answer to one request, up to the end of the connection; undefined if it is not one. */
export function responseReadByUs(all: readonly Buffer[], bodiless: boolean): FramedResponse | undefined {
  const bytes = Buffer.concat(all);
  const hints: number[] = [];
  for (let start = 0; ;) {
    const end = findHeadEnd(bytes, start, start);
    if (end === malformed || end === incomplete) return undefined;
    const head = parseResponseHead(bytes.toString('latin1', start, end - 2), bodiless);
    if (typeof head === 'string' || head.status === 101) return undefined;
    start = end;
    if (head.status < 200) {
      hints.push(head.status);
      continue;
    }
    const { status } = head;
    if (head.length === 0) return { hints, status, body: '', whole: true };
    const body = new BodyReader(head.length);
    const ranges: number[] = [];
    body.feed(bytes, start, ranges);
    let text = '';
    for (let at = 0; at < ranges.length; at += 2) text += bytes.toString('latin1', ranges[at], ranges[at + 1]);
    return { hints, status, body: text, whole: body.state === 'done' || head.length === -2 };
  }
}
