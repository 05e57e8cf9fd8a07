// The socket of a connection to a server and the memory that it reads into. Deliberately not here: what the bytes mean.
import type { Socket } from 'node:net';
import { WheelTimer } from '../core/timer-wheel.ts';
import { dial } from './dial.ts';
import { Outgoing } from './outgoing.ts';
import type { ServerRuntime } from './runtime.ts';
import { own, type SocketOwner } from './socket-owner.ts';
import type { UpstreamTls } from './upstream-tls.ts';
import type { WorkerContext } from './worker-context.ts';

/** One read of a large body; more would help little and cost memory for every connection. */
const receiveBytes = 65_536;

const http1 = ['http/1.1'];

/** Not from Node's shared pool; pages that no read fills cost nothing. */
function receiveBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(receiveBytes);
}

export abstract class UpstreamSocket extends WheelTimer implements SocketOwner {
  readonly socket: Socket;
  readonly server: ServerRuntime;
  protected readonly out: Outgoing;
  protected readonly context: WorkerContext;
  /** Reads go into the same memory again and again: new memory for each costs more than all else with large bodies. */
  #receive = receiveBuffer();

  /** It is one client's, and serves nobody else. */
  protected readonly isPrivate: boolean;
  readonly #tls: UpstreamTls | undefined;

  /** `intro`: says by the PROXY protocol whose connection this is. */
  constructor(server: ServerRuntime, context: WorkerContext, intro: Buffer | undefined, isHttp: boolean) {
    super();
    this.server = server;
    this.context = context;
    this.isPrivate = intro !== undefined;
    this.#tls = server.backend.tls;
    const onread = { buffer: () => this.#receive, callback: (size: number) => this.#onRead(size) };
    this.socket = dial(server.destination, {
      tls: this.#tls,
      alpn: isHttp ? http1 : [],
      intro,
      onread,
      onReady: () => this.onConnect(),
    });
    own(this.socket, this);
    this.out = new Outgoing(this.socket, this.#tls !== undefined, this);
  }

  /** It was opened as new ones are: a reload may want TLS, or trust others. */
  protected get isCurrent(): boolean {
    return this.#tls === this.server.backend.tls;
  }

  /** Why it could not be opened, if that is about TLS. */
  protected tellTlsProblem(error: NodeJS.ErrnoException): void {
    // Refused connections and the like are told by checks.
    if (!this.#tls || error.syscall !== undefined) return;
    this.context.tell(`tls ${this.server.key}`, `server ${this.server.key}: no TLS: ${error.message}`);
  }

  /** What is written until `uncork` goes out in one piece. */
  cork(): void {
    this.out.cork();
  }

  uncork(): void {
    this.out.uncork();
  }

  /** No more will be written; the server may go on to send. */
  end(): void {
    this.out.end();
  }

  /** Takes what came. Returns false if the bytes are still needed after the call. */
  protected abstract onRead(bytes: Buffer): boolean;
  protected abstract onConnect(): void;
  abstract onEnd(): void;
  abstract onError(error: NodeJS.ErrnoException): void;
  abstract onClose(): void;
  abstract onDrain(): void;

  #onRead(size: number): boolean {
    if (!this.onRead(this.#receive.subarray(0, size))) this.#receive = receiveBuffer();
    return true;
  }
}
