// A frontend in a worker: accepts connections, knows its rules and whom it trusts; builds the text of requests to servers.
import { BlockList, isIP, type Socket } from 'node:net';
import type { FrontendConfig } from '../core/config/model.ts';
import { Counters } from '../core/counters.ts';
import type { RequestHead } from '../core/http/request-head.ts';
import { compileRules, type Router } from '../core/routing.ts';
import { ClientConnection } from './client-connection.ts';
import type { WorkerContext } from './worker-context.ts';

export class FrontendRuntime {
  config: FrontendConfig;
  readonly counters = new Counters();
  readonly connections = new Set<ClientConnection>();
  #router: Router;
  #trusted: BlockList;

  constructor(config: FrontendConfig) {
    this.config = config;
    this.#router = compileRules(config);
    this.#trusted = rangesOf(config.trustedProxies);
  }

  reconfigure(config: FrontendConfig): void {
    this.config = config;
    this.#router = compileRules(config);
    this.#trusted = rangesOf(config.trustedProxies);
  }

  /** Name of the backend for a request. */
  route(host: string, target: string): string | undefined {
    return this.#router(host, target);
  }

  trusts(address: string): boolean {
    if (this.config.trustedProxies.length === 0) return false;
    const family = isIP(address);
    return family !== 0 && this.#trusted.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }

  accept(socket: Socket, context: WorkerContext): void {
    if (this.connections.size >= this.config.maxconn) {
      socket.destroy();
      return;
    }
    this.counters.connectionsTotal += 1;
    this.connections.add(new ClientConnection(socket, this, context));
    this.counters.connections = this.connections.size;
  }

  closed(connection: ClientConnection): void {
    this.connections.delete(connection);
    this.counters.connections = this.connections.size;
  }
}

function rangesOf(texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const [address = '', bits] = text.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (isIP(address) === 0) continue;
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

/** The head that servers get: the client's end-to-end headers, and what this hop adds. */
export function requestText(client: ClientConnection, head: RequestHead, cookie: string): string {
  const host = head.host === '' ? localAuthority(client.socket) : head.host;
  let text = `${head.method} ${head.target} HTTP/1.1\r\nHost: ${host}\r\n${head.fields}`;
  if (cookie !== '') text += `Cookie: ${cookie}\r\n`;
  if (head.length === -1) text += 'Transfer-Encoding: chunked\r\n';
  if (head.expectContinue && head.minor === 1) text += 'Expect: 100-continue\r\n';
  if (head.acceptsTrailers) text += 'TE: trailers\r\nConnection: TE\r\n';
  if (head.upgrade !== '') text += `Connection: Upgrade\r\nUpgrade: ${head.upgrade}\r\n`;
  if (client.frontend.config.forwardFor) text += forwardLines(client, head, host);
  return `${text}\r\n`;
}

function forwardLines(client: ClientConnection, head: RequestHead, host: string): string {
  const { trusted, address } = client;
  const before = trusted && head.forwardedFor !== '' ? `${head.forwardedFor}, ` : '';
  const proto = trusted && head.forwardedProto !== '' ? head.forwardedProto : 'http';
  const original = trusted && head.forwardedHost !== '' ? head.forwardedHost : host;
  return `X-Forwarded-For: ${before}${address}\r\nX-Forwarded-Proto: ${proto}\r\nX-Forwarded-Host: ${original}\r\n`;
}

/** Host of an HTTP/1.0 request that named none. */
function localAuthority(socket: Socket): string {
  const address = (socket.localAddress ?? '').replace(/^::ffff:/, '');
  return `${address.includes(':') ? `[${address}]` : address}:${socket.localPort ?? 0}`;
}
