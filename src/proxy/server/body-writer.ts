// The body of a response on its way to the client: in chunks or by length, compressed or as it came.
import type { Gzip } from 'node:zlib';
import type { Transform } from 'node:stream';
import { builtins } from '../../lib/builtins.ts';
import type { Coding } from '../core/handling/compression.ts';
import type { Client } from './client.ts';

/** Pieces below this go out as text, in one write with their framing. */
export const inlineBytes = 4096;
/** Middle levels: the next ones take much more time for little. */
const gzipLevel = 5;
const brotliQuality = 4;

export class BodyWriter {
  bytesOut = 0;
  /** Bytes of the body before and after, where it is compressed. */
  compressed: { in: number; out: number } | undefined;
  #chunked = false;
  #encoder: Transform | undefined;
  #flushes = false;
  readonly #client: Client;
  /** The encoder takes more again. */
  readonly #onDrain: () => void;

  constructor(client: Client, onDrain: () => void) {
    this.#client = client;
    this.#onDrain = onDrain;
  }

  get isEncoding(): boolean {
    return this.#encoder !== undefined;
  }

  /** `live`: nobody knows how long it gets, so what was written is not kept back for better compression. */
  start(chunked: boolean, coding: Coding | undefined, live: boolean): void {
    this.#chunked = chunked;
    this.#flushes = live;
    this.compressed = undefined;
    if (coding === undefined) return;
    const encoder = encoderOf(coding);
    const sizes = { in: 0, out: 0 };
    this.compressed = sizes;
    encoder.on('data', (bytes: Buffer) => {
      sizes.out += bytes.length;
      this.#framed(bytes, [0, bytes.length]);
      if (this.#client.isCongested) encoder.pause();
    });
    encoder.on('drain', this.#onDrain);
    encoder.on('error', () => this.#client.destroy());
    this.#encoder = encoder;
  }

  /** Takes the parts [from, to) of the bytes, which are valid during the call only. False: no more for now. */
  write(bytes: Buffer, ranges: readonly number[]): boolean {
    if (!this.#encoder) {
      this.#framed(bytes, ranges);
      return !this.#client.isCongested;
    }
    let flows = true;
    for (let index = 0; index < ranges.length; index += 2) {
      const part = Buffer.from(bytes.subarray(ranges[index], ranges[index + 1]));
      if (this.compressed) this.compressed.in += part.length;
      flows = this.#encoder.write(part);
    }
    return flows;
  }

  /** All of one read was written. */
  flush(): void {
    if (this.#encoder && this.#flushes && 'flush' in this.#encoder) (this.#encoder as Gzip).flush();
  }

  /** The body is complete; `done` is called when all of it is on its way. */
  end(trailers: string, done: () => void): void {
    const finish = (): void => {
      if (this.#chunked) this.send(`0\r\n${trailers}\r\n`);
      else if (trailers !== '') this.#client.trailers(trailers);
      done();
    };
    if (!this.#encoder) {
      finish();
      return;
    }
    this.#encoder.on('end', finish);
    this.#encoder.end();
  }

  /** The client takes more. */
  resume(): void {
    this.#encoder?.resume();
  }

  /** There will be no more, or it begins anew. */
  drop(): void {
    this.#encoder
      ?.removeAllListeners()
      .on('error', () => undefined)
      .destroy();
    this.#encoder = undefined;
    this.#chunked = false;
  }

  send(text: string): void {
    this.bytesOut += text.length;
    this.#client.write(text);
  }

  sendBytes(bytes: Buffer): void {
    this.bytesOut += bytes.length;
    this.#client.write(bytes);
  }

  #framed(bytes: Buffer, ranges: readonly number[]): void {
    let size = 0;
    for (let index = 0; index < ranges.length; index += 2) size += (ranges[index + 1] ?? 0) - (ranges[index] ?? 0);
    if (size === 0) return;
    if (size <= inlineBytes) {
      let text = this.#chunked ? `${size.toString(16)}\r\n` : '';
      for (let index = 0; index < ranges.length; index += 2)
        text += bytes.toString('latin1', ranges[index], ranges[index + 1]);
      this.send(this.#chunked ? `${text}\r\n` : text);
      return;
    }
    this.#client.cork();
    if (this.#chunked) this.send(`${size.toString(16)}\r\n`);
    for (let index = 0; index < ranges.length; index += 2)
      this.sendBytes(bytes.subarray(ranges[index], ranges[index + 1]));
    if (this.#chunked) this.send('\r\n');
    this.#client.uncork();
  }
}

function encoderOf(coding: Coding): Transform {
  const { zlib } = builtins;
  switch (coding) {
    case 'gzip':
      return zlib.createGzip({ level: gzipLevel });
    case 'br':
      return zlib.createBrotliCompress({ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: brotliQuality } });
    case 'zstd':
      return zlib.createZstdCompress();
    default:
      return coding satisfies never;
  }
}
