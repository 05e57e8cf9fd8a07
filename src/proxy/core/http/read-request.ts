// Bytes of a client -> the head of its next request, a refusal, or the wish for more bytes.
import type { HeadLimits } from '../config/model.ts';
import { parseRequestHead, refuse, type Refusal, type RequestHead } from './request-head.ts';
import { findHeadEnd, incomplete, malformed } from './scan.ts';

export interface ReadRequest {
  /** Undefined: more bytes are needed. */
  readonly head: RequestHead | Refusal | undefined;
  /** Index behind the head. */
  readonly end: number;
  /** Nothing of a request is there yet. */
  readonly empty: boolean;
}

/** Reads a head at the start of the bytes, of which `scanned` were looked at before. */
export function readRequest(bytes: Buffer, scanned: number, limits: HeadLimits): ReadRequest {
  // One empty line before a request is allowed (RFC 9112 2.2).
  const start = bytes.length >= 2 && bytes[0] === 0x0d && bytes[1] === 0x0a ? 2 : 0;
  const end = findHeadEnd(bytes, start, Math.max(start, scanned - 3));
  if (end === malformed) return { head: refuse(400, 'malformed head'), end: 0, empty: false };
  const size = (end === incomplete ? bytes.length : end) - start;
  if (size > limits.headerBytes) {
    const line = bytes.indexOf('\r\n', start);
    const long = (line < 0 ? bytes.length : line) - start > limits.uriBytes;
    return { head: refuse(long ? 414 : 431, 'head too large'), end: 0, empty: false };
  }
  if (end === incomplete) return { head: undefined, end: 0, empty: size === 0 };
  return { head: parseRequestHead(bytes.toString('latin1', start, end - 2), limits), end, empty: false };
}
