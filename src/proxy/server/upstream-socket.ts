// The socket of a connection to a server and the memory that it reads into. Deliberately not here: what the bytes mean.
import { connect, type Socket } from 'node:net';
import { proxyHeader } from '../core/proxy-protocol.ts';
import { WheelTimer } from '../core/timer-wheel.ts';
import type { ClientSocket } from './client-socket.ts';
import type { ServerRuntime } from './runtime.ts';
import type { WorkerContext } from './worker-context.ts';

/** One read of a large body; more would help little and cost memory for every connection. */
const receiveBytes = 65_536;

/** Not from Node's shared pool; pages that no read fills cost nothing. */
function receiveBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(receiveBytes);
}

export abstract class UpstreamSocket extends WheelTimer {
  readonly socket: Socket;
  readonly server: ServerRuntime;
  protected readonly context: WorkerContext;
  /** Reads go into the same memory again and again: new memory for each costs more than all else with large bodies. */
  #receive = receiveBuffer();

  /** It is one client's, and serves nobody else. */
  protected isPrivate = false;

  constructor(server: ServerRuntime, context: WorkerContext) {
    super();
    this.server = server;
    this.context = context;
    const { address, port } = server.config;
    const onread = { buffer: () => this.#receive, callback: (size: number) => this.#onRead(size) };
    this.socket = connect({ host: address, port, noDelay: true, keepAlive: true, allowHalfOpen: true, onread });
    this.socket.on('connect', () => this.onConnect());
    this.socket.on('end', () => this.onEnd());
    this.socket.on('error', (error: NodeJS.ErrnoException) => this.onError(error));
    this.socket.on('close', () => this.onClose());
    this.socket.on('drain', () => this.onDrain());
  }

  /** Says by the PROXY protocol whose connection this is; it then serves nobody else. */
  introduce(version: 'v1' | 'v2', client: ClientSocket): void {
    const { address: source, port: sourcePort, localAddress: destination, localPort: destinationPort } = client;
    this.socket.write(proxyHeader(version, { source, sourcePort, destination, destinationPort }));
    this.isPrivate = true;
  }

  /** Takes what came. Returns false if the bytes are still needed after the call. */
  protected abstract onRead(bytes: Buffer): boolean;
  protected abstract onConnect(): void;
  protected abstract onEnd(): void;
  protected abstract onError(error: NodeJS.ErrnoException): void;
  protected abstract onClose(): void;
  protected abstract onDrain(): void;

  #onRead(size: number): boolean {
    if (!this.onRead(this.#receive.subarray(0, size))) this.#receive = receiveBuffer();
    return true;
  }
}
