// One request to a server as a stream of HTTP/2. It takes texts and bytes of HTTP/1, which all the rest speaks, and turns
// them into frames; what comes back goes to its owner as from a connection of its own. Connections: http2-session.ts.
import type { ClientHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { errorCode, flag } from '../core/http2/protocol.ts';
import { linesOf } from '../core/http/http2-response.ts';
import type { RequestHead } from '../core/http/request-head.ts';
import { asTunnelHead, type ResponseHead } from '../core/http/response-head.ts';
import { readLines } from '../core/http/response-lines.ts';
import { Http2Use } from './http2-use.ts';
import { giveUp, openStream, responseHeadOf, wasCut, watchEnd } from './http2-messages.ts';
import type { Http2Session } from './http2-session.ts';
import { connectionLimits } from './limits.ts';
import type { ServerRuntime } from './runtime.ts';
import { webSocketHead } from './http2-websocket.ts';
import { failUse, type Failure, type Upstream } from './upstream-owner.ts';
import type { WorkerContext } from './worker-context.ts';

const nothing = Buffer.alloc(0);

/** Whether the client asked for a tunnel. */
export type Tunnelled = Pick<RequestHead, 'upgrade' | 'connects'>;

export class Http2Upstream extends Http2Use implements Upstream {
  uses = 0;
  readonly chunks = false;
  readonly #asked: Tunnelled;
  #session: Http2Session | undefined;
  #stream: ClientHttp2Stream | undefined;
  #requestDone = false;
  #head: ResponseHead | undefined;
  #received = 0;
  #hints = 0;
  /** Lines after the bodies of the request and of the response. */
  #requestTrailers = '';
  #trailers = '';
  #webSocketKey: string | undefined;

  constructor(server: ServerRuntime, context: WorkerContext, asked: Tunnelled) {
    super(server, context);
    this.#asked = asked;
  }

  get socket(): Duplex {
    if (!this.#stream) throw new Error(`no stream to ${this.server.key} yet`);
    return this.#stream;
  }

  /** Number of its stream; undefined while the server has not heard of it. */
  get id(): number | undefined {
    return this.#stream?.id;
  }

  /** Goes over this session from now on. `ready`: the server can be asked at once. */
  join(session: Http2Session, ready: boolean): void {
    this.#session = session;
    if (ready) this.phase = 'idle';
  }

  /** The session can be used. */
  connected(): void {
    if (this.phase !== 'connecting') return;
    this.phase = 'head';
    this.connectedMs = this.context.now();
    this.owner?.onConnected(this);
  }

  /** The server chose the other protocol. */
  notHttp2(): void {
    // First the new way, then the slot: nobody else may get that in between.
    this.owner?.onHttp1(this);
    this.destroy();
  }

  /** Frames that are made in one go leave in one go. */
  cork(): void {}

  uncork(): void {}

  write(data: string | Uint8Array): boolean {
    if (this.phase === 'closed') return true;
    if (this.#stream) return this.#stream.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
    return this.#begin(String(data), false);
  }

  end(): void {
    this.#stream?.end();
  }

  finish(last: string, trailers: string): boolean {
    this.#requestDone = true;
    if (this.phase === 'closed') return true;
    if (!this.#stream) return this.#begin(last, true);
    this.#requestTrailers = trailers;
    this.#stream.end();
    return true;
  }

  #begin(text: string, last: boolean): boolean {
    const opened = openStream(this.#session, text, last, this.#asked);
    if (typeof opened === 'string') {
      // Not in the middle of being asked.
      process.nextTick(() => this.fail(opened));
      return true;
    }
    const { stream, body } = opened;
    this.sent = true;
    this.#stream = stream;
    this.#webSocketKey = opened.webSocketKey;
    this.#listen(stream);
    if (body.length === 0) return true;
    if (!last) return stream.write(body);
    stream.end(body);
    return true;
  }

  #listen(stream: ClientHttp2Stream): void {
    stream.on('headers', (_headers, _flags, fields) => this.#onInformational(fields));
    stream.on('response', (_headers, flags, fields) =>
      this.#onResponse(stream, fields, (flags & flag.endStream) !== 0),
    );
    stream.on('trailers', (_headers, _flags, fields?: string[]) => (this.#trailers = linesOf(fields ?? [])));
    stream.on('wantTrailers', () => stream.sendTrailers(readLines(this.#requestTrailers)));
    stream.on('drain', () => this.owner?.onDrain(this));
    stream.on('close', () => this.#onClose(stream));
    stream.on('error', () => undefined);
  }

  #heard(): void {
    const now = this.context.now();
    this.server.lastByteMs = now;
    this.#session?.heard(now);
  }

  #onInformational(fields: readonly string[]): void {
    if (this.phase !== 'head') return;
    this.#heard();
    this.#hints += 1;
    const head = responseHeadOf(fields, this.bodiless, false);
    if (!head || this.#hints > connectionLimits.informationalResponses) this.fail('malformed');
    else this.owner?.response.informational(this, head);
  }

  #onResponse(stream: ClientHttp2Stream, fields: readonly string[], ended: boolean): void {
    if (this.phase !== 'head') return;
    this.#heard();
    const head = responseHeadOf(fields, this.bodiless, ended);
    if (!head) {
      this.fail('malformed');
      return;
    }
    const owner = this.owner;
    const key = this.#webSocketKey;
    const asksForTunnel = key !== undefined || this.#asked.connects;
    const opened = asksForTunnel && head.status < 300 && !ended;
    // It was kept open for the tunnel.
    if (asksForTunnel && !opened) stream.end();
    if (opened) {
      this.phase = 'tunnel';
      owner?.onTunnel(this, key === undefined ? asTunnelHead(head) : webSocketHead(head, key), nothing);
    } else if (ended) {
      this.#finished();
      owner?.onWhole(this, head, nothing, 0);
      return;
    } else {
      this.phase = 'body';
      this.#head = head;
      this.waitForBody();
      owner?.onHead(this, head);
      owner?.response.flush();
    }
    watchEnd(stream);
    stream.on('data', (bytes: Buffer) => this.#onData(bytes));
    stream.on('end', () => this.#onEnd(stream));
  }

  #onData(bytes: Buffer): void {
    if (this.phase === 'closed') return;
    this.#heard();
    const owner = this.owner;
    if (this.phase === 'tunnel') {
      owner?.response.tunnelData(bytes);
      return;
    }
    this.#received += bytes.length;
    this.waitForBody();
    owner?.response.body(bytes, [0, bytes.length]);
    owner?.response.flush();
  }

  #onEnd(stream: ClientHttp2Stream): void {
    // A stream that was reset ends, too.
    if (this.phase === 'closed' || stream.rstCode !== errorCode.noError) return;
    if (this.phase === 'tunnel') {
      this.owner?.response.tunnelEnded();
      return;
    }
    const owner = this.owner;
    const { length = -1 } = this.#head ?? {};
    if (!this.bodiless && (length < 0 ? wasCut(stream) : this.#received !== length)) {
      this.fail('eof');
      return;
    }
    this.#finished();
    owner?.onEnd(this, this.#trailers);
  }

  #onClose({ rstCode }: ClientHttp2Stream): void {
    if (this.phase === 'closed') return;
    if (rstCode === errorCode.refusedStream) this.unprocessed('refused-stream');
    else this.fail(rstCode === errorCode.protocolError ? 'malformed' : 'reset');
  }

  /** The server has done nothing of it, and will not. */
  unprocessed(failure: 'refused-stream' | 'goaway'): void {
    this.sent = false;
    this.fail(failure);
  }

  /** The connection is gone. What came to its end before is still told. */
  lost(failure: Failure): void {
    const stream = this.#stream;
    if (this.phase === 'body' && stream?.closed === true && stream.rstCode === errorCode.noError) {
      // Reading tells it to the listener of its data.
      while (stream.read() !== null);
      this.#onEnd(stream);
    } else {
      this.fail(failure);
    }
  }

  override onTimer(nowMs: number): void {
    // A client that takes its time is not the server's fault; its own timer watches it.
    if (this.phase === 'body' && this.#stream?.isPaused() === true) this.waitForBody();
    super.onTimer(nowMs);
  }

  protected override onSilence(): void {
    this.owner?.onSilence(this);
  }

  protected override doubt(): void {
    this.#session?.doubt();
  }

  fail(failure: Failure): void {
    failUse(this, this.owner, failure);
  }

  destroy(): void {
    if (this.phase === 'closed') return;
    this.release();
    if (this.#stream && !this.#stream.destroyed) giveUp(this.#stream);
  }

  /** The response is complete. Who answered early does not get the rest of the request. */
  #finished(): void {
    this.release();
    if (!this.#requestDone && this.#stream) giveUp(this.#stream);
  }

  protected override release(): void {
    this.#session?.leave(this);
    this.#session = undefined;
    super.release();
  }
}
