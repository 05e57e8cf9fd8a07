// A client's HTTP/2 connection: its streams, its limits, its end. Each of its streams is a client of its own for all that
// follows. What frames mean is in http2-inbound.ts, what is written when in http2-outbound.ts.
import type { Socket } from 'node:net';
import { FloodGuard } from '../core/flood.ts';
import type { Field } from '../core/http2/field.ts';
import { FrameReader } from '../core/http2/frame-reader.ts';
import { goawayFrame, rstStreamFrame, settingsFrame, windowUpdateFrame } from '../core/http2/frame-writer.ts';
import { defaultWindow, type ErrorCode, errorCode, largestWindow, setting } from '../core/http2/protocol.ts';
import { ClientSocket } from './client-socket.ts';
import type { FrontendRuntime } from './frontend.ts';
import type { FrontendConnection, Origin, Route } from './frontend-connection.ts';
import { Http2Inbound } from './http2-inbound.ts';
import { Http2Outbound } from './http2-outbound.ts';
import { Http2Stream } from './http2-stream.ts';
import { connectionLimits, http2Limits } from './limits.ts';
import type { WorkerContext } from './worker-context.ts';

export class Http2Connection extends ClientSocket implements FrontendConnection {
  /** draining: the client was asked to leave; closing: it was told that no more is taken. */
  phase: 'idle' | 'busy' | 'draining' | 'closing' | 'closed' = 'idle';
  readonly outbound: Http2Outbound;
  readonly inbound: Http2Inbound;
  readonly streams = new Map<number, Http2Stream>();
  readonly headerBytes: number;
  /** As the client was told; a reload does not change it. */
  readonly takesWebSockets: boolean;
  readonly #reader: FrameReader;
  readonly #maxStreams: number;
  readonly #resets = new FloodGuard(http2Limits.resetBurst, http2Limits.resetsPerSecond);
  readonly #rejected = new FloodGuard(http2Limits.rejectedBurst, http2Limits.rejectedPerSecond);
  /** Streams that we reset, the latest of them. */
  readonly #ours = new Set<number>();
  #last: Http2Stream | undefined;
  #failed = false;
  /** The latest that it was for. */
  #host = '';

