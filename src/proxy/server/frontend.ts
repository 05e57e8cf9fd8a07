// A frontend in a worker: accepts connections, knows its rules and whom it trusts.
import { BlockList, isIP, type Socket } from 'node:net';
import type { FrontendConfig } from '../core/config/model.ts';
import { Counters } from '../core/counters.ts';
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

  /** Undefined beyond maxconn. */
  accept(socket: Socket, context: WorkerContext): ClientConnection | undefined {
    if (this.connections.size >= this.config.maxconn) return undefined;
    this.counters.connectionsTotal += 1;
    const connection = new ClientConnection(socket, this, context);
    this.connections.add(connection);
    this.counters.connections = this.connections.size;
    return connection;
  }

  /** Lets go of its clients: idle ones now, others after their response. */
  drain(): void {
    for (const connection of [...this.connections]) connection.drain();
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
