// One request of an HTTP/2 connection. It takes responses as texts and bytes of HTTP/1, which all the rest speaks; they
// wait in http2-sending.ts. The client's reset ends the exchange, a broken exchange resets the stream.
import { performance } from 'node:perf_hooks';
import type { Address } from '../core/address.ts';
import type { Handling } from '../core/handling/handling.ts';
import { answer, type Answer, type Incoming } from '../core/handling/incoming.ts';
import { readHttp2Head } from '../core/http/http2-head.ts';
import { refuse, type Refusal, type RequestHead } from '../core/http/request-head.ts';
import type { Field } from '../core/http2/field.ts';
import { type ErrorCode, errorCode } from '../core/http2/protocol.ts';
import type { TlsFacts } from '../core/tls/facts.ts';
import type { Client } from './client.ts';
import type { TimerRole } from './client-socket.ts';
import { errorResponse } from './error-response.ts';
import { Exchange } from './exchange.ts';
import { logAnswer, logRefusal } from './exchange-log.ts';
import type { FrontendRuntime } from './frontend.ts';
import type { Route } from './frontend-connection.ts';
import type { Http2Connection } from './http2-connection.ts';
import { Http2Sending } from './http2-sending.ts';
import { Http2Upload } from './http2-upload.ts';
import { http2Limits } from './limits.ts';
import { answerText, challengeAnswer, incomingOf, newRequestId } from './reception.ts';
import type { WorkerContext } from './worker-context.ts';

export class Http2Stream extends Http2Sending implements Client {
  readonly frontend: FrontendRuntime;
  readonly address: string;
  readonly peer: Address | undefined;
  readonly port: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly trusted: boolean;
  readonly tls: TlsFacts | undefined;
  readonly headAt = performance.now();
  readonly requestAtMs = Date.now();
  /** It has copies of all that it was given. */
  readonly holdsBytes = false;
  /** The body of the request, until it is complete. */
  upload: Http2Upload | undefined;
  readonly #connection: Http2Connection;
  readonly #context: WorkerContext;
  #role: TimerRole = 'none';
  #exchange: Exchange | undefined;
  #closed = false;

  constructor(id: number, connection: Http2Connection, context: WorkerContext) {
    super(id, connection.outbound.initialWindow);
    this.#connection = connection;
    this.#context = context;
    this.frontend = connection.frontend;
    this.address = connection.address;
    this.peer = connection.peer;
    this.port = connection.port;
    this.localAddress = connection.localAddress;
    this.localPort = connection.localPort;
    this.trusted = connection.trusted;
    this.tls = connection.tls;
  }

  /** Backend and server of its request. */
  get route(): Route | undefined {
    const exchange = this.#exchange;
    return exchange && { backend: exchange.config.name, server: exchange.server?.config.name };
  }

  get isCongested(): boolean {
    const { waitingBytes } = this;
    if (waitingBytes >= http2Limits.streamWaitingBytes) return true;
    return waitingBytes > 0 && this.#connection.outbound.waitingBytes >= http2Limits.waitingBytes;
  }

