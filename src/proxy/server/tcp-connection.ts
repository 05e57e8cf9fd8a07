// A client in mode tcp: gets a server by policy, waits in its turn, and is joined with it. Half-closes are passed on, and
// whoever does not take bytes gets no more of them.
import type { Socket } from 'node:net';
import { hashOf } from '../core/balance/hash-key.ts';
import type { QueuedRequest } from '../core/balance/queues.ts';
import { readProxyHeader } from '../core/proxy-protocol.ts';
import { ClientSocket } from './client-socket.ts';
import type { FrontendRuntime } from './frontend.ts';
import type { FrontendConnection, Route } from './frontend-connection.ts';
import type { BackendRuntime, ServerRuntime } from './runtime.ts';
import { TcpUpstream } from './tcp-upstream.ts';
import type { Failure } from './upstream-owner.ts';
import { nextArrival } from './waiting.ts';
import type { WorkerContext } from './worker-context.ts';

/** A connection of which one side is done has less time when it is quiet. */
const halfClosedMs = 30_000;
/** Connections that failed cost nothing, but trying must end. */
const maxAttempts = 16;
const noRequest = { target: '', fields: '', cookie: '', host: '' };

export class TcpConnection extends ClientSocket implements FrontendConnection, QueuedRequest<ServerRuntime> {
  phase: 'idle' | 'busy' | 'tunnel' | 'closed' = 'idle';
  readonly priority = 0;
  readonly order = nextArrival();
  readonly sinceMs = performance.timeOrigin + performance.now();
  readonly server = undefined;
  readonly #backend: BackendRuntime;
  readonly #tried: ServerRuntime[] = [];
  readonly #startedAt: number;
  readonly #epochMs = Date.now();
  #early = Buffer.alloc(0);
  #upstream: TcpUpstream | undefined;
  #last: ServerRuntime | undefined;
  #lastFailure: Failure | undefined;
  #waits = false;
  #untilMs = 0;
  #attempts = 0;
  #queueMs = -1;
  #connectMs = -1;
  #bytesIn = 0;
  #bytesOut = 0;
  #quietMs: number;
  #clientDone = false;
  #serverDone = false;

