// Requests that nobody sent: what rules would make of them.
import { VezaError } from '../../lib/errors.ts';
import { parseAddress } from './address.ts';
import type { Incoming } from './handling/incoming.ts';
import { parseRequestHead } from './http/request-head.ts';

/** A request as rules look at it. */
export interface RequestFacts {
  readonly method?: string;
  readonly host: string;
  /** With the query. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Who is connected. */
  readonly source?: string;
  readonly scheme?: 'http' | 'https';
  /** The name that was asked for in the TLS handshake. */
  readonly sni?: string;
}

/** Judged by the same strict parser as requests of clients; throws VezaError for what is none. */
export function incomingOf(
  {
    method = 'GET',
    host,
    target,
    headers = {},
    source = '',
    sni,
    scheme = sni === undefined ? 'http' : 'https',
  }: RequestFacts,
  frontend: string,
): Incoming {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const text = `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${lines.join('')}`;
  const head = parseRequestHead(text, { headerBytes: 65_536, headers: 1000, uriBytes: 65_536 });
  if (head.refused) throw new VezaError('bad-request', `not a request: ${head.reason}`);
  const peer = parseAddress(source);
  return {
    head,
    peer,
    peerText: source,
    port: 0,
    client: source,
    scheme,
    tls: scheme === 'http' ? undefined : { sni: sni?.toLowerCase() ?? '', version: '', cipher: '', client: undefined },
    frontend,
    nowMs: 0,
    epochMs: 0,
    target,
    requestId: '',
  };
}