  /** Takes the fields of the head. `complete`: no body follows. */
  begin(fields: readonly Field[] | 'tooLarge', complete: boolean): void {
    const head =
      fields === 'tooLarge'
        ? refuse(431, 'head too large')
        : readHttp2Head(fields, !complete, this.#context.config.limits);
    const length = head === 'malformed' || head.refused || !head.hasLength ? -1 : head.length;
    if (!complete) this.upload = new Http2Upload(this, this.#connection.inbound, length);
    if (head === 'malformed' || (!head.refused && complete && head.length > 0)) {
      this.#refuse(refuse(400, 'malformed head'));
      this.reset(errorCode.protocolError);
      return;
    }
    if (head.refused) this.#refuse(head);
    else if (!this.#connection.isFor(head.host))
      this.#refuse(refuse(421, 'the certificate is for other names'), head.method === 'HEAD');
    else this.#request(head);
  }

  #request(head: RequestHead): void {
    const incoming = incomingOf(this, head, this.#context.now());
    const challenge = challengeAnswer(this.#context.challenges, head);
    if (challenge) {
      this.#answer(incoming, challenge);
      return;
    }
    const handling = this.frontend.handlingOf(incoming);
    const verdict = handling.isPlain ? undefined : handling.check(incoming, newRequestId);
    if (!(verdict instanceof Promise)) {
      this.#decided(incoming, handling, verdict);
      return;
    }
    this.upload?.pause();
    verdict.then(
      (late) => !this.#closed && this.#decided(incoming, handling, late),
      () => this.cut(),
    );
  }

  #decided(incoming: Incoming, handling: Handling, verdict: Answer | undefined): void {
    const { head } = incoming;
    if (verdict) {
      this.#answer(incoming, handling.finished(incoming, verdict));
      return;
    }
    const backend = handling.backend === undefined ? undefined : this.#context.backend(handling.backend);
    if (!backend) {
      this.#answer(incoming, handling.finished(incoming, answer(404)));
      return;
    }
    this.frontend.counters.begin();
    const exchange = new Exchange(this, incoming, handling, backend, this.#context);
    this.#exchange = exchange;
    if (this.upload && head.length !== 0) this.arm('body', this.#context.config.timeouts.clientMs);
    this.upload?.resume();
    // The body may have come whole, and the exchange be over.
    if (this.#exchange === exchange) exchange.start();
  }

  /** A piece of the body. Returns false to ask for a pause. */
  onBody(bytes: Buffer, complete: boolean, trailers: string): boolean {
    const exchange = this.#exchange;
    if (complete) this.upload = undefined;
    if (!exchange || exchange.head.length === 0) return true;
    if (complete && this.#role === 'body') this.disarm();
    else if (this.#role === 'body' || this.#role === 'none') this.arm('body', this.#context.config.timeouts.clientMs);
    if (complete) exchange.body.trailers = trailers;
    return exchange.onRequestBody(bytes, [0, bytes.length], complete);
  }

  /** Answers in place of a server. */
  #answer(incoming: Incoming, given: Answer): void {
    const text = answerText(given, incoming.head, true);
    logAnswer(this, this.#context.log, incoming, given.status, text.length);
    this.write(text);
    this.exchangeDone();
  }

  #refuse(refusal: Refusal, bodiless = false): void {
    this.frontend.counters.requestErrors += 1;
    this.frontend.counters.status(refusal.status);
    logRefusal(this, this.#context.log, refusal.status);
    this.#context.dropped(this, refusal);
    this.write(errorResponse(refusal.status, true, bodiless));
    this.exchangeDone();
  }

  write(data: string | Uint8Array): void {
    if (this.isSent) return;
    if (typeof data === 'string' && !this.hasHead) this.#takeHead(data);
    else this.#takeBody(typeof data === 'string' ? data : Buffer.from(data));
    this.#connection.outbound.ready(this);
  }

  #takeHead(text: string): void {
    const end = text.indexOf('\r\n\r\n');
    const isFinal = text.charCodeAt(9) >= 0x32;
    this.queueHead(text.slice(0, end + 2), isFinal);
    if (isFinal && end + 4 < text.length) this.#takeBody(text.slice(end + 4));
  }

  #takeBody(piece: string | Buffer): void {
    this.queueBody(piece);
    this.#connection.outbound.waitingBytes += piece.length;
    if (this.#role === 'none') this.arm('stall', this.#context.config.timeouts.clientMs);
  }

  trailers(lines: string): void {
    this.queueTrailers(lines);
  }

  settleKeepAlive(): boolean {
    return true;
  }

  /** The response is complete. */
  exchangeDone(): void {
    this.#exchange = undefined;
    if (this.isSent) return;
    this.disarm();
    this.queueEnd();
    this.#connection.outbound.ready(this);
    if (this.waitingBytes > 0) this.arm('stall', this.#context.config.timeouts.clientMs);
  }

  override onTurn(): void {
    if (this.#closed) return;
    if (this.isSent) {
      // Who was answered early need not send the rest.
      if (this.upload) this.#connection.resetStream(this, errorCode.noError);
      this.#close();
      return;
    }
    if (this.waitingBytes > 0) {
      if (this.#role === 'none' || this.#role === 'stall') this.arm('stall', this.#context.config.timeouts.clientMs);
    } else if (this.#role === 'stall') this.disarm();
    if (!this.isCongested) this.#exchange?.resumeResponse();
  }

  cork(): void {
    return;
  }

  /** All that is written within one round of the event loop goes out at once. */
  uncork(): void {
    return;
  }

  pause(): void {
    this.upload?.pause();
    if (this.#role === 'body') this.disarm();
  }

  resume(): void {
    if (!this.upload) return;
    if (this.#role === 'none') this.arm('body', this.#context.config.timeouts.clientMs);
    this.upload.resume();
  }

  /** Upgrades are of HTTP/1 connections: none was asked for. */
  toTunnel(): void {
    this.destroy();
  }

  end(): void {
    this.exchangeDone();
  }

  arm(role: TimerRole, delayMs: number): void {
    this.#role = role;
    this.#context.wheel.arm(this, this.#context.now(), delayMs);
  }

  disarm(): void {
    this.#role = 'none';
    this.#context.wheel.disarm(this);
  }

  override onTimer(): void {
    const role = this.#role;
    this.#role = 'none';
    if (role === 'wait') this.#exchange?.onWaitTimeout();
    else if (role === 'commit') this.#exchange?.response.onHeldLongEnough();
    else if (role === 'body') this.#exchange?.onBodyTimeout();
    else if (role === 'stall') this.destroy();
  }

  /** What was sent is not the whole response: nobody may take it for that. */
  cut(): void {
    this.#exchange = undefined;
    this.reset(errorCode.internalError);
  }

  destroy(): void {
    this.closed();
    this.#connection.resetStream(this, errorCode.cancel);
  }

  /** Resets it after what was written may go. */
  reset(code: ErrorCode): void {
    if (this.#closed || this.isSent) return;
    this.#connection.remember(this.id);
    this.upload?.close();
    this.upload = undefined;
    this.queueReset(code);
    this.#connection.outbound.ready(this);
  }

  /** The client gave it up, or its connection is gone. */
  closed(): void {
    if (this.#closed) return;
    this.#close();
  }

  #close(): void {
    this.#closed = true;
    this.#context.wheel.remove(this);
    this.#connection.outbound.waitingBytes -= this.waitingBytes;
    this.dropQueue();
    this.upload?.close();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.abort();
    this.#connection.streamClosed(this, exchange !== undefined);
  }
}
