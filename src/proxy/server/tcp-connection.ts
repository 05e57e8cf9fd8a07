// A client in mode tcp: says what rules ask for, gets a server by policy, waits in its turn, and is joined with it. Half-closes
// are passed on, and whoever does not take bytes gets no more of them.
import type { Socket } from 'node:net';
import { hashOf } from '../core/balance/hash-key.ts';
import type { QueuedRequest } from '../core/balance/queues.ts';
import type { Stick } from '../core/balance/stick.ts';
import { TurnAround } from '../core/turn-around.ts';
import { restMs } from './blame.ts';
import type { FrontendRuntime } from './frontend.ts';
import type { FrontendConnection, Route } from './frontend-connection.ts';
import type { BackendRuntime, ServerRuntime } from './runtime.ts';
import { TcpArrival } from './tcp-arrival.ts';
import { recordTcp } from './tcp-log.ts';
import { TcpUpstream } from './tcp-upstream.ts';
import type { Failure } from './upstream-owner.ts';
import { nextArrival } from './waiting.ts';
import type { WorkerContext } from './worker-context.ts';

/** A connection of which one side is done has less time when it is quiet. */
const halfClosedMs = 30_000;
/** Connections that failed cost nothing, but trying must end. */
const maxAttempts = 16;
const noRequest = { target: '', fields: '', cookie: '', host: '' };

export class TcpConnection extends TcpArrival implements FrontendConnection, QueuedRequest<ServerRuntime> {
  phase: 'idle' | 'busy' | 'tunnel' | 'closed' = 'idle';
  readonly priority = 0;
  readonly order = nextArrival();
  readonly sinceMs = performance.timeOrigin + performance.now();
  /** The one that it is bound to and waits for. */
  server: ServerRuntime | undefined;
  /** Undefined until it is decided where it goes. */
  #backend: BackendRuntime | undefined;
  #stick: Stick | undefined;
  readonly #tried: ServerRuntime[] = [];
  /** Undefined until a connection failed. */
  #rests: TurnAround<ServerRuntime> | undefined;
  readonly #startedAt: number;
  readonly #epochMs = Date.now();
  #upstream: TcpUpstream | undefined;
  #last: ServerRuntime | undefined;
  #lastFailure: Failure | undefined;
  #waits = false;
  /** When its time is over a server that it left alone may be tried again. */
  #looksAgain = false;
  #untilMs = 0;
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
    return this.#backend && { backend: this.#backend.config.name, server: this.#last?.config.name };
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
    if (this.#backend) this.socket.pause();
  }

  protected override serve(backend: BackendRuntime): void {
    this.#backend = backend;
    this.#quietMs = backend.config.timeouts.tunnelMs;
    this.#stick = backend.stickOf(noRequest, this.peer);
    backend.counters.begin();
    this.#dispatch(backend);
  }

  /** Its turn in the queue. */
  resume(granted?: ServerRuntime): void {
    if (!this.#waits || !this.#backend) return;
    this.#leaveQueue();
    this.#dispatch(this.#backend, granted);
  }

  #dispatch(backend: BackendRuntime, granted?: ServerRuntime): void {
    const { config, balancer } = backend;
    const nowMs = this.context.now();
    this.phase = 'busy';
    const hash = config.hash && hashOf(config.hash, noRequest, this.peer);
    const bound = this.#stick && backend.stuckTo(this.#stick, this.#tried, nowMs);
    const picked = granted ?? balancer.pick({ nowMs, tried: this.#tried, bound, hash });
    const isServer = picked !== 'none' && picked !== 'full';
    const rests = isServer && !granted && this.#rests?.mustWait(picked, nowMs) === true;
    if (!isServer || rests || (!granted && !balancer.isFree(picked, nowMs, false))) {
      this.#tried.length = 0;
      const why = picked === 'none' || rests ? 'none' : 'full';
      this.#wait(backend, why, isServer && !rests ? picked : undefined, nowMs);
      return;
    }
    this.#stick?.store(picked.config.name, nowMs);
    if (this.#queueMs < 0) this.#queueMs = nowMs - this.#startedAt;
    const { connectMs, firstByteMs } = config.timeouts;
    this.#last = picked;
    this.#upstream = new TcpUpstream(picked, this, this.context, Math.min(connectMs, firstByteMs || connectMs));
  }

  #wait(backend: BackendRuntime, why: 'none' | 'full', server: ServerRuntime | undefined, nowMs: number): void {
    const { config, queues, counters } = backend;
    if (this.#untilMs === 0) {
      this.#untilMs = nowMs + (why === 'none' ? config.holdMs : config.timeouts.queueMs);
      if (why === 'none') counters.holds += 1;
    }
    const untilMs = Math.max(this.#untilMs, this.#rests?.untilMs ?? 0);
    if (nowMs >= untilMs || (!server && !queues.mayQueue(nowMs))) {
      this.ended(this.#lastFailure ? 'SC' : 'sQ');
      return;
    }
    if (why === 'none') this.context.holding(backend);
    this.#looksAgain = untilMs > this.#untilMs;
    this.#waits = true;
    this.server = server;
    backend.wait(this);
    this.arm('wait', untilMs - nowMs);
  }

  #leaveQueue(): void {
    if (!this.#waits) return;
    this.#waits = false;
    this.disarm();
    this.#backend?.leave(this);
  }

  override onTimer(): void {
    if (this.arrivesNot()) return;
    if (!this.#looksAgain || !this.#backend) {
      this.ended('sQ');
      return;
    }
    this.#leaveQueue();
    this.#dispatch(this.#backend);
  }

  /** A connection to a server did not come about: nothing was sent, so another one may have it. */
  notConnected(server: ServerRuntime, failure: Failure): void {
    this.#upstream = undefined;
    this.#lastFailure = failure;
    if (this.phase === 'closed') return;
    const { backend } = server;
    if (failure !== 'local' && failure !== 'down') {
      server.counters.connectErrors += 1;
      this.context.observe(server, 'connect-failed');
      this.context.accuse(server, 'unreachable');
      const nowMs = this.context.now();
      this.#rests ??= new TurnAround(backend.config.retries);
      this.#rests.failed(server, nowMs, nowMs + restMs(server));
    }
    this.#tried.push(server);
    this.#attempts += 1;
    if (this.#attempts > maxAttempts) {
      this.ended(failure === 'connect-timeout' ? 'sC' : 'SC');
      return;
    }
    server.counters.retries += 1;
    this.#dispatch(backend);
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
    else if (this.opening.early.length === 0) this.ended(this.#waits ? 'CQ' : 'CC');
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
    this.#leaveQueue();
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
      backend: this.#backend,
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
