// The socket of a client with what is known of it, and its one timer: all waits of a connection exclude each other.
import type { Socket } from 'node:net';
import { type Address, parseAddress } from '../core/address.ts';
import type { Endpoints } from '../core/proxy-protocol.ts';
import { WheelTimer } from '../core/timer-wheel.ts';
import type { TlsFacts } from '../core/tls/facts.ts';
import type { FrontendRuntime } from './frontend.ts';
import type { Origin } from './frontend-connection.ts';
import type { WorkerContext } from './worker-context.ts';

/** What a connection waits for. */
export type TimerRole = 'none' | 'idle' | 'head' | 'body' | 'wait' | 'commit' | 'stall' | 'linger' | 'inspect';

export abstract class ClientSocket extends WheelTimer {
  readonly socket: Socket;
  /** The socket of the kernel: another than `socket` with TLS. */
  protected readonly raw: Socket;
  /** Undefined without TLS. */
  readonly tls: TlsFacts | undefined;
  readonly frontend: FrontendRuntime;
  readonly openedAt = performance.now();
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
    this.frontend = frontend;
    this.context = context;
    this.address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    this.port = socket.remotePort ?? 0;
    this.peer = parseAddress(this.address);
    this.trusted = frontend.trusted.has(this.peer);
    this.localAddress = (socket.localAddress ?? '').replace(/^::ffff:/, '');
    this.localPort = socket.localPort ?? 0;
    this.expectsProxy = origin === undefined && frontend.balancers.has(this.peer);
    if (origin?.endpoints) this.setEndpoints(origin.endpoints);
  }

  /** What a balancer in front of us says of the connection. */
  protected setEndpoints({ source, sourcePort, destination, destinationPort }: Endpoints): void {
    this.address = source.replace(/^::ffff:/, '');
    this.port = sourcePort;
    this.peer = parseAddress(this.address);
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
