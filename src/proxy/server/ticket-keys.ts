// The key that seals session tickets: made by the master, the same in all workers, another one every few hours. It
// lives in memory only, and longer than any configuration.
import { randomBytes } from 'node:crypto';
import { sessionSeconds } from '../core/tls/profile.ts';

const keyBytes = 48;

export class TicketKeys {
  #keys = newKeys();
  readonly #timer: NodeJS.Timeout;

  /** `renewed` is told of each new key. */
  constructor(renewed: (keys: string) => void) {
    this.#timer = setInterval(() => {
      this.#keys = newKeys();
      renewed(this.#keys);
    }, sessionSeconds * 1000).unref();
  }

  get current(): string {
    return this.#keys;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function newKeys(): string {
  return randomBytes(keyBytes).toString('base64');
}
