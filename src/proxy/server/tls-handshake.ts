// A connection before its first request where TLS is spoken: the header of a balancer in front of us, if that is what
// comes first, then the handshake. It counts as a connection, and has `handshake` of time in all.
import type { Socket } from 'node:net';
import { type Endpoints, readProxyHeader } from '../core/proxy-protocol.ts';
import { WheelTimer } from '../core/timer-wheel.ts';
import type { FrontendConnection, Origin } from './frontend-connection.ts';
import type { TlsTerminator } from './tls-terminator.ts';
import type { WorkerContext } from './worker-context.ts';

export interface HandshakeEvents {
  /** Now a request can come. */
  secured(socket: Socket, origin: Origin): void;
  /** It is over without one. */
  closed(): void;
  badProxyHeader(): void;
}

export class TlsHandshake extends WheelTimer implements FrontendConnection {
  phase: 'handshake' | 'closed' = 'handshake';
  readonly #raw: Socket;
  readonly #terminator: TlsTerminator;
  readonly #context: WorkerContext;
  readonly #events: HandshakeEvents;
  #endpoints: Endpoints | undefined;
  #early: Buffer | undefined;

  constructor(raw: Socket, terminator: TlsTerminator, context: WorkerContext, events: HandshakeEvents) {
    super();
    this.#raw = raw;
    this.#terminator = terminator;
    this.#context = context;
    this.#events = events;
  }

  /** `expectsProxy`: the client is a balancer that says first whom it speaks for. */
  start(expectsProxy: boolean, withinMs: number): void {
    this.#context.wheel.arm(this, this.#context.now(), withinMs);
    this.#raw.on('error', () => this.destroy());
    this.#raw.on('close', () => this.destroy());
    if (expectsProxy) this.#raw.on('data', this.#readProxy);
    else this.#shake();
  }

  override onTimer(): void {
    this.destroy();
  }

  /** Nothing was promised yet: it may go on to its first request, which will be its last. */
  drain(): void {
    return;
  }

  destroy(): void {
    if (this.phase === 'closed') return;
    this.#leave();
    this.#raw.destroy();
    this.#events.closed();
  }

  #leave(): void {
    this.phase = 'closed';
    this.#context.wheel.remove(this);
  }

  readonly #readProxy = (bytes: Buffer): void => {
    this.#early = this.#early ? Buffer.concat([this.#early, bytes]) : bytes;
    const header = readProxyHeader(this.#early);
    if (header.state === 'more') return;
    if (header.state === 'bad') {
      this.#events.badProxyHeader();
      this.destroy();
      return;
    }
    this.#endpoints = header.endpoints;
    this.#raw.off('data', this.#readProxy);
    this.#raw.pause();
    if (header.end < this.#early.length) this.#raw.unshift(this.#early.subarray(header.end));
    this.#shake();
  };

  #shake(): void {
    this.#terminator.accept(this.#raw, (socket, tls) => {
      if (this.phase === 'closed') {
        socket.destroy();
        return;
      }
      this.#leave();
      this.#events.secured(socket, { raw: this.#raw, tls, endpoints: this.#endpoints });
    });
  }
}
