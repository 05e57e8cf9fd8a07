// The frames of a client: what each means, and what none of them may be (RFC 9113). Deliberately not here: streams
// themselves, and the life of the connection.
import { FloodGuard } from '../core/flood.ts';
import type { FrameHandler } from '../core/http2/frame-reader.ts';
import { pongFrame, settingsAckFrame, windowUpdateFrame } from '../core/http2/frame-writer.ts';
import { HpackDecoder } from '../core/http2/hpack-decoder.ts';
import { type ErrorCode, errorCode, flag, frameType, largestWindow, setting } from '../core/http2/protocol.ts';
import type { Http2Connection } from './http2-connection.ts';
import type { Credits } from './http2-upload.ts';
import { http2Limits } from './limits.ts';

/** A head of which CONTINUATION frames are to come. */
interface Unfinished {
  readonly stream: number;
  readonly flags: number;
  readonly pieces: Buffer[];
  size: number;
}

export class Http2Inbound implements FrameHandler, Credits {
  /** The latest stream that was opened. */
  lastStream = 0;
  readonly #connection: Http2Connection;
  readonly #decoder = new HpackDecoder();
  readonly #controls = new FloodGuard(http2Limits.controlBurst, http2Limits.controlsPerSecond);
  readonly #idle = new FloodGuard(http2Limits.idleBurst, http2Limits.idlePerSecond);
  #settled = false;
  #unfinished: Unfinished | undefined;
  #window: number = http2Limits.windowBytes;
  #unsaid = 0;

  constructor(connection: Http2Connection) {
    this.#connection = connection;
  }

  onBadPreface(): void {
    this.#connection.fail(errorCode.protocolError);
  }

  onOversized(): void {
    this.#connection.fail(errorCode.frameSizeError);
  }

  onFrame(type: number, flags: number, stream: number, bytes: Buffer, from: number, to: number): void {
    const isExpected = this.#unfinished
      ? type === frameType.continuation && stream === this.#unfinished.stream
      : this.#settled || type === frameType.settings;
    const problem = isExpected ? this.#frame(type, flags, stream, bytes, from, to) : errorCode.protocolError;
    if (problem !== undefined) this.#connection.fail(problem);
  }

  /** What comes may be passed on: the client may send as much again. */
  consumed(bytes: number): void {
    this.#unsaid += bytes;
    if (this.#unsaid < http2Limits.windowBytes / 2) return;
    this.#window += this.#unsaid;
    this.credit(0, this.#unsaid);
    this.#unsaid = 0;
  }

  credit(stream: number, bytes: number): void {
    this.#connection.outbound.control(windowUpdateFrame(stream, bytes));
  }

  /** Returns the error that ends the connection. */
  #frame(type: number, flags: number, stream: number, bytes: Buffer, from: number, to: number): ErrorCode | undefined {
    switch (type) {
      case frameType.data:
        return this.#data(flags, stream, bytes, from, to);
      case frameType.headers:
        return this.#headers(flags, stream, bytes, from, to);
      case frameType.priority:
        if (to - from !== 5) return errorCode.frameSizeError;
        if (stream === 0 || bytes.readUInt32BE(from) % 2 ** 31 === stream) return errorCode.protocolError;
        return this.#useless();
      case frameType.rstStream:
        return this.#rstStream(stream, to - from);
      case frameType.settings:
        return this.#settings(flags, stream, bytes, from, to);
      case frameType.pushPromise:
        return errorCode.protocolError;
      case frameType.ping:
        return this.#ping(flags, stream, bytes, from, to);
      case frameType.goaway:
        return stream === 0 ? this.#useless() : errorCode.protocolError;
      case frameType.windowUpdate:
        return this.#windowUpdate(stream, bytes, from, to);
      case frameType.continuation:
        return this.#continuation(flags, bytes, from, to);
      default:
        return this.#useless();
    }
  }

  #useless(): ErrorCode | undefined {
    return this.#idle.passes(this.#connection.now()) ? undefined : errorCode.enhanceYourCalm;
  }

