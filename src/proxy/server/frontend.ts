// A frontend in a worker: accepts connections, knows its rules, what they do with requests, and whom it trusts.
import type { Socket } from 'node:net';
import { type AddressSet, clientKey } from '../core/address.ts';
import type { FrontendConfig } from '../core/config/model.ts';
import { Counters } from '../core/counters.ts';
import type { CompiledFrontend } from '../core/handling/compile.ts';
import type { Handling } from '../core/handling/handling.ts';
import type { Incoming } from '../core/handling/incoming.ts';
import type { TcpRouter } from '../core/tcp-routing.ts';
import { ClearStart } from './clear-start.ts';
import { knownAddresses } from './client-socket.ts';
import { ClientConnection } from './client-connection.ts';
import { ClientSlots } from './client-slots.ts';
import type { FrontendConnection, Origin } from './frontend-connection.ts';
import { Http2Connection } from './http2-connection.ts';
import type { Opening } from './opening.ts';
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

  /** This worker's share of maxconn. Together they are one limit: whoever has room takes who comes next, whoever that is. */
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

  /** As many clients as this worker may have. */
  get isFull(): boolean {
    return this.connections.size >= this.slots;
  }

  /** Takes a client, or closes its socket beyond the limit of one. */
  accept(socket: Socket, bind: string, context: WorkerContext): void {
    if (!this.#hasRoomFor(socket)) {
      this.counters.deniedConnections += 1;
      socket.destroy();
      return;
    }
    this.counters.connectionsTotal += 1;
    this.#take(socket, bind, context);
    if (this.isFull) this.heedLimit(context);
  }

  /** While it is full nothing more is accepted. */
  heedLimit(context: WorkerContext): void {
    if (!this.isFull || this.#waitsForRoom) return;
    this.#waitsForRoom = context;
    context.full(this);
  }

  #take(socket: Socket, bind: string, context: WorkerContext): void {
    const isSecure = this.config.tls?.binds.includes(bind) === true;
    if (this.config.mode === 'tcp') this.#join(socket, context);
    else if (isSecure || this.config.http2.clear) this.#open(socket, isSecure, context);
    else this.#add(new ClientConnection(socket, this, context));
  }

  #hasRoomFor(socket: Socket): boolean {
    const { maxconnPerClient } = this.config;
    const { remoteAddress } = maxconnPerClient === 0 ? {} : socket;
    // Clients of a unix socket have no address.
    if (remoteAddress === undefined || this.balancers.has(knownAddresses.find(remoteAddress).address)) return true;
    return this.#clientSlots.take(socket, clientKey(remoteAddress), maxconnPerClient);
  }

  #join(socket: Socket, context: WorkerContext): void {
    const connection = new TcpConnection(socket, this, context);
    this.#add(connection);
    connection.start();
  }

  #open(raw: Socket, secure: boolean, context: WorkerContext): void {
    const { terminator } = this;
    if (secure && !terminator) throw new Error(`frontend ${this.config.name} has no certificates`);
    const opening =
      secure && terminator ? new TlsHandshake(raw, terminator, this, context) : new ClearStart(raw, this, context);
    this.#add(opening);
    const withinMs = secure ? this.config.tls?.handshakeMs : undefined;
    opening.start(withinMs ?? context.config.timeouts.httpRequestMs);
  }

  /** A connection is as far as its first request. */
  opened(opening: Opening, socket: Socket, origin: Origin, version: 'http/1.1' | 'h2', context: WorkerContext): void {
    this.closed(opening);
    if (version === 'h2') {
      const connection = new Http2Connection(socket, this, context, origin);
      this.#add(connection);
      if (context.stopping) connection.drain();
      return;
    }
    const connection = new ClientConnection(socket, this, context, origin);
    this.#add(connection);
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
