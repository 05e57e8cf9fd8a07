// Load of clients that each wait for their answer before they ask again, as wrk and browsers do: on a connection that is kept,
// or on a new one each time. Raw sockets: nothing here repeats a request, so that each loss is seen.
import { connect, type Socket } from 'node:net';

export interface Ask {
  readonly method: string;
  readonly path?: string;
  readonly idempotencyKey?: boolean;
  readonly body?: string;
}

export interface Answered {
  readonly id: string;
  readonly method: string;
  /** 0: no whole answer. */
  readonly status: number;
  readonly error: string;
}

const answerDeadlineMs = 30_000;

export class ClosedLoad {
  readonly answered: Answered[] = [];
  readonly #port: number;
  readonly #asks: readonly Ask[];
  readonly #keepAlive: boolean;
  readonly #clients: Promise<void>[];
  #going = true;
  #asked = 0;

  constructor(port: number, clients: number, keepAlive: boolean, asks: readonly Ask[]) {
    this.#port = port;
    this.#asks = asks;
    this.#keepAlive = keepAlive;
    this.#clients = Array.from({ length: clients }, () => this.#client());
  }

  /** Answers that are not a 200. */
  get failed(): readonly Answered[] {
    return this.answered.filter(({ status }) => status !== 200);
  }

  /** Waits for the last answers. */
  async stop(): Promise<readonly Answered[]> {
    this.#going = false;
    await Promise.all(this.#clients);
    return this.answered;
  }

  async #client(): Promise<void> {
    let socket: Socket | undefined;
    while (this.#going) {
      const ask = this.#asks[this.#asked % this.#asks.length] ?? { method: 'GET' };
      this.#asked += 1;
      const id = `c${this.#asked}`;
      socket = socket && !socket.destroyed ? socket : connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
      const { status, error, closes } = await exchange(socket, this.#textOf(ask, id));
      this.answered.push({ id, method: ask.method, status, error });
      if (closes) {
        socket.destroy();
        socket = undefined;
      }
    }
    socket?.destroy();
  }

  #textOf({ method, path = '/', idempotencyKey = false, body = '' }: Ask, id: string): string {
    const length = method === 'GET' ? '' : `Content-Length: ${body.length}\r\n`;
    const key = idempotencyKey ? `Idempotency-Key: ${id}\r\n` : '';
    const close = this.#keepAlive ? '' : 'Connection: close\r\n';
    return `${method} ${path} HTTP/1.1\r\nHost: x\r\nX-Request: ${id}\r\n${length}${key}${close}\r\n${body}`;
  }
}

/** Sends a request and reads its answer, whose body has a length. */
function exchange(socket: Socket, text: string): Promise<{ status: number; error: string; closes: boolean }> {
  const { promise, resolve } = Promise.withResolvers<{ status: number; error: string; closes: boolean }>();
  let received = '';
  const timer = setTimeout(() => lost('no answer in time'), answerDeadlineMs);
  const finish = (status: number, error: string, closes: boolean): void => {
    clearTimeout(timer);
    socket.removeAllListeners();
    // It may still end while nobody asks.
    socket.on('error', () => socket.destroy()).on('end', () => socket.destroy());
    resolve({ status, error, closes });
  };
  const lost = (error: string): void => finish(0, `${error}, after ${received.length} bytes`, true);
  socket.on('error', ({ message }) => lost(message));
  socket.on('end', () => lost('end'));
  socket.on('close', () => lost('close'));
  socket.on('data', (bytes: Buffer) => {
    received += bytes.toString('latin1');
    const end = received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = received.slice(0, end);
    const length = Number(/\r\ncontent-length: ([0-9]+)/i.exec(head)?.[1] ?? 0);
    if (received.length < end + 4 + length) return;
    finish(Number(head.slice(9, 12)), '', /\r\nconnection: close/i.test(head));
  });
  socket.write(text);
  return promise;
}
