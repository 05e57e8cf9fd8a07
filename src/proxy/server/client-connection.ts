// One connection of a client: hands its requests to exchanges or answers them itself, and sees to it that a slow or broken
// client costs nothing but its own connection. Reading the bytes is client-reader.ts.
import type { Socket } from 'node:net';
import type { Handling } from '../core/handling/handling.ts';
import { answer, type Answer, type Incoming } from '../core/handling/incoming.ts';
import { BodyReader } from '../core/http/body-reader.ts';
import { refuse, type Refusal, type RequestHead } from '../core/http/request-head.ts';
import type { Client } from './client.ts';
import { ClientReader } from './client-reader.ts';
import { errorResponse } from './error-response.ts';
import { Exchange } from './exchange.ts';
import { logAnswer, logRefusal } from './exchange-log.ts';
import type { FrontendRuntime } from './frontend.ts';
import type { FrontendConnection, Origin, Route } from './frontend-connection.ts';
import { connectionLimits } from './limits.ts';
import { answerText, challengeAnswer, incomingOf, newRequestId, noTunnels } from './reception.ts';
import type { Tunnel } from './tunnel.ts';
import type { WorkerContext } from './worker-context.ts';

export class ClientConnection extends ClientReader implements Client, FrontendConnection {
  #exchange: Exchange | undefined;
  #body: BodyReader | undefined;
  #halfClosed = false;
  #draining = false;
  #tunnel: Tunnel | undefined;

  constructor(socket: Socket, frontend: FrontendRuntime, context: WorkerContext, origin?: Origin) {
    super(socket, frontend, context, origin);
    this.listen();
    this.arm('idle', context.config.timeouts.httpRequestMs);
  }

  get from(): this {
    return this;
  }

  /** Backend and server of the request under way. */
  get route(): Route | undefined {
    const exchange = this.#exchange;
    return exchange && { backend: exchange.config.name, server: exchange.server?.config.name };
  }

  write(data: string | Uint8Array): void {
    if (this.phase === 'closed') return;
    this.send(data);
    if (!this.isCongested || this.phase === 'tunnel' || this.role === 'wait') return;
    this.arm('stall', this.context.config.timeouts.clientMs);
  }

  /** Without chunks HTTP/1 has no place for them. */
  trailers(): void {
    return;
  }

  /** The server takes no more for now; the client is not to blame for the time that takes. */
  pause(): void {
    this.socket.pause();
    if (this.role === 'body') this.disarm();
  }

  resume(): void {
    if (this.phase !== 'body' && this.phase !== 'tunnel') return;
    this.socket.resume();
    if (this.phase === 'body' && this.role === 'none') this.arm('body', this.context.config.timeouts.clientMs);
  }

  override onTimer(): void {
    const role = this.role;
    this.role = 'none';
    switch (role) {
      case 'head':
        this.refuse(refuse(408, 'request head too slow'));
        return;
      case 'wait':
        this.#exchange?.onWaitTimeout();
        return;
      case 'commit':
        this.#exchange?.response.onHeldLongEnough();
        return;
      case 'body':
        this.#exchange?.onBodyTimeout();
        return;
      case 'none':
        return;
      default:
        role satisfies 'idle' | 'stall' | 'linger' | 'inspect';
        this.destroy();
    }
  }

  /** Closed after the next response, or idle for a while: closing at once would cut off requests on their way. */
  drain(): void {
    this.#draining = true;
    if (this.phase === 'idle' && !this.pending) this.arm('idle', connectionLimits.drainIdleMs);
  }

  get hasTunnelsOnly(): boolean {
    return this.phase === 'tunnel';
  }

  /** Settles for the head of a response whether the connection is kept after it: what was announced must hold. */
  settleKeepAlive(possible: boolean): boolean {
    if (!possible || this.#draining || this.#halfClosed) this.keepsAlive = false;
    return this.keepsAlive;
  }

  /** Closes in a way that cannot be taken for the end of a body that lasts until the connection ends. */
  cut(): void {
    if (this.raw.remotePort !== undefined && !this.raw.destroyed) this.raw.resetAndDestroy();
    this.destroy();
  }

  override destroy(): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    this.context.wheel.remove(this);
    this.frontend.closed(this);
    this.#tunnel?.destroy();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.abort();
    this.socket.destroy();
  }

  protected override tunnelBytes(bytes: Buffer): void {
    this.#tunnel?.fromClient(bytes);
  }

  override onEnd(): void {
    this.#halfClosed = true;
    if (this.phase === 'tunnel') this.#tunnel?.clientEnded();
    else if (this.phase === 'busy' && this.#exchange?.outlivesEnd === true) this.keepsAlive = false;
    else this.destroy();
  }

  override onDrain(): void {
    if (this.role === 'stall') this.disarm();
    if (this.phase === 'idle') this.#awaitRequest();
    else this.#exchange?.response.resume();
  }

  protected override begin(head: RequestHead, bytes: Buffer, from: number): void {
    this.disarm();
    this.keepsAlive = head.keepAlive && !this.context.stopping;
    this.pending = undefined;
    const incoming = incomingOf(this, head, this.context.now());
    const challenge = challengeAnswer(this.context.challenges, head);
    if (challenge) {
      this.#answer(incoming, challenge, bytes, from);
      return;
    }
    const handling = this.frontend.handlingOf(incoming);
    const verdict = handling.isPlain ? undefined : handling.check(incoming, newRequestId);
    if (!(verdict instanceof Promise)) {
      this.#decided(incoming, handling, verdict, bytes, from);
      return;
    }
    this.phase = 'busy';
    this.pending = bytes.subarray(from);
    this.socket.pause();
    verdict.then(
      (late) => this.#decidedLate(incoming, handling, late),
      () => this.destroy(),
    );
  }

  #decidedLate(incoming: Incoming, handling: Handling, verdict: Answer | undefined): void {
    if (this.phase === 'closed') return;
    const rest = this.pending ?? Buffer.alloc(0);
    this.pending = undefined;
    this.socket.resume();
    this.#decided(incoming, handling, verdict, rest, 0);
  }

