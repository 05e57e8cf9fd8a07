// Two sockets joined after an upgrade: bytes both ways with back pressure, half-closes relayed, closed when idle.
// The server's side comes through its connection (upstream-connection.ts), the client's through this.
import type { Client } from './client.ts';
import type { Upstream } from './upstream-owner.ts';

/** Half-closed tunnels are mostly forgotten ones. */
const halfClosedMs = 30_000;

export class Tunnel {
  readonly #client: Pick<Client, 'pause'>;
  readonly #connection: Upstream;
  #timeoutMs: number;
  /** Bytes of the client so far. */
  bytesIn = 0;
  #clientEnded = false;
  #serverEnded = false;

  constructor(client: Pick<Client, 'pause'>, connection: Upstream, timeoutMs: number) {
    this.#client = client;
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    this.touch();
  }

  /** Something moved. */
  touch(): void {
    this.#connection.touchTunnel(this.#timeoutMs);
  }

  /** Both sides have sent all that they wanted to send. */
  get isComplete(): boolean {
    return this.#clientEnded && this.#serverEnded;
  }

  /** One side is done: the other has less time when it is quiet. */
  #halfClosed(): void {
    this.#timeoutMs = Math.min(this.#timeoutMs, halfClosedMs);
    this.touch();
  }

  fromClient(bytes: Buffer): void {
    this.touch();
    this.bytesIn += bytes.length;
    if (!this.#connection.write(Buffer.from(bytes))) this.#client.pause();
  }

  clientEnded(): void {
    this.#clientEnded = true;
    this.#connection.end();
    this.#halfClosed();
  }

  serverEnded(): void {
    this.#serverEnded = true;
    this.#halfClosed();
  }

  destroy(): void {
    this.#connection.destroy();
  }
}
