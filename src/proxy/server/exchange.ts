// One request on its way: picks servers, repeats what may be repeated, waits while none is there. Deliberately not here:
// what goes back to the client (response.ts) and framing (the connections).
import { performance } from 'node:perf_hooks';
import { isFailure } from '../core/balance/breaker.ts';
import type { Handling } from '../core/handling/handling.ts';
import type { Answer, Incoming } from '../core/handling/incoming.ts';
import type { ResponseHead } from '../core/http/response-head.ts';
import { blame, isUnconnected, restMs } from './blame.ts';
import type { Client } from './client.ts';
import { ExchangeState } from './exchange-state.ts';
import { pieceOf } from './request-body.ts';
import { PluggedResponse } from './plugged-response.ts';
import { ResponseWriter } from './response.ts';
import type { BackendRuntime, ServerRuntime } from './runtime.ts';
import { upstreamFor } from './upstream-choice.ts';
import type { Failure, Upstream, UpstreamOwner } from './upstream-owner.ts';
import { type Seeker, Waiting } from './waiting.ts';
import type { WorkerContext } from './worker-context.ts';

export class Exchange extends ExchangeState implements UpstreamOwner, Seeker {
  readonly response: ResponseWriter;
  readonly waiting: Waiting;
  readonly #context: WorkerContext;
  #attempts: Upstream[] = [];
  #lastFailure: Failure | undefined;

  constructor(client: Client, incoming: Incoming, handling: Handling, backend: BackendRuntime, context: WorkerContext) {
    super(client, incoming, handling, backend);
    this.#context = context;
    this.waiting = new Waiting(this, backend, this.plan, handling.priority, context);
    const { plugins } = handling;
    this.response =
      plugins?.seesResponses === true
        ? new PluggedResponse(this, context.log, plugins)
        : new ResponseWriter(this, context.log);
  }

  start(): void {
    this.backend.budget.request(this.#context.now());
    this.seek();
  }

  /** A piece of the request body came from the client. Returns false to ask for a pause. */
  onRequestBody(bytes: Buffer, ranges: readonly number[], complete: boolean): boolean {
    let flows = true;
    const sent = this.#attempts.filter((attempt) => attempt.sent);
    const piece = pieceOf(bytes, ranges);
    this.body.add(piece, complete, sent.length > 0);
    for (const attempt of sent) {
      if (!this.body.forward(attempt, piece)) flows = false;
      attempt.waitForResponse(this.#earlyWarningMs(), this.config.timeouts.serverMs, this.#context.now());
    }
    return flows && (sent.length > 0 || !this.body.isFull);
  }

  /** The client is gone, or its time is up. */
  abort(): void {
    this.#letGo();
    this.response.closed('C');
  }

  /** The client does not send the rest of its request. */
  onBodyTimeout(): void {
    const tooLate = this.response.committed;
    this.#letGo();
    this.response.reset();
    if (tooLate) this.client.destroy();
    else this.response.fail(408, 'cD');
  }

  /** A plugin has another answer: what the server says is of no interest. */
  replace(given: Answer): void {
    this.#letGo();
    if (this.looksLikeTunnel(given.status)) this.response.fail(502, 'PH');
    else this.response.answer(given, 'PH');
  }

  #letGo(): void {
    this.waiting.end();
    for (const attempt of this.#attempts.splice(0)) attempt.destroy();
  }

  /** It goes on though its client has said that it will send no more: nearly all who say that are gone. */
  get outlivesEnd(): boolean {
    return !this.waiting.active && (this.response.committed || !this.config.abortOnClose);
  }

  /** Time for waiting is over. */
  onWaitTimeout(): void {
    if (!this.waiting.expired()) this.noTurn();
  }

  noTurn(): void {
    this.#giveUp(503);
  }

  seek(granted?: ServerRuntime): void {
    const nowMs = this.#context.now();
    const again = granted ? undefined : this.plan.takeSameServer(nowMs);
    const picked = granted ?? this.waiting.turnAt(again ?? this.pick(nowMs, this.bound(nowMs)), this.config, nowMs);
    if (!picked) return;
    if (this.queueMs < 0) this.queueMs = performance.now() - this.startedAt;
    if (this.server && this.server !== picked) this.#redispatched(this.server);
    this.stick?.store(picked.config.name, nowMs);
    this.#open(picked, again !== undefined);
  }

  /** `fresh`: not over a kept connection. */
  #open(server: ServerRuntime, fresh: boolean): void {
    this.attempts += 1;
    this.server = server;
    server.counters.picked += 1;
    this.#connect(server, fresh);
  }

  #connect(server: ServerRuntime, fresh: boolean): void {
    const { timeouts } = this.config;
    const connection = upstreamFor(this, server, fresh, this.#context);
    connection.use(this, this.head.method === 'HEAD', timeouts.firstByteMs, timeouts.serverMs);
    this.#attempts.push(connection);
    if (connection.phase === 'connecting') return;
    this.connectMs = 0;
    this.#send(connection);
  }

  #send(connection: Upstream): void {
    const { attemptHeader } = this.config;
    if (attemptHeader !== undefined && this.attempts > 1)
      this.body.attemptLine = `${attemptHeader}: ${this.attempts - 1}\r\n`;
    if (!this.body.send(connection)) this.client.pause();
    else if (!this.body.complete) this.client.resume();
    // The time it took to connect counts.
    connection.waitForResponse(this.#earlyWarningMs(), this.config.timeouts.serverMs, connection.startedMs);
  }

  /** After how long silence is worth a second attempt; 0 = a second attempt is not allowed. */
  #earlyWarningMs(): number {
    return this.replayable && this.body.complete ? this.config.timeouts.firstByteMs : 0;
  }