  constructor(socket: Socket, frontend: FrontendRuntime, context: WorkerContext, origin: Origin) {
    super(socket, frontend, context, origin);
    const { limits, timeouts } = context.config;
    this.headerBytes = limits.headerBytes;
    this.takesWebSockets = frontend.config.http2.webSockets;
    this.#maxStreams = frontend.config.http2.maxStreams;
    this.outbound = new Http2Outbound(socket, this.now);
    this.inbound = new Http2Inbound(this);
    this.#reader = new FrameReader(this.inbound);
    this.outbound.control(
      settingsFrame([
        [setting.maxConcurrentStreams, this.#maxStreams],
        [setting.initialWindowSize, http2Limits.streamWindowBytes],
        [setting.maxHeaderListSize, limits.headerBytes],
        [setting.enableConnectProtocol, this.takesWebSockets ? 1 : 0],
      ]),
    );
    this.outbound.control(windowUpdateFrame(0, http2Limits.windowBytes - defaultWindow));
    this.listen();
    this.arm('idle', timeouts.httpRequestMs);
  }

  readonly now = (): number => this.context.now();

  get route(): Route | undefined {
    return this.#last?.route;
  }

  get hasTunnelsOnly(): boolean {
    for (const { isTunnel } of this.streams.values()) if (!isTunnel) return false;
    return this.streams.size > 0;
  }

  /**
   * Whether requests for a host belong on this connection (RFC 9110, 15.5.20): its certificate must cover that, too.
   * Who asked for no name has not looked at the names.
   */
  isFor(host: string): boolean {
    const sni = this.tls?.sni ?? '';
    if (sni === '' || host === this.#host) return true;
    const name = host.replace(/:[0-9]*$/, '').toLowerCase();
    if (this.frontend.terminator?.covers(sni, name) === false) return false;
    this.#host = host;
    return true;
  }

  /** A request came. */
  open(id: number, fields: readonly Field[] | 'tooLarge', complete: boolean): void {
    if (this.phase === 'closing' || this.phase === 'closed' || this.streams.size >= this.#maxStreams) {
      this.#refuse(id);
      return;
    }
    if (this.phase === 'idle') {
      this.phase = 'busy';
      this.disarm();
    }
    const stream = new Http2Stream(id, this, this.context);
    this.streams.set(id, stream);
    this.#last = stream;
    stream.begin(fields, complete);
  }

  #refuse(id: number): void {
    this.remember(id);
    this.outbound.control(rstStreamFrame(id, errorCode.refusedStream));
    if (!this.#rejected.passes(this.now())) this.fail(errorCode.enhanceYourCalm);
  }

  /** A frame of the client broke its stream. */
  breakStream(stream: Http2Stream, code: ErrorCode): void {
    stream.closed();
    this.resetStream(stream, code);
    if (!this.#rejected.passes(this.now())) this.fail(errorCode.enhanceYourCalm);
  }

  /** Tells the client that a stream is over. */
  resetStream({ id }: Http2Stream, code: ErrorCode): void {
    this.remember(id);
    this.outbound.control(rstStreamFrame(id, code));
  }

  /** What is on its way for this stream is no error. */
  remember(id: number): void {
    this.#ours.add(id);
    if (this.#ours.size <= http2Limits.rememberedResets) return;
    for (const oldest of this.#ours) {
      this.#ours.delete(oldest);
      return;
    }
  }

  remembers(id: number): boolean {
    return this.#ours.has(id);
  }

  /** `early`: it ended before its response did. */
  streamClosed({ id }: Http2Stream, early: boolean): void {
    this.streams.delete(id);
    if (this.phase === 'closed') return;
    if (early && !this.#resets.passes(this.now())) this.fail(errorCode.enhanceYourCalm);
    if (this.streams.size > 0) return;
    if (this.phase === 'busy') {
      this.phase = 'idle';
      this.arm('idle', this.context.config.timeouts.keepAliveMs);
    } else if (this.phase === 'closing') this.#end(connectionLimits.lingerMs);
  }

  /** The client broke the protocol, or makes work for nothing. */
  fail(code: ErrorCode): void {
    if (this.phase === 'closed' || this.#failed) return;
    this.#failed = true;
    this.phase = 'closing';
    this.#reader.stop();
    this.frontend.counters.requestErrors += 1;
    for (const stream of [...this.streams.values()]) stream.closed();
    this.outbound.control(goawayFrame(this.inbound.lastStream, code));
    // Closed at once, with bytes unread, the kernel would take back what was just said.
    this.#end(http2Limits.calmMs);
  }

  override onTimer(): void {
    const role = this.role;
    this.role = 'none';
    if (role === 'idle') this.drain();
    else if (role === 'linger' && this.phase === 'draining') this.#close();
    else if (role === 'linger') this.destroy();
  }

  /** Asks the client to leave, and takes what is on its way for a moment longer. */
  drain(): void {
    if (this.phase !== 'idle' && this.phase !== 'busy') return;
    this.phase = 'draining';
    this.outbound.control(goawayFrame(largestWindow, errorCode.noError));
    this.arm('linger', connectionLimits.drainIdleMs);
  }

  /** No more requests are taken; those that came are answered. */
  #close(): void {
    this.phase = 'closing';
    this.outbound.control(goawayFrame(this.inbound.lastStream, errorCode.noError));
    if (this.streams.size === 0) this.#end(connectionLimits.lingerMs);
  }

  #end(lingerMs: number): void {
    this.outbound.end();
    this.arm('linger', lingerMs);
  }

  override receive(bytes: Buffer): void {
    this.#reader.feed(bytes);
  }

  override onDrain(): void {
    this.outbound.onDrain();
  }

  /** It may still read. */
  override onEnd(): void {
    if (this.phase !== 'closing') {
      this.phase = 'closing';
      this.disarm();
    }
    for (const stream of [...this.streams.values()]) if (stream.upload) stream.closed();
    if (this.streams.size === 0) this.destroy();
  }

  override destroy(): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    this.#reader.stop();
    this.context.wheel.remove(this);
    this.frontend.closed(this);
    for (const stream of [...this.streams.values()]) stream.closed();
    this.socket.destroy();
  }
}
