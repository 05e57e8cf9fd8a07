// A client's HTTP/2 connection: its limits, its end. Each of its streams is a client of its own for all that follows.
import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { FloodGuard } from '../core/flood.ts';
import { ClientSocket } from './client-socket.ts';
import type { FrontendRuntime } from './frontend.ts';
import type { FrontendConnection, Origin, Route } from './frontend-connection.ts';
import { Http2Stream } from './http2-stream.ts';
import { connectionLimits, http2Limits } from './limits.ts';
import type { WorkerContext } from './worker-context.ts';

export class Http2Connection extends ClientSocket implements FrontendConnection {
  phase: 'idle' | 'busy' | 'closing' | 'closed' = 'idle';
  readonly #session: ServerHttp2Session;
  readonly #resets = new FloodGuard(http2Limits.resetBurst, http2Limits.resetsPerSecond);
  readonly #controls = new FloodGuard(http2Limits.controlBurst, http2Limits.controlsPerSecond);
  #streams = 0;
  #last: Http2Stream | undefined;
  #calmed = false;

  constructor(socket: Socket, frontend: FrontendRuntime, context: WorkerContext, origin: Origin) {
    super(socket, frontend, context, origin);
    const { limits, timeouts } = context.config;
    this.#session = performServerHandshake(socket, {
      maxHeaderListPairs: limits.headers,
      maxSessionMemory: http2Limits.sessionMegabytes,
      maxSessionInvalidFrames: http2Limits.invalidFrames,
      maxSessionRejectedStreams: http2Limits.rejectedStreams,
      // Ours comes first and says why; nghttp2 stands behind it.
      streamResetBurst: 2 * http2Limits.resetBurst,
      streamResetRate: 2 * http2Limits.resetsPerSecond,
      // Servers do send some headers twice; that is between them and the client.
      strictSingleValueFields: false,
      settings: {
        maxConcurrentStreams: frontend.config.http2.maxStreams,
        maxHeaderListSize: limits.headerBytes,
      },
    });
    this.#session.setLocalWindowSize(http2Limits.windowBytes);
    this.#session.on('stream', (stream, _headers, _flags, fields) => this.#begin(stream, fields));
    this.#session.on('ping', () => this.#control());
    this.#session.on('remoteSettings', () => this.#control());
    this.#session.on('error', () => this.destroy());
    this.#session.on('close', () => this.destroy());
    socket.on('error', () => this.destroy());
    socket.on('close', () => this.destroy());
    this.arm('idle', timeouts.httpRequestMs);
  }

  get route(): Route | undefined {
    return this.#last?.route;
  }

  #begin(stream: ServerHttp2Stream, fields: readonly string[]): void {
    if (this.phase === 'closed' || this.#calmed) {
      stream.on('error', () => undefined);
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
      return;
    }
    if (stream.closed) {
      // Given up within the same read: no server need hear of it.
      if (!this.#resets.passes(this.context.now())) this.#calm();
      return;
    }
    this.#streams += 1;
    if (this.phase === 'idle') this.phase = 'busy';
    if (this.phase === 'busy') this.disarm();
    this.#last = new Http2Stream(stream, this, this.context);
    this.#last.begin(fields);
  }

  /** `early`: it ended before its response did. */
  streamClosed(early: boolean): void {
    this.#streams -= 1;
    if (early && !this.#resets.passes(this.context.now())) this.#calm();
    if (this.#streams > 0 || this.phase === 'closed' || this.#calmed) return;
    if (this.phase === 'closing') this.arm('linger', connectionLimits.lingerMs);
    else {
      this.phase = 'idle';
      this.arm('idle', this.context.config.timeouts.keepAliveMs);
    }
  }

  #control(): void {
    if (!this.#controls.passes(this.context.now())) this.#calm();
  }

  /** Ends a connection that makes work for nothing. */
  #calm(): void {
    if (this.phase === 'closed' || this.#calmed) return;
    this.#calmed = true;
    this.frontend.counters.requestErrors += 1;
    this.#session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    // Closed at once, with bytes unread, the kernel would take back what was just said.
    this.arm('linger', http2Limits.calmMs);
  }

  override onTimer(): void {
    const role = this.role;
    this.role = 'none';
    if (role === 'idle') this.drain();
    else if (role === 'linger') this.destroy();
  }

  /** Says that no more requests are taken; those that came are answered. */
  drain(): void {
    if (this.#calmed || this.phase === 'closed' || this.phase === 'closing') return;
    this.phase = 'closing';
    if (this.#streams === 0) this.arm('linger', connectionLimits.lingerMs);
    this.#session.close();
  }

  destroy(): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    this.context.wheel.remove(this);
    this.frontend.closed(this);
    if (!this.#session.destroyed) this.#session.destroy();
    // The last frames are on their way still; who does not take them has had its time.
    this.socket.destroySoon();
  }
}
