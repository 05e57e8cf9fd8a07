// Two sockets joined after an upgrade: bytes both ways with back pressure, half-closes relayed, closed when idle.
// The server's side comes through its connection (upstream-connection.ts), the client's through this.
import type { Duplex } from 'node:stream';
import type { Upstream } from './upstream-owner.ts';

/** Half-closed tunnels are mostly forgotten ones. */
const halfClosedMs = 30_000;

export class Tunnel {
  readonly #client: Duplex;
  readonly #connection: Upstream;
  #timeoutMs: number;
  /** Bytes of the client so far. */
  bytesIn = 0;

  constructor(client: Duplex, connection: Upstream, timeoutMs: number) {
    this.#client = client;
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    this.touch();
  }

  /** Something moved. */
  touch(): void {
    this.#connection.touchTunnel(this.#timeoutMs);
  }

  /** One side is done: the other has less time when it is quiet. */
  halfClosed(): void {
    this.#timeoutMs = Math.min(this.#timeoutMs, halfClosedMs);
    this.touch();
  }

  fromClient(bytes: Buffer): void {
    this.touch();
    this.bytesIn += bytes.length;
    if (!this.#connection.write(Buffer.from(bytes))) this.#client.pause();
  }

  clientEnded(): void {
    this.#connection.end();
    this.halfClosed();
  }

  destroy(): void {
    this.#connection.destroy();
  }
}
