// A client in mode tcp: says what rules ask for, gets a server by policy, waits in its turn, and is joined with it. Half-closes
// are passed on, and whoever does not take bytes gets no more of them.
import type { Socket } from 'node:net';
import { hashOf } from '../core/balance/hash-key.ts';
import type { Stick } from '../core/balance/stick.ts';
import { FailedServers } from '../core/failed-servers.ts';
import { restMs } from './blame.ts';
import type { FrontendRuntime } from './frontend.ts';
import type { FrontendConnection, Route } from './frontend-connection.ts';
import type { BackendRuntime, ServerRuntime } from './runtime.ts';
import { TcpArrival } from './tcp-arrival.ts';
import { recordTcp } from './tcp-log.ts';
import { TcpUpstream } from './tcp-upstream.ts';
import type { Failure } from './upstream-owner.ts';
import { type Seeker, Waiting } from './waiting.ts';
import type { WorkerContext } from './worker-context.ts';

/** A connection of which one side is done has less time when it is quiet. */
const halfClosedMs = 30_000;
/** Connections that failed cost nothing, but trying must end. */
const maxAttempts = 16;
const noRequest = { target: '', fields: '', cookie: '', host: '' };

export class TcpConnection extends TcpArrival implements FrontendConnection, Seeker {
  phase: 'idle' | 'busy' | 'tunnel' | 'closed' = 'idle';
  /** Undefined until it is decided where it goes. */
  #waiting: Waiting | undefined;
  #stick: Stick | undefined;
  readonly #startedAt: number;
  readonly #epochMs = Date.now();
  #upstream: TcpUpstream | undefined;
  #last: ServerRuntime | undefined;
  #lastFailure: Failure | undefined;
  #attempts = 0;
  #queueMs = -1;
  #connectMs = -1;
  #bytesIn = 0;
  #bytesOut = 0;
  #quietMs = 0;
  #clientDone = false;
  #serverDone = false;

  constructor(socket: Socket, frontend: FrontendRuntime, context: WorkerContext) {
    super(socket, frontend, context);
    this.#startedAt = context.now();
    this.listen();
  }

  get route(): Route | undefined {
    return this.#waiting && { backend: this.#waiting.backend.config.name, server: this.#last?.config.name };
  }

  get hasTunnelsOnly(): boolean {
    return this.phase === 'tunnel';
  }

