// A connection whose TLS handshake is under way.
import type { Socket } from 'node:net';
import type { FrontendRuntime } from './frontend.ts';
import { Opening } from './opening.ts';
import type { TlsTerminator } from './tls-terminator.ts';
import type { WorkerContext } from './worker-context.ts';

export class TlsHandshake extends Opening {
  readonly #terminator: TlsTerminator;

  constructor(raw: Socket, terminator: TlsTerminator, frontend: FrontendRuntime, context: WorkerContext) {
    super(raw, frontend, context);
    this.#terminator = terminator;
  }

  protected override proceed(): void {
    this.#terminator.accept(this.raw, (socket, tls) => {
      const version = socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1';
      const { counters } = this.frontend;
      counters.tlsSessions += 1;
      if (socket.isSessionReused()) counters.tlsReused += 1;
      this.readyAt = performance.now();
      this.opened(socket, this.origin(tls), version);
    });
  }
}
