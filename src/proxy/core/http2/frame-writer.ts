// Frames -> bytes for one write. One writer serves all connections of a worker, one after the other: what it wrote is
// taken before the next begins. Small texts are written straight into its memory, so that an answer costs one copy.
import { HpackEncoder } from './hpack-encoder.ts';
import { flag, frameHeadBytes, framePayloadBytes, frameType, type ErrorCode } from './protocol.ts';

const slabBytes = 65_536;
/** Larger pieces go out from where they are. */
const copiedBytes = 4096;

export class FrameWriter {
  #slab: Buffer = Buffer.alloc(0);
  #from = 0;
  #at = 0;
  #pieces: Buffer[] = [];
  /** Bytes since the last `take`. */
  size = 0;

  /** All that was written since the last time. */
  take(): readonly Buffer[] {
    this.#seal();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.size = 0;
    return pieces;
  }

  /** A frame that is written elsewhere; a small one. */
  frame(bytes: Buffer): void {
    this.#room(bytes.length);
    this.#at += bytes.copy(this.#slab, this.#at);
    this.size += bytes.length;
  }

  /** HEADERS, and CONTINUATION where they are large. */
  headers(encoder: HpackEncoder, stream: number, status: string, lines: string, last: boolean): void {
    const most = HpackEncoder.mostBytes(lines);
    const flags = last ? flag.endStream : 0;
    if (most > framePayloadBytes) {
      const block = Buffer.allocUnsafe(most);
      this.#longHeaders(stream, block.subarray(0, encoder.write(status, lines, block, 0)), flags);
      return;
    }
    this.#room(frameHeadBytes + most);
    const from = this.#at + frameHeadBytes;
    const to = encoder.write(status, lines, this.#slab, from);
    this.#head(to - from, frameType.headers, flags | flag.endHeaders, stream);
    this.#at = to;
    this.size += to - from;
  }

  #longHeaders(stream: number, block: Buffer, flags: number): void {
    for (let at = 0; at < block.length; at += framePayloadBytes) {
      const piece = block.subarray(at, at + framePayloadBytes);
      const ends = at + piece.length === block.length ? flag.endHeaders : 0;
      this.#room(frameHeadBytes);
      if (at === 0) this.#head(piece.length, frameType.headers, flags | ends, stream);
      else this.#head(piece.length, frameType.continuation, ends, stream);
      this.bytes(piece);
    }
  }

  /** The head of a DATA frame; as much as `length` says must follow. */
  dataHead(length: number, stream: number, last: boolean): void {
    this.#room(frameHeadBytes);
    this.#head(length, frameType.data, last ? flag.endStream : 0, stream);
  }

  /** Text of one byte a character. */
  text(text: string): void {
    this.#room(text.length);
    this.#at += this.#slab.write(text, this.#at, 'latin1');
    this.size += text.length;
  }

  bytes(bytes: Buffer): void {
    if (bytes.length <= copiedBytes) {
      this.frame(bytes);
      return;
    }
    this.#seal();
    this.#pieces.push(bytes);
    this.size += bytes.length;
  }

  #head(length: number, type: number, flags: number, stream: number): void {
    writeHead(this.#slab, this.#at, length, type, flags, stream);
    this.#at += frameHeadBytes;
    this.size += frameHeadBytes;
  }

  /** Makes sure that so many bytes fit. */
  #room(bytes: number): void {
    if (this.#slab.length - this.#at >= bytes) return;
    this.#seal();
    this.#slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, bytes));
    this.#from = this.#at = 0;
  }

  #seal(): void {
    if (this.#at > this.#from) this.#pieces.push(this.#slab.subarray(this.#from, this.#at));
    this.#from = this.#at;
  }
}

function writeHead(out: Buffer, at: number, length: number, type: number, flags: number, stream: number): void {
  out[at] = length >>> 16;
  out[at + 1] = length >>> 8;
  out[at + 2] = length;
  out[at + 3] = type;
  out[at + 4] = flags;
  out[at + 5] = stream >>> 24;
  out[at + 6] = stream >>> 16;
  out[at + 7] = stream >>> 8;
  out[at + 8] = stream;
}

function smallFrame(type: number, flags: number, stream: number, payloadBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(frameHeadBytes + payloadBytes);
  writeHead(bytes, 0, payloadBytes, type, flags, stream);
  return bytes;
}

export function rstStreamFrame(stream: number, code: ErrorCode): Buffer {
  const frame = smallFrame(frameType.rstStream, 0, stream, 4);
  frame.writeUInt32BE(code, frameHeadBytes);
  return frame;
}

export function windowUpdateFrame(stream: number, bytes: number): Buffer {
  const frame = smallFrame(frameType.windowUpdate, 0, stream, 4);
  frame.writeUInt32BE(bytes, frameHeadBytes);
  return frame;
}

export function goawayFrame(lastStream: number, code: ErrorCode): Buffer {
  const frame = smallFrame(frameType.goaway, 0, 0, 8);
  frame.writeUInt32BE(lastStream, frameHeadBytes);
  frame.writeUInt32BE(code, frameHeadBytes + 4);
  return frame;
}

/** The answer to a PING with eight bytes of payload. */
export function pongFrame(bytes: Buffer, from: number): Buffer {
  const frame = smallFrame(frameType.ping, flag.ack, 0, 8);
  bytes.copy(frame, frameHeadBytes, from, from + 8);
  return frame;
}

export function settingsAckFrame(): Buffer {
  return smallFrame(frameType.settings, flag.ack, 0, 0);
}

/** Identifiers and values in pairs. */
export function settingsFrame(settings: readonly (readonly [number, number])[]): Buffer {
  const frame = smallFrame(frameType.settings, 0, 0, settings.length * 6);
  let at = frameHeadBytes;
  for (const [id, value] of settings) {
    frame.writeUInt16BE(id, at);
    frame.writeUInt32BE(value, at + 2);
    at += 6;
  }
  return frame;
}
