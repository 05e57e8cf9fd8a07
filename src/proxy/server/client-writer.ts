// What goes to a client: a client that does not take it must not make us keep more and more.
import type { Socket } from 'node:net';
import { ClientSocket } from './client-socket.ts';
import type { FrontendRuntime } from './frontend.ts';
import type { Origin } from './frontend-connection.ts';
import { Outgoing } from './outgoing.ts';
import type { WorkerContext } from './worker-context.ts';

export abstract class ClientWriter extends ClientSocket {
  protected readonly out: Outgoing;
  #lent = false;

  constructor(socket: Socket, frontend: FrontendRuntime, context: WorkerContext, origin?: Origin) {
    super(socket, frontend, context, origin);
    this.out = new Outgoing(socket, origin?.tls !== undefined, this);
  }

  /** The kernel does not take what was written. */
  override get isCongested(): boolean {
    return this.out.isCongested;
  }

  /** Bytes that were given to it are in use still; texts need nobody's memory. */
  get holdsBytes(): boolean {
    if (this.#lent && this.out.unsent === 0) this.#lent = false;
    return this.#lent;
  }

  protected send(data: string | Uint8Array): void {
    if (typeof data !== 'string') this.#lent = true;
    this.out.write(data);
  }

  cork(): void {
    this.out.cork();
  }

  uncork(): void {
    this.out.uncork();
  }

  /** No more will be said; it may go on to send. */
  end(): void {
    this.out.end();
  }
}
