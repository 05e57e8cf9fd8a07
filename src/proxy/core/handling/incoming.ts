// What rules, edits and middleware may know of a request, and an answer that the proxy gives itself. Plain data.
import type { Address } from '../address.ts';
import type { RequestHead } from '../http/request-head.ts';
import type { TlsFacts } from '../tls/facts.ts';

export interface Incoming {
  readonly head: RequestHead;
  /** Who is connected. */
  readonly peer: Address | undefined;
  readonly peerText: string;
  readonly port: number;
  /** The client behind trusted proxies; the peer where there are none. */
  readonly client: string;
  readonly scheme: 'http' | 'https';
  /** Of the connection itself; undefined without TLS. */
  readonly tls: TlsFacts | undefined;
  readonly frontend: string;
  /** Monotonic and epoch milliseconds. */
  readonly nowMs: number;
  readonly epochMs: number;
  /** The target with rewrites applied. */
  target: string;
  requestId: string;
}

/** A response of the proxy itself. `fields`: lines with CRLF. */
export interface Answer {
  readonly status: number;
  readonly fields: string;
  readonly body: string;
}

export function answer(status: number, fields = '', body?: string): Answer {
  return { status, fields, body: body ?? '' };
}

/** The path of a target, without the query. */
export function pathOf(target: string): string {
  const question = target.indexOf('?');
  return question < 0 ? target : target.slice(0, question);
}

/** The query of a target with its `?`, or ''. */
export function queryOf(target: string): string {
  const question = target.indexOf('?');
  return question < 0 ? '' : target.slice(question);
}
