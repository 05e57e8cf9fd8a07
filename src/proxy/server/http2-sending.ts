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
  /** Heads of 1xx, then the final one, all without the empty line at their end. */
  #heads: string[] = [];
  #hasHead = false;
  #pieces: (string | Buffer)[] = [];
  /** Of the first piece, bytes that are written. */
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
    if (this.#heads.length > 0 || this.#reset !== undefined) return true;
    if (this.waitingBytes > 0) return this.sendWindow > 0 && connectionWindow > 0;
    return this.#ended;
  }

  get hasHead(): boolean {
    return this.#hasHead;
  }

  /** A head of a response, as text of HTTP/1 with one CRLF at its end. */
  protected queueHead(text: string, isFinal: boolean): void {
    this.#heads.push(text);
    this.#hasHead = isFinal;
  }

  protected queueBody(piece: string | Buffer): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
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
    this.#heads = [];
    this.#pieces = [];
    this.waitingBytes = 0;
  }

  /** Writes what may go now, of data one frame at most. Returns how much of it. */
  turn(writer: FrameWriter, encoder: HpackEncoder, connectionWindow: number): number {
    if (this.#heads.length > 0) this.#writeHeads(writer, encoder);
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

  #writeHeads(writer: FrameWriter, encoder: HpackEncoder): void {
    const heads = this.#heads;
    this.#heads = [];
    for (const [index, head] of heads.entries()) {
      const isFinal = this.#hasHead && index === heads.length - 1;
      this.isSent = isFinal && this.#isLast();
      writer.headers(encoder, this.id, head.slice(9, 12), head.slice(head.indexOf('\r\n') + 2), this.isSent);
    }
  }

  #writeData(writer: FrameWriter, size: number): void {
    let left = size;
    while (left > 0) {
      const piece = this.#pieces[0] ?? '';
      const to = Math.min(piece.length, this.#offset + left);
      const whole = this.#offset === 0 && to === piece.length;
      left -= to - this.#offset;
      if (typeof piece === 'string') writer.text(whole ? piece : piece.slice(this.#offset, to));
      else writer.bytes(whole ? piece : piece.subarray(this.#offset, to));
      this.#offset = to === piece.length ? 0 : to;
      if (to === piece.length) this.#pieces.shift();
    }
  }
}