  onConnected(connection: Upstream): void {
    this.connectMs = connection.connectedMs - connection.startedMs;
    this.#context.observe(connection.server, 'connected');
    this.#send(connection);
  }

  onHead(connection: Upstream, head: ResponseHead): void {
    if (this.#isDropped(connection, head.status)) return;
    this.#win(connection, head.status);
    this.response.begin(connection, head);
  }

  onWhole(connection: Upstream, head: ResponseHead, bytes: Buffer, from: number): void {
    if (this.#isDropped(connection, head.status)) return;
    this.#win(connection, head.status);
    this.#attempts = [];
    this.response.whole(connection.server, head, bytes, from);
  }

  #isDropped(connection: Upstream, status: number): boolean {
    if (!this.looksLikeTunnel(status)) return this.#isTriedElsewhere(connection, status);
    this.#win(connection, status);
    this.#letGo();
    this.response.fail(502, 'PH');
    return true;
  }

  /** A status that another server may do better: the response is dropped, unless there is no attempt left. */
  #isTriedElsewhere(connection: Upstream, status: number): boolean {
    const { server } = connection;
    if (!this.config.retryOn.includes(status) || this.response.committed) return false;
    const others = this.#attempts.length > 1;
    if (!others && !this.#mayTryAgain(connection, 'status')) return false;
    this.#attempts = this.#attempts.filter((attempt) => attempt !== connection);
    if (connection.phase !== 'idle') connection.destroy();
    this.#context.observe(server, isFailure(status) ? 'failed' : 'answered');
    if (others) return true;
    server.counters.retries += 1;
    this.seek();
    return true;
  }

  onEnd(_connection: Upstream, trailers: string): void {
    this.#attempts = [];
    this.response.end(trailers);
  }

  onTunnel(connection: Upstream, head: ResponseHead, rest: Buffer): void {
    this.#win(connection, head.status);
    this.response.tunnel(connection, head, rest);
  }

  /** The server's side of a tunnel is gone. */
  onTunnelClosed(): void {
    this.#attempts = [];
    if (this.response.tunnelIsOver()) return;
    this.response.closed('S');
    this.client.destroy();
  }

  onDrain(): void {
    this.client.resume();
  }

  onHttp1(connection: Upstream): void {
    this.#attempts = this.#attempts.filter((attempt) => attempt !== connection);
    this.#connect(connection.server, false);
  }

  /** The first to answer serves; the others are let go. */
  #win(winner: Upstream, status: number): void {
    const { server } = winner;
    this.server = server;
    const nowMs = this.#context.now();
    this.stick?.store(server.config.name, nowMs);
    this.#context.observe(server, isFailure(status) ? 'failed' : 'answered', nowMs - winner.startedMs);
    if (this.backend.balancer.timesResponses) server.responseTime.add(nowMs - winner.startedMs, nowMs);
    if (this.#attempts.length === 1) return;
    for (const attempt of this.#attempts) if (attempt !== winner) attempt.destroy();
    this.#attempts = [winner];
  }

  /** No byte from the server for a while, not even for others: give another server the chance to answer first. */
  onSilence(connection: Upstream): void {
    const { server } = connection;
    if (!connection.sent) {
      // Not even connected, so nothing was sent: simply go elsewhere, whatever the method is.
      const mayGo = this.config.retryNonIdempotent !== 'never' || this.replayable;
      if (mayGo && this.config.retries > 0) connection.fail('connect-timeout');
      return;
    }
    this.#context.accuse(server, 'silent');
    if (this.#earlyWarningMs() === 0 || this.response.started || this.#attempts.length > this.config.retries) return;
    const nowMs = this.#context.now();
    this.plan.markTried(server);
    const picked = this.pick(nowMs, undefined);
    if (picked === 'none' || picked === 'full' || this.plan.tried.includes(picked)) return;
    if (!this.backend.budget.take(nowMs, this.config.retryBudgetPercent)) return;
    this.backend.counters.hedges += 1;
    server.counters.hedges += 1;
    this.#redispatched(server);
    this.#open(picked, false);
  }

  #redispatched(from: ServerRuntime): void {
    this.redispatched = true;
    from.counters.redispatches += 1;
  }

  onFailure(connection: Upstream, failure: Failure): void {
    const { server } = connection;
    this.#attempts = this.#attempts.filter((attempt) => attempt !== connection);
    this.#lastFailure = failure;
    blame(connection, failure, this.#context);
    if (this.response.committed) {
      server.counters.serverAborts += 1;
      this.response.closed('S');
      this.client.cut();
      return;
    }
    this.response.reset();
    if (this.#attempts.length > 0) return;
    if (failure === 'no-upgrade' || !this.#mayTryAgain(connection, failure)) {
      this.#giveUp(failure === 'timeout' ? 504 : connection.sent || failure === 'no-upgrade' ? 502 : 503);
      return;
    }
    server.counters.retries += 1;
    this.seek();
  }

  #mayTryAgain(connection: Upstream, failure: Failure | 'status'): boolean {
    const stale = failure === 'goaway' || (connection.uses > 0 && (failure === 'reset' || failure === 'eof'));
    const { server, sent } = connection;
    const nowMs = this.#context.now();
    if (failure !== 'status' && isUnconnected(failure)) this.plan.refused(server, nowMs, nowMs + restMs(server));
    return this.plan.again(server, { sent, stale, bodyKept: this.body.kept }, this.backend.budget, nowMs);
  }

  #giveUp(status: number): void {
    const silent = this.#lastFailure === 'connect-timeout' || this.#lastFailure === 'timeout';
    const phase = status !== 503 ? 'H' : this.queueMs < 0 ? 'Q' : 'C';
    const who = this.#lastFailure === 'malformed' ? 'P' : silent || phase === 'Q' ? 's' : 'S';
    this.response.fail(status, `${who}${phase}`);
  }
}
