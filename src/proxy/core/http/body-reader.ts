// Where the body of a message lies in the bytes that come: by length, by chunks, or up to the end of the connection.
import { ChunkedDecoder } from './chunked.ts';

export type BodyState = 'more' | 'done' | 'failed';

/** Length of a message's body: -1 chunked, -2 until the connection ends. */
export type BodyLength = number;

export class BodyReader {
  state: BodyState = 'more';
  readonly #decoder: ChunkedDecoder | undefined;
  #remaining: number;

  constructor(length: BodyLength) {
    this.#remaining = length === -2 ? Infinity : length;
    this.#decoder = length === -1 ? new ChunkedDecoder() : undefined;
  }

  /** Trailer lines of a chunked body, once it is done. */
  get trailers(): string {
    return this.#decoder?.trailers ?? '';
  }

  /** Appends pairs [from, to) of body data to `ranges`; returns the index behind what belongs to the body. */
  feed(bytes: Uint8Array, from: number, ranges: number[]): number {
    if (this.#decoder) {
      const end = this.#decoder.feed(bytes, from, ranges);
      if (this.#decoder.state === 'done' || this.#decoder.state === 'failed') this.state = this.#decoder.state;
      return end;
    }
    const end = Math.min(bytes.length, from + this.#remaining);
    if (end > from) ranges.push(from, end);
    this.#remaining -= end - from;
    if (this.#remaining === 0) this.state = 'done';
    return end;
  }
}
