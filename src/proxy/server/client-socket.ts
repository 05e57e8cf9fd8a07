// The socket of a client with what is known of it, and its one timer: all waits of a connection exclude each other.
import type { Socket } from 'node:net';
import { type Address, KnownAddresses } from '../core/address.ts';
import type { Endpoints } from '../core/proxy-protocol.ts';
import { WheelTimer } from '../core/timer-wheel.ts';
import type { TlsFacts } from '../core/tls/facts.ts';
import type { FrontendRuntime } from './frontend.ts';
import type { Origin } from './frontend-connection.ts';
import { readShared } from './reading.ts';
import { own, type SocketOwner } from './socket-owner.ts';
import type { WorkerContext } from './worker-context.ts';

/** What a connection waits for. */
export type TimerRole = 'none' | 'idle' | 'head' | 'body' | 'wait' | 'commit' | 'stall' | 'linger' | 'inspect';

/** Clients come back, and come from behind one address. */
export const knownAddresses = new KnownAddresses();

export abstract class ClientSocket extends WheelTimer implements SocketOwner {
  readonly socket: Socket;
  /** The socket of the kernel: another than `socket` with TLS. */
  protected readonly raw: Socket;
  /** Undefined without TLS. */
  readonly tls: TlsFacts | undefined;
  readonly frontend: FrontendRuntime;
  readonly openedAt = performance.now();
  /** What its handshakes took, until the first request is logged; and since when the next one was waited for. */
  handshakeMs: number;
  idleFrom: number;
  /** Empty for a client of a unix socket. */
  address: string;
  /** The same as numbers. */
  peer: Address | undefined;
  port: number;
  /** Its own X-Forwarded-* headers are believed. */
  trusted: boolean;
  /** Where it came in: for servers that are told by the PROXY protocol. */
  localAddress: string;
  localPort: number;
  /** A PROXY header must come first. */
  protected expectsProxy: boolean;
  protected readonly context: WorkerContext;
  protected role: TimerRole = 'none';

  constructor(socket: Socket, frontend: FrontendRuntime, context: WorkerContext, origin?: Origin) {
    super();
    this.socket = socket;
    this.raw = origin?.raw ?? socket;
    this.tls = origin?.tls;
    this.handshakeMs = origin ? origin.readyAt - origin.openedAt : 0;
    this.idleFrom = origin?.readyAt ?? this.openedAt;
    this.frontend = frontend;
    this.context = context;
    ({ text: this.address, address: this.peer } = knownAddresses.find(socket.remoteAddress ?? ''));
    this.port = socket.remotePort ?? 0;
    this.trusted = frontend.trusted.has(this.peer);
    this.localAddress = knownAddresses.find(socket.localAddress ?? '').text;
    this.localPort = socket.localPort ?? 0;
    forgetNames(socket);
    this.expectsProxy = origin === undefined && frontend.balancers.has(this.peer);
    if (origin?.endpoints) this.setEndpoints(origin.endpoints);
  }

  abstract receive(bytes: Buffer): void;
  abstract onDrain(): void;
  abstract onEnd(): void;
  abstract destroy(): void;

  onError(): void {
    this.destroy();
  }

  onClose(): void {
    this.destroy();
  }

  /** From now on it is told what happens, and reads. */
  protected listen(): void {
    own(this.socket, this);
    readShared(this.socket);
  }

  /** What a balancer in front of us says of the connection. */
  protected setEndpoints({ source, sourcePort, destination, destinationPort }: Endpoints): void {
    ({ text: this.address, address: this.peer } = knownAddresses.find(source));
    this.port = sourcePort;
    this.trusted = this.frontend.trusted.has(this.peer);
    this.localAddress = destination;
    this.localPort = destinationPort;
  }

  /** The kernel does not take what was written; `drain` will tell. A large write that it took at once does not count. */
  get isCongested(): boolean {
    return this.socket.writableNeedDrain && this.socket.writableLength > 0;
  }

  disarm(): void {
    this.role = 'none';
    this.context.wheel.disarm(this);
  }

  arm(role: TimerRole, delayMs: number): void {
    this.role = role;
    this.context.wheel.arm(this, this.context.now(), delayMs);
  }
}

/** Node.js remembers what it was asked for, in every socket (undocumented); who asks again gets it again. */
function forgetNames(socket: Socket): void {
  Object.assign(socket, { _peername: undefined, _sockname: undefined });
}
