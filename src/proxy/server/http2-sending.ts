// The response of one stream on its way: heads, data and trailers wait here until their connection writes them, as far as
// the client's windows let it.
import type { FrameWriter } from '../core/http2/frame-writer.ts';
import { rstStreamFrame } from '../core/http2/frame-writer.ts';
import type { HpackEncoder } from '../core/http2/hpack-encoder.ts';
import { type ErrorCode, framePayloadBytes } from '../core/http2/protocol.ts';
import { WheelTimer } from '../core/timer-wheel.ts';

export abstract class Http2Sending extends WheelTimer {
  readonly id: number;
  /** What the client takes of this stream now; below 0 when it changed its mind. */
  sendWindow: number;
  /** It has its turn when its connection writes next. */
  isReady = false;
  /** Bytes of the body that were given to it and are not written. */
  waitingBytes = 0;
  /** Nothing comes any more: the end or a reset was written. */
  isSent = false;
  /** Heads of 1xx that wait, and the final one, without the empty line at their end. */
  #hints: string[] | undefined;
  #head = '';
  #hasHead = false;
  /** Most bodies are one piece: lists are for the others. */
  #piece: string | Buffer = '';
  #more: (string | Buffer)[] | undefined;
  /** Of the piece, bytes that are written. */
  #offset = 0;
  #trailers = '';
  #ended = false;
  #reset: ErrorCode | undefined;

  constructor(id: number, sendWindow: number) {
    super();
    this.id = id;
    this.sendWindow = sendWindow;
  }

  /** The connection wrote what it could of it. */
  abstract onTurn(): void;

  /** Whether a turn would write anything. */
  canSend(connectionWindow: number): boolean {
    if (this.isSent) return false;
    if (this.#head !== '' || this.#hints || this.#reset !== undefined) return true;
    if (this.waitingBytes > 0) return this.sendWindow > 0 && connectionWindow > 0;
    return this.#ended;
  }

  get hasHead(): boolean {
    return this.#hasHead;
  }

  /** A head of a response, as text of HTTP/1 with one CRLF at its end. */
  protected queueHead(text: string, isFinal: boolean): void {
    this.#hasHead = isFinal;
    if (isFinal) this.#head = text;
    else (this.#hints ??= []).push(text);
  }

  protected queueBody(piece: string | Buffer): void {
    if (piece.length === 0) return;
    if (this.waitingBytes === 0) this.#piece = piece;
    else (this.#more ??= []).push(piece);
    this.waitingBytes += piece.length;
  }

  protected queueTrailers(lines: string): void {
    this.#trailers = lines;
  }

  protected queueEnd(): void {
    this.#ended = true;
  }

  /** After what may be sent now, the rest is given up. */
  protected queueReset(code: ErrorCode): void {
    this.#reset = code;
  }

  /** Nothing of it is to be sent any more. */
  protected dropQueue(): void {
    this.isSent = true;
    this.#hints = this.#more = undefined;
    this.#head = this.#piece = '';
    this.waitingBytes = 0;
  }

  /** Writes what may go now, of data one frame at most. Returns how much of it. */
  turn(writer: FrameWriter, encoder: HpackEncoder, connectionWindow: number): number {
    if (this.#hints) this.#writeHints(writer, encoder, this.#hints);
    if (this.#head !== '') {
      this.isSent = this.#isLast();
      this.#writeHead(writer, encoder, this.#head);
      this.#head = '';
    }
    const size = Math.min(framePayloadBytes, this.waitingBytes, this.sendWindow, connectionWindow);
    if (size > 0) {
      this.waitingBytes -= size;
      this.sendWindow -= size;
      this.isSent = this.#isLast();
      writer.dataHead(size, this.id, this.isSent);
      this.#writeData(writer, size);
    }
    if (this.#ended && !this.isSent && this.waitingBytes === 0) {
      if (this.#trailers === '') writer.dataHead(0, this.id, true);
      else writer.headers(encoder, this.id, '', this.#trailers, true);
      this.isSent = true;
    }
    if (this.#reset !== undefined) {
      writer.frame(rstStreamFrame(this.id, this.#reset));
      this.isSent = true;
    }
    return Math.max(0, size);
  }

  #isLast(): boolean {
    return this.#ended && this.waitingBytes === 0 && this.#trailers === '';
  }

  #writeHints(writer: FrameWriter, encoder: HpackEncoder, hints: readonly string[]): void {
    this.#hints = undefined;
    for (const hint of hints) this.#writeHead(writer, encoder, hint);
  }

  #writeHead(writer: FrameWriter, encoder: HpackEncoder, head: string): void {
    writer.headers(encoder, this.id, head.slice(9, 12), head.slice(head.indexOf('\r\n') + 2), this.isSent);
  }

  #writeData(writer: FrameWriter, size: number): void {
    let left = size;
    while (left > 0) {
      const piece = this.#piece;
      const to = Math.min(piece.length, this.#offset + left);
      const isWhole = this.#offset === 0 && to === piece.length;
      left -= to - this.#offset;
      if (typeof piece === 'string') writer.text(isWhole ? piece : piece.slice(this.#offset, to));
      else writer.bytes(isWhole ? piece : piece.subarray(this.#offset, to));
      this.#offset = to;
      if (to === piece.length) this.#nextPiece();
    }
  }

  #nextPiece(): void {
    this.#piece = this.#more?.shift() ?? '';
    this.#offset = 0;
    if (this.#more?.length === 0) this.#more = undefined;
  }
}
