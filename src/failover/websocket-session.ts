// A virtual user with a WebSocket: sends a numbered message every so often, expects it back, and when cut connects again
// with the old cookie, as a browser would. Messages without an echo are sent again.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from './model.ts';
import { backendOf, cookiesOf } from './verify.ts';
import type { WebSocketConnection } from './websocket-client.ts';
import { connectWebSocket } from './websocket-client.ts';

/** A connection that ended before we ended it. Times are on the clock of performance.now(). */
export interface Cut {
  readonly session: number;
  readonly from: string | null;
  readonly code: number;
  readonly closedAt: number;
  to: string | null;
  reconnectedAt: number | null;
}

/** Pause after a failed connect, so that a balancer without servers is not flooded. */
const retryMs = 25;
const connectTimeoutMs = 10_000;
/** How long the last echoes and the closing handshake may take at the end. */
const goodbyeMs = 1000;

export class WebSocketSession {
  readonly cuts: Cut[] = [];
  readonly echoMs: number[] = [];
  messages = 0;
  resent = 0;
  corrupt = 0;
  failedConnects = 0;
  readonly #target: Address;
  readonly #number: number;
  readonly #everyMs: number;
  readonly #unanswered = new Map<string, number>();
  readonly #cookies = new Map<string, string>();
  #connection: WebSocketConnection | null = null;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(target: Address, number: number, everyMs: number) {
    this.#target = target;
    this.#number = number;
    this.#everyMs = everyMs;
  }

  get neverEchoed(): number {
    return this.#unanswered.size;
  }

  /** The backend this session is on now; null while it has no connection. */
  get backend(): string | null {
    return this.#connection && backendOf(this.#connection.headers);
  }

  async start(): Promise<void> {
    await this.#connect();
    this.#timer = setInterval(() => this.#say(), this.#everyMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const until = performance.now() + goodbyeMs;
    while (this.#unanswered.size > 0 && performance.now() < until) await sleep(10);
    this.#stopping = true;
    this.#connection?.close();
    while (this.#connection && performance.now() < until) await sleep(10);
    this.#connection?.destroy();
  }

  /** A method, because it changes while others wait. */
  #isStopping(): boolean {
    return this.#stopping;
  }

  #say(): void {
    const text = `${this.#number}:${this.messages}:${'~'.repeat((this.messages * 37) % 300)}`;
    this.messages += 1;
    this.#unanswered.set(text, performance.now());
    this.#connection?.send(text);
  }

  #hear(text: string): void {
    const sentAt = this.#unanswered.get(text);
    if (sentAt === undefined) {
      this.corrupt += 1;
      return;
    }
    this.#unanswered.delete(text);
    this.echoMs.push(performance.now() - sentAt);
  }

  async #connect(): Promise<void> {
    while (!this.#isStopping()) {
      const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      try {
        const options = { path: '/ws', cookie, timeoutMs: connectTimeoutMs };
        this.#connection = await connectWebSocket(this.#target, options, {
          onMessage: (text) => this.#hear(text),
          onClose: (code) => this.#closed(code),
        });
        for (const [name, value] of cookiesOf(this.#connection.headers)) this.#cookies.set(name, value);
        if (this.#isStopping()) this.#connection.destroy();
        return;
      } catch {
        this.failedConnects += 1;
        await sleep(retryMs);
      }
    }
  }

  #closed(code: number): void {
    const from = this.backend;
    this.#connection = null;
    if (this.#stopping) return;
    const cut: Cut = { session: this.#number, from, code, closedAt: performance.now(), to: null, reconnectedAt: null };
    this.cuts.push(cut);
    void this.#reconnect(cut);
  }

  async #reconnect(cut: Cut): Promise<void> {
    await this.#connect();
    if (!this.#connection) return;
    cut.to = this.backend;
    cut.reconnectedAt = performance.now();
    for (const text of this.#unanswered.keys()) {
      this.resent += 1;
      this.#connection.send(text);
    }
  }
}
