// A client of HTTP/2 that sends any frames at all, the wrong ones too. It shares no code with the proxy but the decoder of
// heads, which has its own tests.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { HpackDecoder } from '../../../src/proxy/core/http2/hpack-decoder.ts';
import { until } from './proxy.ts';

export const type = {
  data: 0,
  headers: 1,
  priority: 2,
  rst: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  more: 9,
};
export const flags = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 };
export const codes = {
  none: 0,
  protocol: 1,
  internal: 2,
  flow: 3,
  closed: 5,
  size: 6,
  refused: 7,
  cancel: 8,
  compression: 9,
  calm: 11,
};
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export function frame(type: number, flags: number, stream: number, payload: Uint8Array | string = ''): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

export function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A setting: its identifier and value. */
export function setting(id: number, value: number): Buffer {
  return Buffer.concat([Buffer.from([0, id]), number32(value)]);
}

function integer(first: number, bits: number, value: number): Buffer {
  const most = 2 ** bits - 1;
  if (value < most) return Buffer.from([first | value]);
  const bytes = [first | most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

/** Names and values. */
type Fields = readonly (readonly [string, string])[];

/** Fields as a block in which nothing is compressed. */
export function block(fields: Fields): Buffer {
  const parts: Uint8Array[] = [];
  for (const [name, value] of fields) {
    parts.push(Buffer.from([0]));
    for (const text of [name, value]) parts.push(integer(0, 7, text.length), Buffer.from(text, 'latin1'));
  }
  return Buffer.concat(parts);
}

/** What every request needs; `more` follows. */
export function request(path = '/', method = 'GET', more: Fields = []): Buffer {
  return block([[':method', method], [':scheme', 'http'], [':path', path], [':authority', 'a.test'], ...more]);
}

export class FrameClient implements Disposable {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  readonly #decoder = new HpackDecoder();
  readonly #heads: { id: number; fields: Record<string, string> }[] = [];
  #pending = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
  }

  /** Connects without TLS and says the preface. */
  static async open(port: number, settings: Uint8Array = Buffer.alloc(0)): Promise<FrameClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    const client = new FrameClient(socket);
    client.send(preface, frame(type.settings, 0, 0, settings));
    return client;
  }

  send(...bytes: readonly Uint8Array[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(bytes));
  }

  /** The first frame that is as wanted; waits for it. */
  async frame(isWanted: (frame: Frame) => boolean): Promise<Frame> {
    let found: Frame | undefined;
    await until(() => (found = this.frames.find(isWanted)) !== undefined || this.isOver, 20_000);
    found ??= this.frames.find(isWanted);
    if (!found) throw new Error(`it closed after ${JSON.stringify(this.frames.map(({ type: each }) => each))}`);
    return found;
  }

  get isOver(): boolean {
    return this.socket.destroyed || this.socket.readableEnded;
  }

  /** The error code of what ends the connection. */
  async goaway(): Promise<number> {
    return (await this.frame((each) => each.type === type.goaway)).payload.readUInt32BE(4);
  }

  /** The error code of what ends a stream. */
  async reset(stream: number): Promise<number> {
    const found = await this.frame((each) => each.stream === stream && each.type === type.rst);
    return found.payload.readUInt32BE(0);
  }

  /** Heads and trailers of a stream so far, each with its fields. */
  heads(stream: number): Record<string, string>[] {
    return this.#heads.filter(({ id }) => id === stream).map(({ fields }) => fields);
  }

  body(stream: number): string {
    const data = this.frames.filter((each) => each.stream === stream && each.type === type.data);
    return Buffer.concat(data.map(({ payload }) => payload)).toString('latin1');
  }

  async status(stream: number): Promise<number> {
    await this.frame((each) => each.stream === stream && each.type === type.headers);
    return Number(this.heads(stream)[0]?.[':status']);
  }

  /** Waits for the end of a response, and tells its status. */
  async ended(stream: number): Promise<number> {
    await this.frame((each) => each.stream === stream && each.type < 2 && (each.flags & flags.endStream) !== 0);
    return this.status(stream);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #read(bytes: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    while (this.#pending.length >= 9) {
      const end = 9 + this.#pending.readUIntBE(0, 3);
      if (this.#pending.length < end) return;
      const head = this.#pending;
      this.#pending = head.subarray(end);
      this.#take({
        type: head[3] ?? 0,
        flags: head[4] ?? 0,
        stream: head.readUInt32BE(5),
        payload: Buffer.from(head.subarray(9, end)),
      });
    }
  }

  #take(taken: Frame): void {
    this.frames.push(taken);
    if (taken.type !== type.headers) return;
    const fields = this.#decoder.decode(taken.payload, 0, taken.payload.length, Infinity);
    if (!Array.isArray(fields)) throw new Error('the proxy sent a head that cannot be read');
    this.#heads.push({
      id: taken.stream,
      fields: Object.fromEntries(fields.map(({ name, value }) => [name, value])),
    });
  }
}
