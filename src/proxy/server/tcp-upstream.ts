// The server's side of a connection in mode tcp: bytes both ways, and nothing known about them.
import type { TcpConnection } from './tcp-connection.ts';
import type { ServerRuntime } from './runtime.ts';
import { introduction } from './reception.ts';
import { connectFailure, type Failure, type UpstreamPhase } from './upstream-owner.ts';
import { UpstreamSocket } from './upstream-socket.ts';
import type { WorkerContext } from './worker-context.ts';

export class TcpUpstream extends UpstreamSocket {
  phase: UpstreamPhase = 'connecting';
  readonly #client: TcpConnection;

  constructor(server: ServerRuntime, client: TcpConnection, context: WorkerContext, connectMs: number) {
    super(server, context, introduction(client, server.backend.config.sendProxy), false);
    this.#client = client;
    server.connections.add(this);
    server.inFlight += 1;
    server.counters.begin();
    server.counters.picked += 1;
    server.counters.connects += 1;
    context.wheel.arm(this, context.now(), connectMs);
  }

  /** Something moved: it may be quiet for so long. */
  touch(quietMs: number): void {
    this.context.wheel.arm(this, this.context.now(), quietMs);
  }

  fail(failure: Failure): void {
    if (this.phase === 'closed') return;
    const before = this.phase;
    this.destroy();
    if (before === 'connecting') this.#client.notConnected(this.server, failure);
    else this.#client.ended(failure === 'down' ? 'DD' : failure === 'timeout' ? 'sD' : 'SD');
  }

  destroy(): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    const { server } = this;
    server.connections.delete(this);
    this.context.wheel.remove(this);
    this.socket.destroy();
    server.inFlight -= 1;
    server.counters.end();
    server.backend.freed(server);
  }

  override onTimer(): void {
    this.fail(this.phase === 'connecting' ? 'connect-timeout' : 'timeout');
  }

  protected override onConnect(): void {
    this.phase = 'tunnel';
    this.#client.connected(this);
  }

  protected override onRead(bytes: Buffer): boolean {
    return this.#client.fromServer(bytes);
  }

  override onEnd(): void {
    if (this.phase === 'connecting') this.fail('refused');
    else this.#client.serverEnded();
  }

  override onError(error: NodeJS.ErrnoException): void {
    if (this.phase !== 'connecting') return this.fail('reset');
    this.tellTlsProblem(error);
    this.fail(connectFailure(error.code));
  }

  override onClose(): void {
    if (this.phase === 'closed') return;
    // Both sides have said that they are done.
    this.destroy();
    this.#client.ended('--');
  }

  override onDrain(): void {
    this.#client.socket.resume();
  }
}
