// A client in mode tcp until it is known where it goes: the header of a balancer in front of us comes first if there must be
// one, then what rules look at, for which they wait only so long.
import { ClientSocket } from './client-socket.ts';
import type { BackendRuntime } from './runtime.ts';
import { TcpOpening } from './tcp-opening.ts';

export abstract class TcpArrival extends ClientSocket {
  protected readonly opening = new TcpOpening();

  /** Where it goes is decided. */
  protected abstract serve(backend: BackendRuntime): void;
  abstract ended(termination: string): void;

  /** Begins, once the frontend knows of it. */
  start(): void {
    this.frontend.counters.begin();
    if (this.expectsProxy) this.arm('head', this.context.config.timeouts.httpRequestMs);
    else this.#inspect();
  }

  /** Keeps what the client sent before it has a server, and looks at it as long as that matters. */
  protected arrived(bytes: Buffer): void {
    this.opening.add(bytes);
    if (this.expectsProxy) this.#readProxy();
    else if (this.role === 'inspect') this.#inspect();
  }

  #readProxy(): void {
    const header = this.opening.readHeader();
    if (header.state === 'bad') {
      this.frontend.counters.requestErrors += 1;
      this.ended('PR');
    }
    if (header.state !== 'done') return;
    this.expectsProxy = false;
    this.disarm();
    if (header.endpoints) this.setEndpoints(header.endpoints);
    this.#inspect();
  }

  #inspect(): void {
    const { inspectMs } = this.frontend.tcp;
    if (inspectMs > 0 && !this.opening.look()) {
      if (this.role !== 'inspect') this.arm('inspect', inspectMs);
      return;
    }
    this.#decide();
  }

  /** What is waited for does not come: rules go by what is known. Returns false if nothing is waited for. */
  protected arrivesNot(): boolean {
    if (this.role === 'head') this.ended('cR');
    else if (this.role === 'inspect') this.#decide();
    else return false;
    return true;
  }

  #decide(): void {
    this.disarm();
    const { peer, frontend, context } = this;
    const name = frontend.tcp.backendOf({ peer, hello: this.opening.hello });
    const backend = name === undefined ? undefined : context.backend(name);
    if (backend) {
      this.serve(backend);
      return;
    }
    frontend.counters.denied += 1;
    this.ended('PR');
  }
}
