// WebSocket frames (RFC 6455) as a client needs them: writes masked frames, reads the server's. Pure, no sockets.

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  readonly opcode: number;
  readonly final: boolean;
  readonly payload: Buffer;
}

/** A server that sends more in one frame is broken. */
const maxFrameBytes = 1024 * 1024;

/** One whole masked frame. `mask` has four bytes; unpredictable ones for untrusted content. */
export function encodeFrame(opcode: number, payload: Buffer, mask: Buffer): Buffer {
  const length = payload.length;
  const extra = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const frame = Buffer.alloc(6 + extra + length);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (extra === 0 ? length : extra === 2 ? 126 : 127);
  if (extra === 2) frame.writeUInt16BE(length, 2);
  if (extra === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  mask.copy(frame, 2 + extra);
  for (let index = 0; index < length; index += 1) {
    frame[6 + extra + index] = (payload[index] ?? 0) ^ (mask[index & 3] ?? 0);
  }
  return frame;
}

/** Collects bytes and gives whole frames. Throws on what a server must not send. */
export class FrameReader {
  #buffer: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Frame[] {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    const frames: Frame[] = [];
    for (let frame = this.#take(); frame; frame = this.#take()) frames.push(frame);
    return frames;
  }

  #take(): Frame | null {
    const buffer = this.#buffer;
    const [first, second] = buffer;
    if (first === undefined || second === undefined) return null;
    if ((first & 0x70) !== 0) throw new Error('reserved bits in a WebSocket frame');
    if ((second & 0x80) !== 0) throw new Error('a server must not mask WebSocket frames');
    const start = second === 126 ? 4 : second === 127 ? 10 : 2;
    if (buffer.length < start) return null;
    const length = start === 2 ? second : start === 4 ? buffer.readUInt16BE(2) : Number(buffer.readBigUInt64BE(2));
    if (length > maxFrameBytes) throw new Error('WebSocket frame too large');
    if (buffer.length < start + length) return null;
    this.#buffer = buffer.subarray(start + length);
    return { opcode: first & 0x0f, final: (first & 0x80) !== 0, payload: buffer.subarray(start, start + length) };
  }
}

/** The code in a close frame; 1005 when it has none. */
export function closeCodeOf(payload: Buffer): number {
  return payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
}
