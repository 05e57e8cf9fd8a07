// The body of a request over HTTP/2: its windows, its length, and what came of it while nobody took it.
import { readHttp2Trailers } from '../core/http/http2-head.ts';
import type { Field } from '../core/http2/field.ts';
import { type ErrorCode, errorCode } from '../core/http2/protocol.ts';
import { http2Limits } from './limits.ts';

/** Who takes the body; false asks for a pause. */
export interface UploadTarget {
  readonly id: number;
  onBody(bytes: Buffer, complete: boolean, trailers: string): boolean;
}

/** Whoever tells the client that it may send more. */
export interface Credits {
  /** Bytes were passed on: `stream` 0 means of the whole connection. */
  credit(stream: number, bytes: number): void;
  consumed(bytes: number): void;
}

const nothing = Buffer.alloc(0);

export class Http2Upload {
  readonly #target: UploadTarget;
  readonly #credits: Credits;
  /** Bytes that must come still; -1 when nobody knows. */
  #left: number;
  #window: number = http2Limits.streamWindowBytes;
  #unsaid = 0;
  #paused = false;
  #held: Buffer[] = [];
  /** What the held data count, with their padding. */
  #heldBytes = 0;
  #complete = false;
  /** Lines that follow the body. */
  #trailers = '';

  constructor(target: UploadTarget, credits: Credits, length: number) {
    this.#target = target;
    this.#credits = credits;
    this.#left = length;
  }

  /** A DATA frame: its data are bytes[from, to), `counted` is its whole payload. Returns what is wrong with it. */
  data(bytes: Buffer, from: number, to: number, counted: number, last: boolean): ErrorCode | undefined {
    // It waits to be passed on, whole.
    if (this.#complete) return errorCode.streamClosed;
    this.#window -= counted;
    if (this.#window < 0) return errorCode.flowControlError;
    if (this.#left >= 0) {
      this.#left -= to - from;
      if (this.#left < 0 || (last && this.#left > 0)) return errorCode.protocolError;
    }
    this.#complete = last;
    if (this.#paused) {
      this.#held.push(Buffer.from(bytes.subarray(from, to)));
      this.#heldBytes += counted;
    } else {
      this.#pass(bytes.subarray(from, to), counted, last);
    }
    return undefined;
  }

  /** The fields after the body, which end it. */
  end(fields: readonly Field[]): ErrorCode | undefined {
    const trailers = readHttp2Trailers(fields);
    if (trailers === undefined) return errorCode.protocolError;
    this.#trailers = trailers;
    return this.data(nothing, 0, 0, 0, true);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    if (this.#held.length === 0) return;
    const bytes = Buffer.concat(this.#held);
    const counted = this.#heldBytes;
    this.#held = [];
    this.#heldBytes = 0;
    this.#pass(bytes, counted, this.#complete);
  }

  /** Its stream is over. */
  close(): void {
    this.#credits.consumed(this.#heldBytes);
    this.#held = [];
    this.#heldBytes = 0;
  }

  #pass(bytes: Buffer, counted: number, last: boolean): void {
    this.#credits.consumed(counted);
    this.#unsaid += counted;
    if (!last && this.#unsaid >= http2Limits.streamWindowBytes / 2) {
      this.#window += this.#unsaid;
      this.#credits.credit(this.#target.id, this.#unsaid);
      this.#unsaid = 0;
    }
    if (!this.#target.onBody(bytes, last, this.#trailers) && !last) this.#paused = true;
  }
}
