// The socket of a client with what is known of it, and its one timer: all waits of a connection exclude each other.
import type { Socket } from 'node:net';
import { type Address, parseAddress } from '../core/address.ts';
import { WheelTimer } from '../core/timer-wheel.ts';
import type { FrontendRuntime } from './frontend.ts';
import type { WorkerContext } from './worker-context.ts';

/** What a connection waits for. */
export type TimerRole = 'none' | 'idle' | 'head' | 'body' | 'wait' | 'commit' | 'stall' | 'linger';

export abstract class ClientSocket extends WheelTimer {
  readonly socket: Socket;
  readonly frontend: FrontendRuntime;
  /** Empty for a client of a unix socket. */
  readonly address: string;
  /** The same as numbers. */
  readonly peer: Address | undefined;
  readonly port: number;
  /** Its own X-Forwarded-* headers are believed. */
  readonly trusted: boolean;
  protected readonly context: WorkerContext;
  protected role: TimerRole = 'none';

  constructor(socket: Socket, frontend: FrontendRuntime, context: WorkerContext) {
    super();
    this.socket = socket;
    this.frontend = frontend;
    this.context = context;
    this.address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    this.port = socket.remotePort ?? 0;
    this.peer = parseAddress(this.address);
    this.trusted = frontend.trusted.has(this.peer);
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
