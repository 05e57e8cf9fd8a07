// One request on its way: picks servers, repeats what may be repeated, waits while none is there. What goes back to the
// client is written by response.ts; framing is the connections' business.
import { performance } from 'node:perf_hooks';
import type { BackendConfig } from '../core/config/model.ts';
import { hashKeyOf } from '../core/balance/hash-key.ts';
import { takeCookie } from '../core/http/cookie.ts';
import type { RequestHead } from '../core/http/request-head.ts';
import type { ResponseHead } from '../core/http/response-head.ts';
import { isReplayable, mayRetry } from '../core/retry.ts';
import type { ClientConnection } from './client-connection.ts';
import { RequestBody } from './request-body.ts';
import { ResponseWriter } from './response.ts';
import type { BackendRuntime, ServerRuntime } from './runtime.ts';
import { type Failure, UpstreamConnection, type UpstreamOwner } from './upstream-connection.ts';
import type { WorkerContext } from './worker-context.ts';

/** Attempts that sent nothing cost nothing, but they must end too. */
const maxUnsentAttempts = 64;

export class Exchange implements UpstreamOwner {
  readonly client: ClientConnection;
  readonly head: RequestHead;
  readonly backend: BackendRuntime;
  /** The configuration it began with; a reload does not change it. */
  readonly config: BackendConfig;
  readonly body: RequestBody;
  readonly response: ResponseWriter;
  readonly replayable: boolean;
  readonly startedAt = performance.now();
  /** Value of the persistence cookie that came in. */
  readonly cookie: string | undefined;
  server: ServerRuntime | undefined;
  queueMs = -1;
  connectMs = -1;
  retries = 0;
  redispatched = false;
  readonly #context: WorkerContext;
  readonly #hashKey: string | undefined;
  #attempts: UpstreamConnection[] = [];
  #tried: ServerRuntime[] = [];
  #unsentAttempts = 0;
  #holdUntilMs = 0;
  #waiting = false;
  #lastFailure: Failure | undefined;
  /** After a stale pooled connection the same server gets a fresh one. */
  #fresh = false;
  #sameServer: ServerRuntime | undefined;

  constructor(client: ClientConnection, head: RequestHead, backend: BackendRuntime, context: WorkerContext) {
    const { config } = backend;
    this.client = client;
    this.head = head;
    this.backend = backend;
    this.config = config;
    this.#context = context;
    this.replayable = isReplayable(head.method, head.hasIdempotencyKey, config.retryNonIdempotent);
    if (config.hash) this.#hashKey = hashKeyOf(config.hash, head, client.address);
    let cookieHeader = head.cookie;
    if (config.cookie && cookieHeader !== '') {
      const found = takeCookie(cookieHeader, config.cookie.name);
      this.cookie = found.value;
      cookieHeader = found.rest;
    }
    this.body = new RequestBody(head, client.requestText(head, cookieHeader));
    this.response = new ResponseWriter(this);
  }

