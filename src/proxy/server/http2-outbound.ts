// What goes to a client over an HTTP/2 connection. All that its streams have to say within one round of the event loop
// goes out in one write: with TLS that is one record for many answers.
import type { Socket } from 'node:net';
import { FloodGuard } from '../core/flood.ts';
import { FrameWriter } from '../core/http2/frame-writer.ts';
import { HpackEncoder } from '../core/http2/hpack-encoder.ts';
import { defaultWindow, largestWindow } from '../core/http2/protocol.ts';
import type { Http2Sending } from './http2-sending.ts';
import { http2Limits } from './limits.ts';

/** Shared: each takes what it wrote before another begins. */
const writer = new FrameWriter();

export class Http2Outbound {
  readonly encoder = new HpackEncoder();
  /** What a stream that begins now may be sent. */
  initialWindow = defaultWindow;
  /** Bytes of bodies that wait, over all streams. */
  waitingBytes = 0;
  /** The client makes us send crumbs. */
  isCrumbling = false;
  /** Something of a stream was written since this was taken back. */
  hasAnswered = false;
  #window = defaultWindow;
  readonly #socket: Socket;
  readonly #now: () => number;
  readonly #small = new FloodGuard(http2Limits.smallBurst, http2Limits.smallPerSecond);
  #controls: Buffer[] = [];
  #ready: Http2Sending[] = [];
  #scheduled = false;
  #ending = false;

  constructor(socket: Socket, now: () => number) {
    this.#socket = socket;
    this.#now = now;
  }

  /** A frame of the connection, or the reset of a stream that has nothing to send. */
  control(frame: Buffer): void {
    this.#controls.push(frame);
    this.#schedule();
  }

  /** A stream has something to send, or may send more. */
  ready(stream: Http2Sending): void {
    if (stream.isReady || !stream.canSend(this.#window)) return;
    stream.isReady = true;
    this.#ready.push(stream);
    this.#schedule();
  }

  /** The client takes more. False: more than can be counted. */
  grow(bytes: number, streams: Iterable<Http2Sending>): boolean {
    const wasClosed = this.#window <= 0;
    this.#window += bytes;
    if (wasClosed) for (const stream of streams) this.ready(stream);
    return this.#window <= largestWindow;
  }

  /** Streams may be sent more or less from now on, those under way too. False: more than can be counted. */
  setInitialWindow(bytes: number, streams: Iterable<Http2Sending>): boolean {
    const change = bytes - this.initialWindow;
    this.initialWindow = bytes;
    for (const stream of streams) {
      stream.sendWindow += change;
      if (stream.sendWindow > largestWindow) return false;
      this.ready(stream);
    }
    return true;
  }

  /** Closes the socket after what was given to it. */
  end(): void {
    this.#ending = true;
    this.#schedule();
  }

  /** The socket takes more. */
  onDrain(): void {
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#socket.destroyed) return;
    this.#scheduled = true;
    setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    this.#scheduled = false;
    if (this.#socket.destroyed || this.#socket.writableNeedDrain) return;
    for (const frame of this.#controls) writer.frame(frame);
    this.#controls = [];
    const served = this.#serve();
    this.#write(writer.take());
    if (served.length > 0) this.hasAnswered = true;
    for (const stream of served) stream.onTurn();
    for (const stream of [...this.#ready]) stream.onTurn();
    if (this.#ready.length > 0) this.#schedule();
    else if (this.#ending && this.#controls.length === 0) this.#socket.end();
  };

  /** Gives ready streams their turns, one after the other, until enough is written. */
  #serve(): readonly Http2Sending[] {
    const ready = this.#ready;
    const served: Http2Sending[] = [];
    let index = 0;
    for (; index < ready.length && writer.size < http2Limits.flushBytes; index += 1) {
      const stream = ready[index];
      if (!stream) continue;
      // Its client may have given it up, or others before it closed the window.
      if (!stream.canSend(this.#window)) {
        stream.isReady = false;
        continue;
      }
      const size = stream.turn(writer, this.encoder, this.#window);
      this.#window -= size;
      this.waitingBytes -= size;
      if (size > 0 && size < http2Limits.smallBytes && !stream.isSent && stream.waitingBytes > 0) this.#crumb();
      if (stream.canSend(this.#window)) ready.push(stream);
      else {
        stream.isReady = false;
        served.push(stream);
      }
    }
    this.#ready = index === ready.length ? [] : ready.slice(index);
    return served;
  }

  #crumb(): void {
    if (!this.#small.passes(this.#now())) this.isCrumbling = true;
  }

  #write(pieces: readonly Buffer[]): void {
    const [first] = pieces;
    if (!first) return;
    if (pieces.length === 1) {
      this.#socket.write(first);
      return;
    }
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    this.#socket.uncork();
  }
}