  constructor(socket: Socket, frontend: FrontendRuntime, backend: BackendRuntime, context: WorkerContext) {
    super(socket, frontend, context);
    this.#backend = backend;
    this.#startedAt = context.now();
    this.#quietMs = backend.config.timeouts.tunnelMs;
    socket.on('end', () => this.#clientEnded());
    socket.on('error', () => this.ended('CD'));
    socket.on('close', () => this.#clientClosed());
    socket.on('drain', () => this.#upstream?.socket.resume());
  }

  get route(): Route {
    return { backend: this.#backend.config.name, server: this.#last?.config.name };
  }

  /** Begins, once the frontend knows of it. */
  start(): void {
    this.frontend.counters.begin();
    this.#backend.counters.begin();
    if (this.expectsProxy) this.arm('head', this.context.config.timeouts.httpRequestMs);
    else this.#dispatch();
  }

  /** Takes what the client sent. The bytes are valid during the call only. */
  receive(bytes: Buffer): void {
    if (this.phase === 'closed') return;
    this.#bytesIn += bytes.length;
    if (this.phase === 'tunnel' && this.#upstream) {
      this.#upstream.touch(this.#quietMs);
      if (!this.#upstream.socket.write(Buffer.from(bytes))) this.socket.pause();
      return;
    }
    this.#early = Buffer.concat([this.#early, bytes]);
    if (this.expectsProxy) this.#readProxy();
    else this.socket.pause();
  }

  #readProxy(): void {
    const header = readProxyHeader(this.#early);
    if (header.state === 'bad') {
      this.frontend.counters.requestErrors += 1;
      this.ended('PR');
    }
    if (header.state !== 'done') return;
    this.expectsProxy = false;
    this.disarm();
    if (header.endpoints) this.setEndpoints(header.endpoints);
    this.#early = this.#early.subarray(header.end);
    this.#dispatch();
  }

  /** Its turn in the queue. */
  resume(granted?: ServerRuntime): void {
    if (!this.#waits) return;
    this.#leaveQueue();
    this.#dispatch(granted);
  }

  #dispatch(granted?: ServerRuntime): void {
    const { config, balancer } = this.#backend;
    const nowMs = this.context.now();
    this.phase = 'busy';
    const hash = config.hash && hashOf(config.hash, noRequest, this.peer);
    const picked = granted ?? balancer.pick({ nowMs, tried: this.#tried, bound: undefined, hash });
    if (picked === 'none' || picked === 'full') {
      this.#tried.length = 0;
      this.#wait(picked, nowMs);
      return;
    }
    if (this.#queueMs < 0) this.#queueMs = nowMs - this.#startedAt;
    const { connectMs, firstByteMs } = config.timeouts;
    this.#last = picked;
    this.#upstream = new TcpUpstream(picked, this, this.context, Math.min(connectMs, firstByteMs || connectMs));
  }

  #wait(why: 'none' | 'full', nowMs: number): void {
    const { config, queues, counters } = this.#backend;
    if (this.#untilMs === 0) {
      this.#untilMs = nowMs + (why === 'none' ? config.holdMs : config.timeouts.queueMs);
      if (why === 'none') counters.holds += 1;
    }
    if (nowMs >= this.#untilMs || !queues.mayQueue) {
      this.ended(this.#lastFailure ? 'SC' : 'sQ');
      return;
    }
    if (why === 'none') this.context.holding(this.#backend);
    this.#waits = true;
    this.#backend.wait(this);
    this.arm('wait', this.#untilMs - nowMs);
  }

  #leaveQueue(): void {
    if (!this.#waits) return;
    this.#waits = false;
    this.disarm();
    this.#backend.leave(this);
  }

  override onTimer(): void {
    this.ended(this.role === 'head' ? 'cR' : 'sQ');
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
    }
    this.#tried.push(server);
    this.#attempts += 1;
    if (this.#attempts > maxAttempts) {
      this.ended(failure === 'connect-timeout' ? 'sC' : 'SC');
      return;
    }
    server.counters.retries += 1;
    this.#dispatch();
  }

  connected(upstream: TcpUpstream): void {
    const { balancer } = this.#backend;
    const nowMs = this.context.now();
    this.#connectMs = nowMs - this.#startedAt - this.#queueMs;
    balancer.observe(upstream.server, true, nowMs);
    this.context.observe(upstream.server, 'connected');
    if (balancer.timesResponses) upstream.server.responseTime.add(this.#connectMs, nowMs);
    this.phase = 'tunnel';
    if (this.#early.length > 0) upstream.socket.write(this.#early);
    this.#early = Buffer.alloc(0);
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

  #clientClosed(): void {
    // When both are done what is still on its way to the server may arrive; its side ends the connection.
    if (!this.#clientDone || !this.#serverDone) this.ended(this.phase === 'tunnel' ? 'CD' : 'CC');
  }

  #clientEnded(): void {
    this.#clientDone = true;
    if (this.phase === 'tunnel') this.#halfClosed(this.#upstream?.socket);
    // Who says nothing and has gone away need not be connected.
    else if (this.#early.length === 0) this.ended(this.#waits ? 'CQ' : 'CC');
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

  destroy(): void {
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
    const { frontend } = this;
    const totalMs = this.context.now() - this.#startedAt;
    for (const counters of [frontend.counters, this.#backend.counters, this.#last?.counters]) {
      if (!counters) continue;
      counters.bytesIn += this.#bytesIn;
      counters.bytesOut += this.#bytesOut;
      counters.times(this.#queueMs, this.#connectMs, -1, totalMs);
      if (termination.startsWith('C')) counters.clientAborts += 1;
      if (/^[SD]/.test(termination)) counters.serverAborts += 1;
    }
    frontend.counters.end();
    this.#backend.counters.end();
    if (!this.context.log.enabled) return;
    const connections = frontend.connections.size;
    this.context.log.write({
      mode: 'tcp',
      clientAddress: this.address,
      clientPort: this.port,
      atMs: this.#epochMs,
      frontend: frontend.config.name,
      backend: this.#backend.config.name,
      server: this.#last?.config.name ?? '<NOSRV>',
      queueMs: this.#queueMs,
      connectMs: this.#connectMs,
      totalMs,
      bytes: this.#bytesOut,
      termination,
      frontendConnections: connections,
      backendConnections: this.#backend.counters.sessions,
      serverConnections: this.#last?.inFlight ?? 0,
      retries: this.#attempts,
      attempt: this.#attempts + 1,
      headMs: -1,
      responseMs: -1,
      status: -1,
      bytesIn: this.#bytesIn,
      active: this.context.log.connections(),
      redispatched: false,
      serverQueue: 0,
      backendQueue: 0,
      method: '',
      target: '',
      protocol: '',
      host: '',
      requestId: '',
      referer: '',
      userAgent: '',
      tls: undefined,
      extra: undefined,
      requestCaptures: undefined,
      responseCaptures: undefined,
    });
  }
}
