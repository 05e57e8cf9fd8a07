// The request as it goes to servers: head text and body, kept in memory while it is small so that it can be sent again.
import type { RequestHead } from '../core/http/request-head.ts';
import { hostOf } from '../core/server-address.ts';
import type { Upstream } from './upstream-owner.ts';

/** Bodies up to this can be replayed: what features ask for, and little enough for thousands of requests. */
const keptBytes = 65_536;
/** A copy of the data of one read as one piece: a body in chunks of a byte must not cost a hundred times its size. */
export function pieceOf(bytes: Buffer, ranges: readonly number[]): Buffer {
  let size = 0;
  for (let index = 0; index < ranges.length; index += 2) size += (ranges[index + 1] ?? 0) - (ranges[index] ?? 0);
  const piece = Buffer.allocUnsafe(size);
  let at = 0;
  for (let index = 0; index < ranges.length; index += 2) at += bytes.copy(piece, at, ranges[index], ranges[index + 1]);
  return piece;
}

/** Bodies below this are appended to the head as text: one write instead of two. */
const inlineBytes = 4096;

export class RequestBody {
  complete: boolean;
  /** All that was read so far can be sent again. */
  kept = true;
  bytesIn = 0;
  /** Header line that says which attempt it is; '' for the first. */
  attemptLine = '';
  /** Lines that follow a body in chunks. */
  trailers = '';
  readonly #headText: string;
  readonly #chunked: boolean;
  #pieces: Buffer[] = [];
  #size = 0;

  constructor(head: RequestHead, headText: string) {
    this.#headText = headText;
    this.#chunked = head.length === -1;
    this.complete = head.length === 0;
    this.bytesIn = headText.length;
  }

  get isFull(): boolean {
    return this.#size >= keptBytes;
  }

  /** Takes a piece from the client. `streaming`: a server is getting it as it comes, so that it need not be kept. */
  add(piece: Buffer, complete: boolean, streaming: boolean): void {
    this.complete = complete;
    this.bytesIn += piece.length;
    if (this.kept && piece.length > 0) {
      this.#size += piece.length;
      this.#pieces.push(piece);
    }
    if (streaming && this.#size > keptBytes) this.#forget();
  }

  /** The head for one server: a text that says no Host gets the server's own. */
  #headFor({ server: { config } }: Upstream): string {
    const text = this.attemptLine === '' ? this.#headText : `${this.#headText.slice(0, -2)}${this.attemptLine}\r\n`;
    const at = text.indexOf('\r\n') + 2;
    if (text.startsWith('Host: ', at)) return text;
    return `${text.slice(0, at)}Host: ${hostOf(config)}\r\n${text.slice(at)}`;
  }

  /** Sends all there is so far. Returns false if the socket asks for a pause. */
  send(connection: Upstream): boolean {
    const [first] = this.#pieces;
    const headText = this.#headFor(connection);
    if (this.complete && !this.#chunked && (!first || (this.#pieces.length === 1 && first.length < inlineBytes))) {
      return connection.finish(first ? headText + first.toString('latin1') : headText, '');
    }
    connection.cork();
    let flows = connection.write(headText);
    if (this.#pieces.length > 0) flows = this.#writePieces(connection, this.#pieces);
    if (this.complete) flows = this.#end(connection);
    connection.uncork();
    if (this.#size > keptBytes) this.#forget();
    return flows;
  }

  /** Sends one piece on, as it comes. */
  forward(connection: Upstream, piece: Buffer): boolean {
    connection.cork();
    let flows = this.#writePieces(connection, [piece]);
    if (this.complete) flows = this.#end(connection);
    connection.uncork();
    return flows;
  }

  #forget(): void {
    this.kept = false;
    this.#pieces = [];
  }

  #writePieces(connection: Upstream, pieces: readonly Buffer[]): boolean {
    let flows = true;
    for (const piece of pieces) {
      if (piece.length === 0) continue;
      const chunked = this.#chunked && connection.chunks;
      if (chunked) connection.write(`${piece.length.toString(16)}\r\n`);
      flows = connection.write(piece);
      if (chunked) flows = connection.write('\r\n');
    }
    return flows;
  }

  #end(connection: Upstream): boolean {
    return connection.finish(this.#chunked && connection.chunks ? `0\r\n${this.trailers}\r\n` : '', this.trailers);
  }
}
