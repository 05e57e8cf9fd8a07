// A sink that appends to a file or a stream, in chunks, without ever waiting for the disk.
import { closeSync, openSync, write } from 'node:fs';
import type { LogSink } from './log-sinks.ts';

/** Written at this size, or after the interval. */
const flushBytes = 65_536;
const flushIntervalMs = 100;
/** Beyond this what is not written yet is dropped: memory matters more than lines. */
const maxBufferedBytes = 8 * 1024 * 1024;

/** Several processes append to one file: each write lands whole at its end. */
export function openAppending(path: string): number {
  return openSync(path, 'a', 0o640);
}

/** Lines as bytes, on their way to a file. */
interface Piece {
  readonly bytes: Buffer;
  readonly lines: number;
}

export class FileSink implements LogSink {
  readonly needsHead = false;
  dropped = 0;
  /** Lines become bytes at once: texts that live until they are written cost the collector more than the writing. */
  #chunk: Buffer = Buffer.allocUnsafeSlow(flushBytes);
  #used = 0;
  #lines = 0;
  #spare: Buffer | undefined;
  #waiting: Piece[] = [];
  #waitingBytes = 0;
  #fd: number;
  readonly #path: string | undefined;
  /** What is written to now; a file that was rotated meanwhile closes after that. */
  #busy: number | undefined;
  /** Who waits until nothing is written to a file that was rotated. */
  #left: (() => void)[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(fd: number, path: string | undefined) {
    this.#fd = fd;
    this.#path = path;
    this.#timer = setInterval(() => this.#cut(), flushIntervalMs).unref();
  }

  line(text: string): void {
    // A UTF-16 unit is at most three bytes of UTF-8.
    const most = text.length * 3 + 1;
    if (this.#used + most > flushBytes) this.#cut();
    if (most > flushBytes) {
      this.#add({ bytes: Buffer.from(`${text}\n`, 'utf8'), lines: 1 });
      return;
    }
    this.#used += this.#chunk.write(text, this.#used, 'utf8');
    this.#chunk[this.#used] = 0x0a;
    this.#used += 1;
    this.#lines += 1;
  }

  reopen(): Promise<void> {
    if (this.#path === undefined) return Promise.resolve();
    const opened = openAppending(this.#path);
    const before = this.#fd;
    this.#cut();
    this.#fd = opened;
    if (this.#busy !== before) closeSync(before);
    if (this.#busy === undefined || this.#busy === opened) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#left.push(() => resolve(undefined));
    return promise;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#cut();
    for (let tries = 0; tries < 50 && (this.#waiting.length > 0 || this.#busy !== undefined); tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    if (this.#path !== undefined && this.#busy === undefined) closeSync(this.#fd);
  }

  /** Sends what there is on its way. */
  #cut(): void {
    if (this.#used === 0) return;
    this.#add({ bytes: this.#chunk.subarray(0, this.#used), lines: this.#lines });
    this.#chunk = this.#spare ?? Buffer.allocUnsafeSlow(flushBytes);
    this.#spare = undefined;
    this.#used = 0;
    this.#lines = 0;
  }

  #add(piece: Piece): void {
    if (this.#waitingBytes > maxBufferedBytes) {
      this.dropped += piece.lines;
      return;
    }
    this.#waiting.push(piece);
    this.#waitingBytes += piece.bytes.length;
    if (this.#busy === undefined) this.#next();
  }

  #next(): void {
    const piece = this.#waiting.shift();
    this.#busy = piece && this.#fd;
    if (piece) this.#write(this.#fd, piece, 0);
  }

  #write(fd: number, piece: Piece, from: number): void {
    const { bytes, lines } = piece;
    write(fd, bytes, from, bytes.length - from, null, (error, written) => {
      if (error?.code === 'EAGAIN') {
        // A pipe whose reader is slow.
        setTimeout(() => this.#write(fd, piece, from), 10).unref();
        return;
      }
      if (!error && from + written < bytes.length) {
        this.#write(fd, piece, from + written);
        return;
      }
      if (error) this.dropped += lines;
      this.#waitingBytes -= bytes.length;
      if (bytes.buffer.byteLength === flushBytes) this.#spare = Buffer.from(bytes.buffer);
      this.#next();
      if (fd === this.#fd) return;
      closeSync(fd);
      for (const tell of this.#left.splice(0)) tell();
    });
  }
}