  start(): void {
    this.backend.counters.begin();
    this.backend.budget.request(this.#context.now());
    this.#dispatch();
  }

  /** A server or a slot may be there now. */
  resume(): void {
    if (this.#waiting) this.#dispatch();
  }

  /** A piece of the request body came from the client. Returns false to ask for a pause. */
  onRequestBody(bytes: Buffer, ranges: readonly number[], complete: boolean): boolean {
    let flows = true;
    const streaming = this.#attempts.some((attempt) => attempt.sent);
    this.body.add(bytes, ranges, complete, streaming);
    for (const attempt of this.#attempts) {
      if (attempt.sent && !this.body.forward(attempt, bytes, ranges)) flows = false;
    }
    return flows && (streaming || !this.body.isFull);
  }

  /** The client is gone, or its time is up. */
  abort(): void {
    this.#leave();
    for (const attempt of this.#attempts.splice(0)) attempt.destroy();
    this.response.closed('C');
  }

  get isSent(): boolean {
    return this.#attempts.some((attempt) => attempt.sent);
  }

  pauseResponse(): void {
    this.response.source?.socket.pause();
  }

  resumeResponse(): void {
    this.response.source?.socket.resume();
  }

  /** Time for waiting is over. */
  onWaitTimeout(): void {
    this.#leave();
    this.#giveUp(503);
  }

  #leave(): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    this.client.disarm();
    this.backend.leave(this);
  }

  #dispatch(): void {
    const nowMs = this.#context.now();
    const again = this.#sameServer;
    this.#sameServer = undefined;
    const picked =
      again?.up === true && again.admin !== 'maint' && again.suspicionAt(nowMs) === 'none'
        ? again
        : this.backend.balancer.pick({ nowMs, tried: this.#tried, cookie: this.cookie, hashKey: this.#hashKey });
    if (picked === 'none' || picked === 'full') {
      this.#wait(nowMs, picked);
      return;
    }
    this.#leave();
    if (this.queueMs < 0) this.queueMs = performance.now() - this.startedAt;
    if (this.server && this.server !== picked) {
      this.redispatched = true;
      this.server.counters.redispatches += 1;
    }
    this.#open(picked);
  }

  #wait(nowMs: number, why: 'none' | 'full'): void {
    if (this.#holdUntilMs === 0) {
      this.#holdUntilMs = nowMs + (why === 'none' ? this.config.holdMs : this.config.timeouts.queueMs);
      if (why === 'none') this.backend.counters.holds += 1;
    }
    // When servers come back all of them deserve another attempt.
    this.#tried = [];
    if (nowMs >= this.#holdUntilMs) {
      this.#leave();
      this.#giveUp(503);
      return;
    }
    if (why === 'none') this.#context.holding(this.backend);
    if (this.#waiting) return;
    this.#waiting = true;
    this.backend.wait(this);
    this.client.armWait(this.#holdUntilMs - nowMs);
  }

  #open(server: ServerRuntime): void {
    const { timeouts } = this.config;
    this.server = server;
    server.counters.picked += 1;
    // Nobody can say whether a request on a kept connection that breaks was executed: what may not be repeated gets a
    // connection of its own.
    const idle = this.replayable && !this.#fresh ? server.idle.pop() : undefined;
    this.#fresh = false;
    const connection = idle ?? new UpstreamConnection(server, this.#context);
    connection.use(this, this.head.method === 'HEAD', timeouts.firstByteMs, timeouts.serverMs);
    this.#attempts.push(connection);
    if (idle) {
      server.counters.reuses += 1;
      this.connectMs = 0;
      this.#send(connection);
    } else {
      server.counters.connects += 1;
    }
  }

  #send(connection: UpstreamConnection): void {
    const { timeouts } = this.config;
    if (!this.body.send(connection)) this.client.pause();
    else if (!this.body.complete) this.client.resume();
    const early = this.replayable && this.body.complete ? timeouts.firstByteMs : 0;
    connection.waitForResponse(early, timeouts.serverMs);
  }

  onConnected(connection: UpstreamConnection): void {
    this.connectMs = connection.connectedMs - connection.startedMs;
    this.#send(connection);
  }

  onInformational(connection: UpstreamConnection, head: ResponseHead): void {
    this.response.informational(connection, head);
  }

  onHead(connection: UpstreamConnection, head: ResponseHead): void {
    this.#win(connection);
    this.response.begin(connection, head);
  }

  onWhole(connection: UpstreamConnection, head: ResponseHead, bytes: Buffer, from: number): void {
    this.#win(connection);
    this.#attempts.length = 0;
    this.response.whole(connection.server, head, bytes, from);
  }

  onBody(_connection: UpstreamConnection, bytes: Buffer, ranges: readonly number[]): void {
    this.response.body(bytes, ranges);
  }

  onEnd(_connection: UpstreamConnection, trailers: string): void {
    this.#attempts.length = 0;
    this.response.end(trailers);
  }

  onTunnel(connection: UpstreamConnection, head: ResponseHead, rest: Buffer): void {
    this.#win(connection);
    if (this.head.upgrade === '') {
      connection.fail('malformed');
      return;
    }
    this.response.tunnel(connection, head, rest);
  }

  onTunnelData(bytes: Buffer): void {
    this.response.tunnelData(bytes);
  }

  onTunnelEnd(): void {
    this.client.socket.end();
  }

  /** The server's side of a tunnel is gone. */
  onTunnelClosed(): void {
    this.#attempts.length = 0;
    this.response.closed('S');
    this.client.destroy();
  }

  onDrain(): void {
    this.client.resume();
  }

  /** The first to answer serves; the others are let go. */
  #win(winner: UpstreamConnection): void {
    this.server = winner.server;
    if (this.#attempts.length === 1) return;
    for (const attempt of this.#attempts) {
      if (attempt === winner) continue;
      attempt.destroy();
    }
    this.#attempts = [winner];
  }

  /** No byte for a while: give another server the chance to answer first. */
  onSilence(connection: UpstreamConnection): void {
    const { server } = connection;
    if (!connection.sent) {
      // Not even connected, so nothing was sent: simply go elsewhere, whatever the method is.
      if (this.config.retryNonIdempotent !== 'never' || this.replayable) connection.fail('connect-timeout');
      return;
    }
    // A server that answers others meanwhile is alive, this request is merely slow.
    if (server.lastByteMs < connection.startedMs) this.#context.accuse(server, 'silent');
    if (!this.replayable || !this.body.complete || this.response.started || this.#attempts.length > this.config.retries)
      return;
    const nowMs = this.#context.now();
    this.#tried.push(server);
    const picked = this.backend.balancer.pick({ nowMs, tried: this.#tried, cookie: undefined, hashKey: this.#hashKey });
    if (picked === 'none' || picked === 'full' || this.#tried.includes(picked)) return;
    if (!this.backend.budget.take(nowMs, this.config.retryBudgetPercent)) return;
    this.backend.counters.hedges += 1;
    server.counters.redispatches += 1;
    this.redispatched = true;
    this.#open(picked);
  }

  onFailure(connection: UpstreamConnection, failure: Failure): void {
    const { server } = connection;
    this.#attempts = this.#attempts.filter((attempt) => attempt !== connection);
    this.#lastFailure = failure;
    this.#blame(connection, failure);
    if (this.response.committed) {
      server.counters.serverAborts += 1;
      this.response.closed('S');
      this.client.destroy();
      return;
    }
    this.response.reset();
    if (this.#attempts.length > 0) return;
    if (!this.#mayTryAgain(connection)) {
      this.#giveUp(failure === 'timeout' ? 504 : connection.sent ? 502 : 503);
      return;
    }
    this.#prepareRetry(connection, failure);
    this.#dispatch();
  }

  /** Suspicion and counters. A kept connection that was closed says nothing about the server. */
  #blame(connection: UpstreamConnection, failure: Failure): void {
    const { server } = connection;
    if (failure === 'refused' || failure === 'connect-timeout') {
      server.counters.connectErrors += 1;
      this.#context.accuse(server, 'unreachable');
    } else if (failure !== 'down') {
      server.counters.responseErrors += 1;
      if (connection.uses === 0 && failure !== 'malformed') {
        this.#context.accuse(server, failure === 'timeout' ? 'silent' : 'unreachable');
      }
    }
  }

  #mayTryAgain(connection: UpstreamConnection): boolean {
    const { head, config, body } = this;
    const { method, hasIdempotencyKey } = head;
    const policy = config.retryNonIdempotent;
    if (!mayRetry({ method, hasIdempotencyKey, sent: connection.sent, bodyKept: body.kept, policy })) return false;
    if (!connection.sent) return (this.#unsentAttempts += 1) <= maxUnsentAttempts;
    return this.retries < config.retries && this.backend.budget.take(this.#context.now(), config.retryBudgetPercent);
  }

  #prepareRetry(connection: UpstreamConnection, failure: Failure): void {
    const { server } = connection;
    this.retries += 1;
    server.counters.retries += 1;
    const stale = connection.uses > 0 && (failure === 'reset' || failure === 'eof');
    if (stale) {
      this.#fresh = true;
      this.#sameServer = server;
    } else if (!this.#tried.includes(server)) {
      this.#tried.push(server);
    }
  }

  #giveUp(status: number): void {
    const silent = this.#lastFailure === 'connect-timeout' || this.#lastFailure === 'timeout';
    this.response.fail(
      status,
      status === 503 ? (this.queueMs < 0 ? 'sQ' : silent ? 'sC' : 'SC') : silent ? 'sH' : 'SH',
    );
  }
}
