// What is timed and counted of one request to a server over HTTP/2. How it gets there and back: http2-upstream.ts.
import { Patience } from '../core/patience.ts';
import { WheelTimer } from '../core/timer-wheel.ts';
import type { ServerConnection, ServerRuntime } from './runtime.ts';
import type { Failure, UpstreamOwner, UpstreamPhase } from './upstream-owner.ts';
import type { WorkerContext } from './worker-context.ts';

export abstract class Http2Use extends WheelTimer implements ServerConnection {
  readonly server: ServerRuntime;
  phase: UpstreamPhase = 'connecting';
  sent = false;
  startedMs = 0;
  connectedMs = 0;
  protected owner: UpstreamOwner | undefined;
  /** The request was HEAD. */
  protected bodiless = false;
  protected readonly context: WorkerContext;
  readonly #patience = new Patience();

  constructor(server: ServerRuntime, context: WorkerContext) {
    super();
    this.server = server;
    this.context = context;
  }

  abstract fail(failure: Failure): void;
  abstract destroy(): void;

  use(owner: UpstreamOwner, bodiless: boolean, firstByteMs: number, serverMs: number): void {
    const now = this.context.now();
    this.owner = owner;
    this.bodiless = bodiless;
    this.startedMs = now;
    const connecting = this.phase === 'connecting';
    if (!connecting) this.phase = 'head';
    const { connectMs } = this.server.backend.config.timeouts;
    this.#patience.begin(now, firstByteMs, now + (connecting ? connectMs : serverMs));
    this.#armWait(now);
    this.server.connections.add(this);
    this.server.inFlight += 1;
    this.server.counters.begin();
  }

  waitForResponse(firstByteMs: number, serverMs: number, sinceMs: number): void {
    if (this.phase === 'closed') return;
    const now = this.context.now();
    this.#patience.begin(sinceMs, firstByteMs, now + serverMs);
    this.#armWait(now);
  }

  protected waitForBody(): void {
    this.waitForResponse(0, this.server.backend.config.timeouts.serverMs, this.context.now());
  }

  touchTunnel(tunnelMs: number): void {
    this.context.wheel.arm(this, this.context.now(), tunnelMs);
  }

  #armWait(now: number): void {
    this.context.wheel.arm(this, now, this.#patience.nextMs(now, this.#lastByteMs()));
  }

  /** Bytes of others say nothing about a server that has not heard of this request. */
  #lastByteMs(): number {
    return this.sent ? this.server.lastByteMs : 0;
  }

  override onTimer(nowMs: number): void {
    const verdict = this.phase === 'tunnel' ? 'expired' : this.#patience.judge(nowMs, this.#lastByteMs());
    if (verdict !== 'wait') this.doubt();
    if (verdict === 'expired') {
      this.fail(this.phase === 'connecting' ? 'connect-timeout' : 'timeout');
      return;
    }
    this.#armWait(nowMs);
    if (verdict === 'silent') this.onSilence();
  }

  /** Nothing comes: perhaps nobody is there. */
  protected abstract doubt(): void;
  protected abstract onSilence(): void;

  /** It is over: another may have its slot. */
  protected release(): void {
    this.phase = 'closed';
    this.context.wheel.remove(this);
    if (!this.owner) return;
    this.owner = undefined;
    this.server.connections.delete(this);
    this.server.inFlight -= 1;
    this.server.counters.end();
    this.server.backend.freed(this.server);
  }
}
