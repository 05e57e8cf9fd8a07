// A connection before it is known what is spoken there, or before that can begin: the header of a balancer in front of us
// comes first, if it is one that must say whom it speaks for. Counts as a connection, and has so much time in all.
import type { Socket } from 'node:net';
import type { Address } from '../core/address.ts';
import { type Endpoints, readProxyHeader } from '../core/proxy-protocol.ts';
import type { TlsFacts } from '../core/tls/facts.ts';
import { WheelTimer } from '../core/timer-wheel.ts';
import { knownAddresses } from './client-socket.ts';
import type { FrontendRuntime } from './frontend.ts';
import type { FrontendConnection, Origin } from './frontend-connection.ts';
import { disown, own, type SocketOwner } from './socket-owner.ts';
import type { WorkerContext } from './worker-context.ts';

export abstract class Opening extends WheelTimer implements FrontendConnection, SocketOwner {
  phase: 'opening' | 'closed' = 'opening';
  readonly hasTunnelsOnly = false;
  readonly address: string;
  readonly port: number;
  readonly frontend: FrontendRuntime;
  readonly openedAt = performance.now();
  protected readyAt = this.openedAt;
  readonly route = undefined;
  protected readonly raw: Socket;
  protected endpoints: Endpoints | undefined;
  readonly #peer: Address | undefined;
  readonly #context: WorkerContext;
  #early: Buffer | undefined;

  constructor(raw: Socket, frontend: FrontendRuntime, context: WorkerContext) {
    super();
    this.raw = raw;
    this.frontend = frontend;
    ({ text: this.address, address: this.#peer } = knownAddresses.find(raw.remoteAddress ?? ''));
    this.port = raw.remotePort ?? 0;
    this.#context = context;
  }

  /** What comes after the header of a balancer. */
  protected abstract proceed(): void;

  start(withinMs: number): void {
    this.#context.wheel.arm(this, this.#context.now(), withinMs);
    own(this.raw, this);
    if (this.frontend.balancers.has(this.#peer)) this.raw.on('data', this.#readProxy);
    else this.proceed();
  }

  override onTimer(): void {
    this.destroy();
  }

  onDrain(): void {
    return;
  }

  /** Who leaves before a request could come has none. */
  onEnd(): void {
    this.destroy();
  }

  onError(): void {
    this.destroy();
  }

  onClose(): void {
    this.destroy();
  }

  /** Nothing was promised yet: it may go on to its first request, which will be its last. */
  drain(): void {
    return;
  }

  destroy(): void {
    if (this.phase === 'closed') return;
    this.#leave();
    this.raw.destroy();
    this.frontend.closed(this);
  }

  protected origin(tls: TlsFacts | undefined): Origin {
    const { raw, endpoints, openedAt, readyAt } = this;
    return { raw, tls, endpoints, openedAt, readyAt };
  }

  /** Now a request can come. */
  protected opened(socket: Socket, origin: Origin, version: 'http/1.1' | 'h2'): void {
    if (this.phase === 'closed') {
      socket.destroy();
      return;
    }
    this.#leave();
    // A TLS socket hears by itself what becomes of the one below it, for as long as it lives.
    if (socket !== this.raw) disown(this.raw);
    this.frontend.opened(this, socket, origin, version, this.#context);
  }

  /** Stops reading, and lets whoever reads next have what was read too much. */
  protected giveBack(reader: (bytes: Buffer) => void, rest: Buffer): void {
    this.raw.off('data', reader);
    this.raw.pause();
    if (rest.length > 0) this.raw.unshift(rest);
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
      this.frontend.counters.requestErrors += 1;
      this.destroy();
      return;
    }
    this.endpoints = header.endpoints;
    this.readyAt = performance.now();
    this.giveBack(this.#readProxy, this.#early.subarray(header.end));
    this.proceed();
  };
}
