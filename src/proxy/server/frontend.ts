// A frontend in a worker: accepts connections, knows its rules, what they do with requests, and whom it trusts.
import type { Socket } from 'node:net';
import type { AddressSet } from '../core/address.ts';
import type { FrontendConfig } from '../core/config/model.ts';
import { Counters } from '../core/counters.ts';
import { type CompiledFrontend, compileFrontend, type RateLimits } from '../core/handling/compile.ts';
import type { FindPlugins } from '../core/handling/plugins.ts';
import type { Handling } from '../core/handling/handling.ts';
import type { Incoming } from '../core/handling/incoming.ts';
import { ClientConnection } from './client-connection.ts';
import { TcpConnection } from './tcp-connection.ts';
import type { WorkerContext } from './worker-context.ts';

export interface Route {
  readonly backend: string;
  readonly server: string | undefined;
}

/** A client, in whatever mode. */
export interface FrontConnection {
  readonly phase: string;
  readonly address: string;
  readonly port: number;
  readonly frontend: FrontendRuntime;
  /** On the clock of `performance.now()`. */
  readonly openedAt: number;
  /** Where what it asks for goes, once that is decided. */
  readonly route: Route | undefined;
  receive(bytes: Buffer): void;
  /** Lets go of it, when that costs nothing. */
  drain(): void;
  destroy(): void;
}

export class FrontendRuntime {
  config: FrontendConfig;
  readonly counters = new Counters();
  readonly connections = new Set<FrontConnection>();
  #compiled: CompiledFrontend;

  constructor(config: FrontendConfig, limits: RateLimits, plugins?: FindPlugins) {
    this.config = config;
    this.#compiled = compileFrontend(config, limits, plugins);
  }

  reconfigure(config: FrontendConfig, limits: RateLimits, plugins?: FindPlugins): void {
    this.config = config;
    this.#compiled = compileFrontend(config, limits, plugins);
  }

  /** What is to be done with a request. */
  handlingOf(incoming: Incoming): Handling {
    return this.#compiled.handlingOf(incoming);
  }

  get trusted(): AddressSet {
    return this.#compiled.trusted;
  }

  get balancers(): AddressSet {
    return this.#compiled.balancers;
  }

  /** Undefined beyond maxconn. */
  accept(socket: Socket, context: WorkerContext): FrontConnection | undefined {
    if (this.connections.size >= this.config.maxconn) return undefined;
    this.counters.connectionsTotal += 1;
    if (this.config.mode === 'tcp') return this.#join(socket, context);
    const connection = new ClientConnection(socket, this, context);
    this.#opened(connection);
    return connection;
  }

  #join(socket: Socket, context: WorkerContext): FrontConnection | undefined {
    const backend = context.backend(this.config.defaultBackend ?? '');
    if (!backend) return undefined;
    const connection = new TcpConnection(socket, this, backend, context);
    this.#opened(connection);
    connection.start();
    return connection;
  }

  #opened(connection: FrontConnection): void {
    this.connections.add(connection);
    this.counters.connections = this.connections.size;
  }

  /** Lets go of its clients: idle ones now, others after their response. */
  drain(): void {
    for (const connection of [...this.connections]) connection.drain();
  }

  closed(connection: FrontConnection): void {
    this.connections.delete(connection);
    this.counters.connections = this.connections.size;
  }
}