  #control(): ErrorCode | undefined {
    return this.#controls.passes(this.#connection.now()) ? undefined : errorCode.enhanceYourCalm;
  }

  /** A frame for a stream that is not there. */
  #stray(stream: number, mayBe: boolean): ErrorCode | undefined {
    if (stream > this.lastStream || stream % 2 === 0) return errorCode.protocolError;
    return mayBe || this.#connection.remembers(stream) ? this.#useless() : errorCode.streamClosed;
  }

  #data(flags: number, id: number, bytes: Buffer, from: number, to: number): ErrorCode | undefined {
    const counted = to - from;
    const padded = (flags & flag.padded) !== 0;
    const start = padded ? from + 1 : from;
    const end = padded ? to - (bytes[from] ?? 0) : to;
    if (id === 0 || start > end) return errorCode.protocolError;
    this.#window -= counted;
    if (this.#window < 0) return errorCode.flowControlError;
    const last = (flags & flag.endStream) !== 0;
    const stream = this.#connection.streams.get(id);
    const problem = stream?.upload ? stream.upload.data(bytes, start, end, counted, last) : errorCode.streamClosed;
    if (problem !== undefined) {
      this.consumed(counted);
      if (!stream || this.#connection.remembers(id)) return this.#stray(id, false);
      this.#connection.breakStream(stream, problem);
    }
    return start === end && !last ? this.#useless() : undefined;
  }

  #headers(flags: number, stream: number, bytes: Buffer, from: number, to: number): ErrorCode | undefined {
    const padded = (flags & flag.padded) !== 0;
    const end = padded ? to - (bytes[from] ?? 0) : to;
    let start = padded ? from + 1 : from;
    if (stream % 2 === 0) return errorCode.protocolError;
    if ((flags & flag.priority) !== 0) {
      if (start + 5 > end || bytes.readUInt32BE(start) % 2 ** 31 === stream) return errorCode.protocolError;
      start += 5;
    }
    if (start > end) return errorCode.protocolError;
    if ((flags & flag.endHeaders) !== 0) return this.#head(stream, flags, bytes, start, end);
    this.#unfinished = { stream, flags, pieces: [Buffer.from(bytes.subarray(start, end))], size: end - start };
    return undefined;
  }

  #continuation(flags: number, bytes: Buffer, from: number, to: number): ErrorCode | undefined {
    const unfinished = this.#unfinished;
    if (!unfinished) return errorCode.protocolError;
    unfinished.pieces.push(Buffer.from(bytes.subarray(from, to)));
    unfinished.size += to - from;
    const { continuations, headBytes } = http2Limits;
    if (unfinished.pieces.length > continuations || unfinished.size > headBytes) return errorCode.enhanceYourCalm;
    if ((flags & flag.endHeaders) === 0) return undefined;
    this.#unfinished = undefined;
    const block = Buffer.concat(unfinished.pieces);
    return this.#head(unfinished.stream, unfinished.flags, block, 0, block.length);
  }

  #head(id: number, flags: number, block: Buffer, from: number, to: number): ErrorCode | undefined {
    const fields = this.#decoder.decode(block, from, to, this.#connection.headerBytes);
    if (!fields) return errorCode.compressionError;
    const last = (flags & flag.endStream) !== 0;
    const stream = this.#connection.streams.get(id);
    if (stream) {
      const isWrong = !last || fields === 'tooLarge' || stream.asksForTunnel;
      const problem = !stream.upload
        ? errorCode.streamClosed
        : isWrong
          ? errorCode.protocolError
          : stream.upload.end(fields);
      if (problem !== undefined && this.#connection.remembers(id)) return this.#stray(id, false);
      if (problem !== undefined) this.#connection.breakStream(stream, problem);
      return undefined;
    }
    if (id <= this.lastStream) return this.#stray(id, false);
    this.lastStream = id;
    this.#connection.open(id, fields, last);
    return undefined;
  }

  #rstStream(id: number, size: number): ErrorCode | undefined {
    if (id === 0) return errorCode.protocolError;
    if (size !== 4) return errorCode.frameSizeError;
    const stream = this.#connection.streams.get(id);
    if (!stream) return this.#stray(id, true);
    stream.closed();
    return undefined;
  }

  #settings(flags: number, stream: number, bytes: Buffer, from: number, to: number): ErrorCode | undefined {
    if (stream !== 0) return errorCode.protocolError;
    const isAck = (flags & flag.ack) !== 0;
    if (isAck ? to > from : (to - from) % 6 !== 0) return errorCode.frameSizeError;
    if (isAck) return this.#settled ? this.#useless() : errorCode.protocolError;
    this.#settled = true;
    for (let at = from; at < to; at += 6) {
      const problem = this.#setting(bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2));
      if (problem !== undefined) return problem;
    }
    this.#connection.outbound.control(settingsAckFrame());
    return this.#control();
  }

  #setting(id: number, value: number): ErrorCode | undefined {
    const { outbound, streams } = this.#connection;
    switch (id) {
      case setting.headerTableSize:
        outbound.encoder.resize(value);
        return undefined;
      case setting.enablePush:
        return value > 1 ? errorCode.protocolError : undefined;
      case setting.initialWindowSize:
        if (value > largestWindow || !outbound.setInitialWindow(value, streams.values()))
          return errorCode.flowControlError;
        return undefined;
      case setting.maxFrameSize:
        return value < 2 ** 14 || value >= 2 ** 24 ? errorCode.protocolError : undefined;
      default:
        return undefined;
    }
  }

  #ping(flags: number, stream: number, bytes: Buffer, from: number, to: number): ErrorCode | undefined {
    if (stream !== 0) return errorCode.protocolError;
    if (to - from !== 8) return errorCode.frameSizeError;
    if ((flags & flag.ack) !== 0) return this.#useless();
    const { outbound } = this.#connection;
    outbound.control(pongFrame(bytes, from));
    // Clients of gRPC measure the way by a PING for what they get.
    if (!outbound.hasAnswered) return this.#control();
    outbound.hasAnswered = false;
    return undefined;
  }

  #windowUpdate(id: number, bytes: Buffer, from: number, to: number): ErrorCode | undefined {
    if (to - from !== 4) return errorCode.frameSizeError;
    const { outbound, streams } = this.#connection;
    const growth = bytes.readUInt32BE(from) % 2 ** 31;
    if (id === 0) {
      if (growth === 0) return errorCode.protocolError;
      if (!outbound.grow(growth, streams.values())) return errorCode.flowControlError;
    } else {
      const stream = streams.get(id);
      // Clients open windows of streams that ended meanwhile, as often as there are streams.
      if (!stream) return id > this.lastStream || id % 2 === 0 ? errorCode.protocolError : undefined;
      stream.sendWindow += growth;
      if (growth === 0) this.#connection.breakStream(stream, errorCode.protocolError);
      else if (stream.sendWindow > largestWindow) this.#connection.breakStream(stream, errorCode.flowControlError);
      else outbound.ready(stream);
    }
    return outbound.isCrumbling ? errorCode.enhanceYourCalm : undefined;
  }
}
