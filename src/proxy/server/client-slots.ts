// How many connections each client has on a frontend, so that one that opens ever more leaves room for others.
import type { Socket } from 'node:net';

export class ClientSlots {
  readonly #open = new Map<string, number>();

  /** Counts a connection until it closes; false: its client has `limit` of them. */
  take(socket: Socket, key: string, limit: number): boolean {
    const count = this.#open.get(key) ?? 0;
    if (count >= limit) return false;
    this.#open.set(key, count + 1);
    socket.once('close', () => this.#closed(key));
    return true;
  }

  #closed(key: string): void {
    const left = (this.#open.get(key) ?? 0) - 1;
    if (left > 0) this.#open.set(key, left);
    else this.#open.delete(key);
  }
}
