// Bytes of an HTTP/2 connection -> its frames, each as a whole. Frames that lie whole in what was read are not copied.
import { frameHeadBytes, framePayloadBytes, preface } from './protocol.ts';

export interface FrameHandler {
  /** The payload is bytes[from, to), valid during the call only. */
  onFrame(type: number, flags: number, stream: number, bytes: Buffer, from: number, to: number): void;
  /** What came is no HTTP/2. */
  onBadPreface(): void;
  /** A frame larger than we said we take. */
  onOversized(): void;
}

export class FrameReader {
  readonly #handler: FrameHandler;
  #stopped = false;
  #prefaceLeft = preface.length;
  /** A frame that is not here yet as a whole, or what there is of its head. */
  #held: Buffer | undefined;
  #filled = 0;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** What comes from now on is of no interest. */
  stop(): void {
    this.#stopped = true;
    this.#held = undefined;
  }

  feed(bytes: Buffer): void {
    let at = this.#prefaceLeft > 0 ? this.#readPreface(bytes) : 0;
    while (at < bytes.length && !this.#stopped) {
      const left = bytes.length - at;
      if (this.#held) {
        at = this.#fill(this.#held, bytes, at);
      } else if (left < frameHeadBytes) {
        at = this.#hold(bytes, at, frameHeadBytes);
      } else {
        const size = frameHeadBytes + lengthOf(bytes, at);
        if (size > frameHeadBytes + framePayloadBytes) this.#oversized();
        else if (left < size) at = this.#hold(bytes, at, size);
        else {
          this.#emit(bytes, at, at + size);
          at += size;
        }
      }
    }
  }

  #readPreface(bytes: Buffer): number {
    if (this.#stopped) return bytes.length;
    const from = preface.length - this.#prefaceLeft;
    const count = Math.min(this.#prefaceLeft, bytes.length);
    this.#prefaceLeft -= count;
    if (bytes.compare(preface, from, from + count, 0, count) !== 0) {
      this.stop();
      this.#handler.onBadPreface();
    }
    return count;
  }

  #hold(bytes: Buffer, at: number, size: number): number {
    this.#held = Buffer.allocUnsafe(size);
    this.#filled = bytes.copy(this.#held, 0, at);
    return bytes.length;
  }

  #fill(held: Buffer, bytes: Buffer, at: number): number {
    const count = bytes.copy(held, this.#filled, at);
    this.#filled += count;
    if (this.#filled < held.length) return at + count;
    this.#held = undefined;
    const size = frameHeadBytes + lengthOf(held, 0);
    if (size > frameHeadBytes + framePayloadBytes) this.#oversized();
    else if (held.length < size) this.#hold(held, 0, size);
    else this.#emit(held, 0, size);
    return at + count;
  }

  #oversized(): void {
    this.stop();
    this.#handler.onOversized();
  }

  #emit(bytes: Buffer, at: number, to: number): void {
    const stream = bytes.readUInt32BE(at + 5) & 0x7fffffff;
    this.#handler.onFrame(bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, stream, bytes, at + frameHeadBytes, to);
  }
}

function lengthOf(bytes: Buffer, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}