  /** Takes what the client sent. The bytes are valid during the call only. */
  override receive(bytes: Buffer): void {
    if (this.phase === 'closed') return;
    this.#bytesIn += bytes.length;
    if (this.phase === 'tunnel' && this.#upstream) {
      this.#upstream.touch(this.#quietMs);
      if (!this.#upstream.socket.write(Buffer.from(bytes))) this.socket.pause();
      return;
    }
    this.arrived(bytes);
    if (this.#waiting) this.socket.pause();
  }

  protected override serve(backend: BackendRuntime): void {
    this.#waiting = new Waiting(this, backend, new FailedServers(backend.config.retries), 0, this.context);
    this.#quietMs = backend.config.timeouts.tunnelMs;
    this.#stick = backend.stickOf(noRequest, this.peer);
    backend.counters.begin();
    this.seek();
  }

  seek(granted?: ServerRuntime): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    const { config, balancer } = waiting.backend;
    const { tried } = waiting.failed;
    const nowMs = this.context.now();
    this.phase = 'busy';
    const hash = config.hash && hashOf(config.hash, noRequest, this.peer);
    const bound = this.#stick && waiting.backend.stuckTo(this.#stick, tried, nowMs);
    const picked = granted ?? waiting.turnAt(balancer.pick({ nowMs, tried, bound, hash }), config, nowMs);
    if (!picked) return;
    this.#stick?.store(picked.config.name, nowMs);
    if (this.#queueMs < 0) this.#queueMs = nowMs - this.#startedAt;
    const { connectMs, firstByteMs } = config.timeouts;
    this.#last = picked;
    this.#upstream = new TcpUpstream(picked, this, this.context, Math.min(connectMs, firstByteMs || connectMs));
  }

  get client(): this {
    return this;
  }

  noTurn(): void {
    this.ended(this.#lastFailure ? 'SC' : 'sQ');
  }

  override onTimer(): void {
    if (!this.arrivesNot() && this.#waiting?.expired() !== true) this.ended('sQ');
  }

  /** A connection to a server did not come about: nothing was sent, so another one may have it. */
  notConnected(server: ServerRuntime, failure: Failure): void {
    this.#upstream = undefined;
    this.#lastFailure = failure;
    if (this.phase === 'closed') return;
    if (failure !== 'local' && failure !== 'down') {
      server.counters.connectErrors += 1;
      this.context.observe(server, 'connect-failed');
      this.context.accuse(server, 'unreachable');
      const nowMs = this.context.now();
      this.#waiting?.failed.refused(server, nowMs, nowMs + restMs(server));
    }
    this.#waiting?.failed.markTried(server);
    this.#attempts += 1;
    if (this.#attempts > maxAttempts) {
      this.ended(failure === 'connect-timeout' ? 'sC' : 'SC');
      return;
    }
    server.counters.retries += 1;
    this.seek();
  }

  connected(upstream: TcpUpstream): void {
    const { balancer } = upstream.server.backend;
    const nowMs = this.context.now();
    this.#connectMs = nowMs - this.#startedAt - this.#queueMs;
    this.context.observe(upstream.server, 'connected');
    // There is no other answer that its circuit could go by.
    this.context.observe(upstream.server, 'answered');
    if (balancer.timesResponses) upstream.server.responseTime.add(this.#connectMs, nowMs);
    this.phase = 'tunnel';
    const early = this.opening.take();
    if (early.length > 0) upstream.socket.write(early);
    upstream.touch(this.#quietMs);
    this.socket.resume();
    if (this.socket.readableEnded) upstream.socket.end();
  }

  /** Returns false if the bytes are still needed after the call. */
  fromServer(bytes: Buffer): boolean {
    const { socket } = this;
    this.#bytesOut += bytes.length;
    this.#upstream?.touch(this.#quietMs);
    socket.write(bytes);
    if (this.isCongested) this.#upstream?.socket.pause();
    return socket.writableLength === 0;
  }

  override onError(): void {
    this.ended('CD');
  }

  override onDrain(): void {
    this.#upstream?.socket.resume();
  }

  override onClose(): void {
    // When both are done what is still on its way to the server may arrive; its side ends the connection.
    if (!this.#clientDone || !this.#serverDone) this.ended(this.phase === 'tunnel' ? 'CD' : 'CC');
  }

  override onEnd(): void {
    this.#clientDone = true;
    if (this.phase === 'tunnel') this.#halfClosed(this.#upstream?.socket);
    // Who says nothing and has gone away need not be connected.
    else if (this.opening.early.length === 0) this.ended(this.#waiting?.active === true ? 'CQ' : 'CC');
    // No more will come of what rules wait for.
    else this.arrivesNot();
  }

  serverEnded(): void {
    this.#serverDone = true;
    this.#halfClosed(this.socket);
  }

  #halfClosed(other: Socket | undefined): void {
    this.#quietMs = Math.min(this.#quietMs, halfClosedMs);
    this.#upstream?.touch(this.#quietMs);
    other?.end();
  }

  /** Nothing to let go of before its end. */
  drain(): void {
    if (this.phase === 'idle') this.destroy();
  }

  override destroy(): void {
    this.ended('K-');
  }

  /** The end, however it came: once. */
  ended(termination: string): void {
    if (this.phase === 'closed') return;
    this.#waiting?.end();
    this.phase = 'closed';
    this.context.wheel.remove(this);
    this.frontend.closed(this);
    const upstream = this.#upstream;
    // What was written last may still be on its way to the client.
    if (termination === '--') this.socket.end();
    else this.socket.destroy();
    upstream?.destroy();
    this.#record(termination);
  }

  #record(termination: string): void {
    const { address, port, frontend, context } = this;
    const [bytesIn, bytesOut] = [this.#bytesIn, this.#bytesOut];
    const facts = {
      address,
      port,
      frontend,
      backend: this.#waiting?.backend,
      server: this.#last,
      epochMs: this.#epochMs,
      queueMs: this.#queueMs,
      connectMs: this.#connectMs,
      bytesIn,
      bytesOut,
      failures: this.#attempts,
      sni: this.opening.hello?.sni ?? '',
    };
    const nowMs = context.now();
    this.#stick?.record([1, 0, bytesIn, bytesOut], nowMs);
    recordTcp(facts, nowMs - this.#startedAt, termination, context.log);
  }
}
