// One WebSocket connection to the balancer: handshake, whole messages, and how it ended. No reconnecting here.
import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Address } from './model.ts';
import { FrameReader, closeCodeOf, encodeFrame, opcodes } from './websocket-frames.ts';

export interface WebSocketHandlers {
  onMessage(text: string): void;
  /** Once; 1006 when the connection ended without a close frame. */
  onClose(code: number): void;
}

export interface WebSocketConnection {
  readonly headers: IncomingHttpHeaders;
  send(text: string): void;
  close(): void;
  destroy(): void;
}

const acceptSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Resolves when the server has switched protocols; rejects with the reason when it did not. */
export function connectWebSocket(
  target: Address,
  options: { readonly path: string; readonly cookie: string; readonly timeoutMs: number },
  handlers: WebSocketHandlers,
): Promise<WebSocketConnection> {
  const key = randomBytes(16).toString('base64');
  const expected = createHash('sha1').update(`${key}${acceptSuffix}`).digest('base64');
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      host: target.host,
      port: target.port,
      path: options.path,
      agent: false,
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': key,
        ...(options.cookie && { Cookie: options.cookie }),
      },
    });
    const timer = setTimeout(() => request.destroy(new Error('no handshake in time')), options.timeoutMs);
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.on('response', (response) => {
      request.destroy(new Error(`status ${response.statusCode ?? 0}`));
    });
    request.on('upgrade', (response, socket: Socket, first) => {
      clearTimeout(timer);
      if (response.headers['sec-websocket-accept'] === expected) {
        resolve(new Connection(socket, response.headers, handlers, first));
      } else {
        socket.destroy();
        reject(new Error('wrong Sec-WebSocket-Accept'));
      }
    });
    request.end();
  });
}

class Connection implements WebSocketConnection {
  readonly headers: IncomingHttpHeaders;
  readonly #socket: Socket;
  readonly #handlers: WebSocketHandlers;
  readonly #reader = new FrameReader();
  #parts: Buffer[] = [];
  #closeCode = 1006;
  #closeSent = false;

  constructor(socket: Socket, headers: IncomingHttpHeaders, handlers: WebSocketHandlers, first: Buffer) {
    this.#socket = socket;
    this.headers = headers;
    this.#handlers = handlers;
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.end());
    socket.on('close', () => this.#handlers.onClose(this.#closeCode));
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    if (first.length > 0) this.#receive(first);
  }

  send(text: string): void {
    this.#write(opcodes.text, Buffer.from(text));
  }

  close(): void {
    this.#sendClose(Buffer.from([0x03, 0xe8]));
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.push(chunk)) this.#handle(frame.opcode, frame.final, frame.payload);
    } catch {
      this.#closeCode = 1002;
      this.#socket.destroy();
    }
  }

  #handle(opcode: number, final: boolean, payload: Buffer): void {
    if (opcode === opcodes.ping) this.#write(opcodes.pong, payload);
    if (opcode === opcodes.ping || opcode === opcodes.pong) return;
    if (opcode === opcodes.close) {
      this.#closeCode = closeCodeOf(payload);
      this.#sendClose(payload);
      this.#socket.end();
      return;
    }
    this.#parts.push(payload);
    if (!final) return;
    const message = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#handlers.onMessage(message.toString());
  }

  #sendClose(payload: Buffer): void {
    if (this.#closeSent) return;
    this.#write(opcodes.close, payload);
    this.#closeSent = true;
  }

  #write(opcode: number, payload: Buffer): void {
    if (this.#closeSent || !this.#socket.writable) return;
    this.#socket.write(encodeFrame(opcode, payload, randomBytes(4)));
  }
}
