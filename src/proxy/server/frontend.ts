// A frontend in a worker: accepts connections, knows its rules, what they do with requests, and whom it trusts.
import type { Socket } from 'node:net';
import { type Address, type AddressSet, parseAddress } from '../core/address.ts';
import type { FrontendConfig } from '../core/config/model.ts';
import { Counters } from '../core/counters.ts';
import { type CompiledFrontend, compileFrontend, type RateLimits } from '../core/handling/compile.ts';
import type { Handling } from '../core/handling/handling.ts';
import type { Incoming } from '../core/handling/incoming.ts';
import { ClientConnection } from './client-connection.ts';
import type { Receive } from './accepting.ts';
import type { FrontendConnection, Origin } from './frontend-connection.ts';
import { TlsHandshake } from './tls-handshake.ts';
import type { TlsTerminator } from './tls-terminator.ts';
import type { WorkerContext } from './worker-context.ts';

export class FrontendRuntime {
  config: FrontendConfig;
  readonly counters = new Counters();
  readonly connections = new Set<FrontendConnection>();
  /** Of the present configuration. */
  terminator: TlsTerminator | undefined;
  #compiled: CompiledFrontend;

  constructor(config: FrontendConfig, limits: RateLimits) {
    this.config = config;
    this.#compiled = compileFrontend(config, limits);
  }

  reconfigure(config: FrontendConfig, limits: RateLimits): void {
    this.config = config;
    this.#compiled = compileFrontend(config, limits);
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

  /** Whether those who come to this bind speak TLS. */
  speaksTls(bind: string): boolean {
    return this.config.tls?.binds.includes(bind) === true;
  }

  /** Takes a client, or closes its socket beyond maxconn. Says who reads from it; with TLS that is done elsewhere. */
  accept(socket: Socket, bind: string, context: WorkerContext): Receive | undefined {
    if (this.connections.size >= this.config.maxconn) {
      socket.destroy();
      return undefined;
    }
    this.counters.connectionsTotal += 1;
    if (this.speaksTls(bind)) {
      this.#handshake(socket, context);
      return undefined;
    }
    const connection = new ClientConnection(socket, this, context);
    this.#add(connection);
    return (bytes) => connection.receive(bytes);
  }

  #handshake(raw: Socket, context: WorkerContext): void {
    const { terminator } = this;
    const { tls } = this.config;
    if (!terminator || !tls) {
      raw.destroy();
      return;
    }
    const handshake = new TlsHandshake(raw, terminator, context, {
      secured: (socket, origin) => {
        this.closed(handshake);
        this.#secured(socket, origin, context);
      },
      closed: () => this.closed(handshake),
      badProxyHeader: () => (this.counters.requestErrors += 1),
    });
    this.#add(handshake);
    handshake.start(this.balancers.has(peerOf(raw)), tls.handshakeMs);
  }

  #secured(socket: Socket, origin: Origin, context: WorkerContext): void {
    const connection = new ClientConnection(socket, this, context, origin);
    this.#add(connection);
    socket.on('data', (bytes: Buffer) => connection.receive(bytes));
    if (context.stopping) connection.drain();
  }

  #add(connection: FrontendConnection): void {
    this.connections.add(connection);
    this.counters.connections = this.connections.size;
  }

  /** Lets go of its clients: idle ones now, others after their response. */
  drain(): void {
    for (const connection of [...this.connections]) connection.drain();
  }

  closed(connection: FrontendConnection): void {
    this.connections.delete(connection);
    this.counters.connections = this.connections.size;
  }
}

/** Who is at the other end. */
function peerOf({ remoteAddress = '' }: Socket): Address | undefined {
  return parseAddress(remoteAddress.replace(/^::ffff:/, ''));
}
