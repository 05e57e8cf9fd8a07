// A frontend in a worker: accepts connections, knows its rules, what they do with requests, and whom it trusts.
import type { Socket } from 'node:net';
import { type AddressSet, clientKey, parseAddress } from '../core/address.ts';
import type { FrontendConfig } from '../core/config/model.ts';
import { Counters } from '../core/counters.ts';
import type { CompiledFrontend } from '../core/handling/compile.ts';
import type { Handling } from '../core/handling/handling.ts';
import type { Incoming } from '../core/handling/incoming.ts';
import type { TcpRouter } from '../core/tcp-routing.ts';
import { ClearStart } from './clear-start.ts';
import { ClientConnection } from './client-connection.ts';
import { ClientSlots } from './client-slots.ts';
import type { Receive } from './accepting.ts';
import type { FrontendConnection, Origin } from './frontend-connection.ts';
import { Http2Connection } from './http2-connection.ts';
import type { OpeningEvents } from './opening.ts';
import { TcpConnection } from './tcp-connection.ts';
import { TlsHandshake } from './tls-handshake.ts';
import type { TlsTerminator } from './tls-terminator.ts';
import type { WorkerContext } from './worker-context.ts';

/** A full frontend accepts again when so much of it is left. */
const enoughRoom = 0.98;

export class FrontendRuntime {
  config: FrontendConfig;
  readonly counters = new Counters();
  readonly connections = new Set<FrontendConnection>();
  /** Of the present configuration. */
  terminator: TlsTerminator | undefined;
  slots = Infinity;
  #compiled: CompiledFrontend;
  readonly #clientSlots = new ClientSlots();
  /** Set while nothing is accepted. */
  #waitsForRoom: WorkerContext | undefined;

  constructor(config: FrontendConfig, compiled: CompiledFrontend) {
    this.config = config;
    this.#compiled = compiled;
  }

  reconfigure(config: FrontendConfig, compiled: CompiledFrontend): void {
    this.config = config;
    this.#compiled = compiled;
  }

  /** This worker's share of maxconn. */
  limit(slots: number): void {
    this.slots = slots;
    if (this.#waitsForRoom) this.#seekRoom(this.#waitsForRoom);
  }

  /** What is to be done with a request. */
  handlingOf(incoming: Incoming): Handling {
    return this.#compiled.handlingOf(incoming);
  }

  /** Where connections in mode tcp go. */
  get tcp(): TcpRouter {
    return this.#compiled.tcp;
  }

  get trusted(): AddressSet {
    return this.#compiled.trusted;
  }

  get balancers(): AddressSet {
    return this.#compiled.balancers;
  }

  /** Whether what comes to this bind is read as it is: bytes of mode tcp, or requests of HTTP/1. */
  isPlain(bind: string): boolean {
    return this.config.mode === 'tcp' || (!this.#speaksTls(bind) && !this.config.http2.clear);
  }

  #speaksTls(bind: string): boolean {
    return this.config.tls?.binds.includes(bind) === true;
  }

  /** As many clients as this worker may have. */
  get isFull(): boolean {
    return this.connections.size >= this.slots;
  }

  /** Takes a client, or closes its socket beyond the limit of one. Says who reads from it if nothing comes before requests. */
  accept(socket: Socket, bind: string, context: WorkerContext): Receive | undefined {
    if (!this.#hasRoomFor(socket)) {
      this.counters.deniedConnections += 1;
      socket.destroy();
      return undefined;
    }
    this.counters.connectionsTotal += 1;
    const receive = this.#take(socket, bind, context);
    if (this.isFull && !this.#waitsForRoom) {
      this.#waitsForRoom = context;
      context.full(this);
    }
    return receive;
  }

  #take(socket: Socket, bind: string, context: WorkerContext): Receive | undefined {
    if (this.config.mode === 'tcp') return this.#join(socket, context);
    if (this.isPlain(bind)) {
      const connection = new ClientConnection(socket, this, context);
      this.#add(connection);
      return (bytes) => connection.receive(bytes);
    }
    this.#open(socket, this.#speaksTls(bind), context);
    return undefined;
  }

  #hasRoomFor(socket: Socket): boolean {
    const { maxconnPerClient } = this.config;
    const { remoteAddress } = maxconnPerClient === 0 ? {} : socket;
    // Clients of a unix socket have no address.
    if (remoteAddress === undefined || this.balancers.has(parseAddress(remoteAddress))) return true;
    return this.#clientSlots.take(socket, clientKey(remoteAddress), maxconnPerClient);
  }

  #join(socket: Socket, context: WorkerContext): Receive {
    const connection = new TcpConnection(socket, this, context);
    this.#add(connection);
    connection.start();
    return (bytes) => connection.receive(bytes);
  }

  #open(raw: Socket, secure: boolean, context: WorkerContext): void {
    const events: OpeningEvents = {
      opened: (socket, origin, version) => {
        this.closed(opening);
        this.#opened(socket, origin, version, context);
      },
      closed: () => this.closed(opening),
      badProxyHeader: () => (this.counters.requestErrors += 1),
    };
    const { terminator } = this;
    if (secure && !terminator) throw new Error(`frontend ${this.config.name} has no certificates`);
    const opening =
      secure && terminator
        ? new TlsHandshake(raw, terminator, this, context, events)
        : new ClearStart(raw, this, context, events);
    this.#add(opening);
    const withinMs = secure ? this.config.tls?.handshakeMs : undefined;
    opening.start(withinMs ?? context.config.timeouts.httpRequestMs);
  }

  #opened(socket: Socket, origin: Origin, version: 'http/1.1' | 'h2', context: WorkerContext): void {
    if (version === 'h2') {
      const connection = new Http2Connection(socket, this, context, origin);
      this.#add(connection);
      if (context.stopping) connection.drain();
      return;
    }
    const connection = new ClientConnection(socket, this, context, origin);
    this.#add(connection);
    socket.on('data', (bytes: Buffer) => connection.receive(bytes));
    socket.resume();
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
    if (this.#waitsForRoom) this.#seekRoom(this.#waitsForRoom);
  }

  /** Not at each one that goes: the sockets to accept on come from the master. */
  #seekRoom(context: WorkerContext): void {
    if (this.isFull || this.connections.size > this.slots * enoughRoom) return;
    this.#waitsForRoom = undefined;
    context.hasRoom(this);
  }
}