  #decided(incoming: Incoming, handling: Handling, verdict: Answer | undefined, bytes: Buffer, from: number): void {
    const { head } = incoming;
    if (verdict) {
      this.#answer(incoming, handling.finished(incoming, verdict), bytes, from);
      return;
    }
    const backend = handling.backend === undefined ? undefined : this.context.backend(handling.backend);
    if (!backend) {
      this.#answer(incoming, handling.finished(incoming, answer(404)), bytes, from);
      return;
    }
    this.frontend.counters.begin();
    const exchange = new Exchange(this, incoming, handling, backend, this.context);
    this.#exchange = exchange;
    if (head.length === 0) {
      this.phase = 'busy';
      if (from < bytes.length) this.pending = bytes.subarray(from);
      exchange.start();
      return;
    }
    this.phase = 'body';
    this.#body = new BodyReader(head.length);
    this.arm('body', this.context.config.timeouts.clientMs);
    if (from < bytes.length) this.readBody(bytes, from);
    if (this.#exchange === exchange) exchange.start();
  }

  /** Answers in place of a server. A body that nobody reads ends the connection. */
  #answer(incoming: Incoming, given: Answer, bytes: Buffer, from: number): void {
    if (incoming.head.connects && given.status < 300) return void this.refuse(noTunnels);
    const keepAlive = this.settleKeepAlive(incoming.head.length === 0);
    const text = answerText(given, incoming.head, keepAlive);
    logAnswer(this, this.context.log, incoming, given.status, text.length);
    this.write(text);
    this.phase = 'busy';
    if (keepAlive && from < bytes.length) this.pending = bytes.subarray(from);
    this.exchangeDone();
  }

  protected override readBody(bytes: Buffer, from: number): void {
    const exchange = this.#exchange;
    const body = this.#body;
    if (!exchange || !body) return;
    const ranges: number[] = [];
    const end = body.feed(bytes, from, ranges);
    if (body.trailers !== '') exchange.body.trailers = body.trailers;
    if (body.state === 'failed') this.#badBody(exchange);
    else this.#bodyBytes(exchange, bytes, ranges, end, body.state === 'done');
  }

  #bodyBytes(exchange: Exchange, bytes: Buffer, ranges: readonly number[], end: number, complete: boolean): void {
    if (complete) {
      this.phase = 'busy';
      this.#body = undefined;
      if (this.role === 'body') this.disarm();
      if (end < bytes.length) this.pending = bytes.subarray(end);
    } else if (this.role === 'body' || this.role === 'none') {
      this.arm('body', this.context.config.timeouts.clientMs);
    }
    if (!exchange.onRequestBody(bytes, ranges, complete) && !complete) this.pause();
  }

  /** The body is malformed: whatever was forwarded of it must not look complete. */
  #badBody(exchange: Exchange): void {
    this.#exchange = undefined;
    exchange.abort();
    if (exchange.response.committed) this.destroy();
    else this.refuse(refuse(400, 'malformed chunk'));
  }

  /** Answers a bad request and closes; always returns false. */
  protected override refuse(refusal: Refusal): false {
    this.frontend.counters.requestErrors += 1;
    this.frontend.counters.status(refusal.status);
    this.pending = undefined;
    logRefusal(this, this.context.log, refusal.status);
    this.context.dropped(this, refusal);
    this.write(errorResponse(refusal.status, false));
    this.#linger();
    return false;
  }

  exchangeDone(): void {
    this.#exchange = undefined;
    if (this.phase === 'closed') return;
    const unread = this.phase === 'body';
    this.disarm();
    if (!this.keepsAlive || unread || this.#halfClosed) {
      this.#linger();
      return;
    }
    this.phase = 'idle';
    if (this.isCongested) this.arm('stall', this.context.config.timeouts.clientMs);
    else this.#awaitRequest();
  }

  #awaitRequest(): void {
    if (this.socket.isPaused()) this.socket.resume();
    this.arm('idle', this.#draining ? connectionLimits.drainIdleMs : this.context.config.timeouts.keepAliveMs);
    this.process();
  }

  #linger(): void {
    this.phase = 'lingering';
    this.socket.resume();
    const wait = (): void => {
      if (this.phase === 'lingering') this.arm('linger', connectionLimits.lingerMs);
    };
    // A slow reader has as long for the last bytes as for all others.
    if (this.out.unsent > 0) this.arm('stall', this.context.config.timeouts.clientMs);
    else wait();
    this.out.end(wait);
  }

  /** From now on bytes go through as they are; what the client sent early goes first. */
  toTunnel(tunnel: Tunnel): void {
    this.phase = 'tunnel';
    this.disarm();
    this.#tunnel = tunnel;
    const early = this.pending;
    this.pending = undefined;
    if (early) tunnel.fromClient(early);
    this.socket.resume();
    if (this.#halfClosed) tunnel.clientEnded();
  }
}
