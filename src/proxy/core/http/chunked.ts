// Decodes chunked bodies strictly: CRLF only, hexadecimal sizes without prefix, bounded extensions and trailers.
// It reports where the data lies in the bytes it was given; it copies nothing.
import { isToken, tokenTable } from './scan.ts';

type State =
  'size' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailer' | 'trailer-lf' | 'done' | 'failed';

const maxExtensionBytes = 4096;
const maxTrailerBytes = 8192;

export class ChunkedDecoder {
  state: State = 'size';
  /** Trailer lines, each with its CRLF. */
  trailers = '';
  #remaining = 0;
  #digits = 0;
  #extra = 0;
  #line = '';
  #inToken = false;
  #hasValue = false;

  /**
   * Reads bytes from `start`; appends pairs [from, to) of data to `ranges`. Returns the index behind what it used:
   * the end of the bytes unless `state` became `done` or `failed`.
   */
  feed(bytes: Uint8Array, start: number, ranges: number[]): number {
    let at = start;
    while (at < bytes.length && this.state !== 'done' && this.state !== 'failed') {
      if (this.state === 'data') {
        const to = Math.min(bytes.length, at + this.#remaining);
        ranges.push(at, to);
        this.#remaining -= to - at;
        at = to;
        if (this.#remaining === 0) this.state = 'data-cr';
      } else {
        this.#byte(bytes[at] ?? 0);
        at += 1;
      }
    }
    return at;
  }

  #byte(byte: number): void {
    switch (this.state) {
      case 'size':
        this.#size(byte);
        return;
      case 'extension':
        this.#extension(byte);
        return;
      case 'size-lf':
        if (byte !== 0x0a) this.state = 'failed';
        else this.state = this.#remaining === 0 ? 'trailer' : 'data';
        this.#digits = 0;
        return;
      case 'data-cr':
        this.state = byte === 0x0d ? 'data-lf' : 'failed';
        return;
      case 'data-lf':
        this.state = byte === 0x0a ? 'size' : 'failed';
        return;
      case 'trailer':
        this.#trailer(byte);
        return;
      case 'trailer-lf':
        this.#trailerLine(byte);
        return;
      case 'data':
      case 'done':
      case 'failed':
        return;
      default:
        this.state satisfies never;
    }
  }

  #size(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.#digits += 1;
      this.#remaining = this.#remaining * 16 + digit;
      // 12 digits stay below 2^53; more is an overflow attempt.
      if (this.#digits > 12) this.state = 'failed';
    } else if (this.#digits === 0) {
      this.state = 'failed';
    } else if (byte === 0x0d) {
      this.state = 'size-lf';
    } else {
      // No blank: some readers pass over it, others take the chunk for malformed.
      this.state = byte === 0x3b ? 'extension' : 'failed';
      this.#separate(byte);
    }
  }

  /** `;name` or `;name=token`: quoted strings and blanks are where readers differ, and nobody sends them. */
  #extension(byte: number): void {
    this.#extra += 1;
    const isSeparator = byte === 0x3b || (byte === 0x3d && !this.#hasValue);
    if (this.#extra > maxExtensionBytes) this.state = 'failed';
    else if (tokenTable[byte] === 1) this.#inToken = true;
    else if (this.#inToken && byte === 0x0d) this.state = 'size-lf';
    else if (this.#inToken && isSeparator) this.#separate(byte);
    else this.state = 'failed';
  }

  #separate(byte: number): void {
    this.#inToken = false;
    this.#hasValue = byte === 0x3d;
  }

  #trailer(byte: number): void {
    this.#extra += 1;
    if (byte === 0x0d) this.state = 'trailer-lf';
    else if ((byte < 0x20 && byte !== 0x09) || byte === 0x7f || this.#extra > maxTrailerBytes) this.state = 'failed';
    else if (this.#line === '' && tokenTable[byte] !== 1) this.state = 'failed';
    else this.#line += String.fromCharCode(byte);
  }

  #trailerLine(byte: number): void {
    if (byte !== 0x0a) {
      this.state = 'failed';
    } else if (this.#line === '') {
      this.state = 'done';
    } else if (isTrailer(this.#line)) {
      this.trailers += `${this.#line}\r\n`;
      this.#line = '';
      this.state = 'trailer';
    } else {
      this.state = 'failed';
    }
  }
}

/** What frames or routes a message comes before its body: whoever merged such a trailer would see another message. */
const notInTrailers: ReadonlySet<string> = new Set([
  'content-length',
  'transfer-encoding',
  'host',
  'connection',
  'upgrade',
]);

function isTrailer(line: string): boolean {
  const colon = line.indexOf(':');
  return isToken(line, 0, colon) && !notInTrailers.has(line.slice(0, colon).toLowerCase());
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  if (byte >= 0x41 && byte <= 0x46) return byte - 0x37;
  if (byte >= 0x61 && byte <= 0x66) return byte - 0x57;
  return -1;
}
