// Between the head of a request and its way to a server: who asks, as rules see it, and answers of the proxy itself.
import { randomUUID } from 'node:crypto';
import type { HttpTokens } from '../../acme/http-tokens.ts';
import { parseAddress } from '../core/address.ts';
import { type Answer, answer, type Incoming, pathOf } from '../core/handling/incoming.ts';
import { refuse, type RequestHead } from '../core/http/request-head.ts';
import { reasonOf } from '../core/handling/error-page.ts';
import { proxyHeader } from '../core/proxy-protocol.ts';
import type { Client } from './client.ts';
import type { ClientSocket } from './client-socket.ts';

/** A request as rules see it. */
export function incomingOf({ from, requestAtMs }: Client, head: RequestHead, nowMs: number): Incoming {
  return {
    head,
    peer: from.peer,
    peerText: from.address,
    port: from.port,
    client: from.trusted ? clientBehind(from, head.forwardedFor) : from.address,
    scheme: schemeOf(from, head),
    tls: from.tls,
    frontend: from.frontend.config.name,
    nowMs,
    epochMs: requestAtMs,
    target: head.target,
    requestId: '',
  };
}

/** To who asks for a tunnel where none may be, or would be taken to have got one by the answer. */
export const noTunnels = refuse(405, 'no tunnel here');

/** The answer to an ACME authority, before all rules: it proves that names lead here. Undefined for all others. */
export function challengeAnswer(challenges: HttpTokens, { method, target }: RequestHead): Answer | undefined {
  if (challenges.size === 0 || (method !== 'GET' && method !== 'HEAD')) return undefined;
  const body = challenges.answer(pathOf(target));
  return body === null ? undefined : answer(200, '', body);
}

/** What the client speaks itself, as a trusted proxy before us says. */
function schemeOf({ trusted, tls }: ClientSocket, { forwardedProto }: RequestHead): 'http' | 'https' {
  if (trusted && forwardedProto !== '') return forwardedProto.toLowerCase() === 'https' ? 'https' : 'http';
  return tls ? 'https' : 'http';
}

/** The last hop that no trusted proxy is: what stands before it anybody can have written. */
function clientBehind(client: ClientSocket, forwardedFor: string): string {
  const hops = forwardedFor.split(',').map((hop) => hop.trim());
  for (const hop of hops.toReversed()) {
    const address = parseAddress(hop);
    if (!address) break;
    if (!client.frontend.trusted.has(address)) return hop;
  }
  return client.address;
}

type Introduced = Pick<ClientSocket, 'address' | 'port' | 'localAddress' | 'localPort'>;

/** What a connection for this client begins with, where servers are told whom it is for. */
export function introduction(client: Introduced, version: 'off' | 'v1' | 'v2'): Buffer | undefined {
  if (version === 'off') return undefined;
  const { address: source, port: sourcePort, localAddress: destination, localPort: destinationPort } = client;
  return proxyHeader(version, { source, sourcePort, destination, destinationPort });
}

export function newRequestId(): string {
  return randomUUID();
}

/** Head and body of an answer of the proxy itself. */
export function answerText(given: Answer, head: RequestHead, keepAlive: boolean): string {
  const { status, fields, body } = given;
  const isEmpty = status === 204 || status === 304;
  const hasType = /^content-type:/im.test(fields);
  const text = body === '' && status >= 400 ? `${status} ${reasonOf(status)}\n` : body;
  const bytes = Buffer.from(text, 'utf8');
  return (
    `HTTP/1.1 ${status} ${reasonOf(status)}\r\n${fields}` +
    (isEmpty || hasType || bytes.length === 0 ? '' : 'Content-Type: text/plain; charset=utf-8\r\n') +
    (isEmpty ? '' : `Content-Length: ${bytes.length}\r\n`) +
    (!keepAlive ? 'Connection: close\r\n' : head.minor === 0 ? 'Connection: keep-alive\r\n' : '') +
    `\r\n${isEmpty || head.method === 'HEAD' ? '' : bytes.toString('latin1')}`
  );
}
