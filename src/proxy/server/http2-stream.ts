// One request of an HTTP/2 connection, or a tunnel in one. What goes to the client is http2-writer.ts. The client's reset ends
// the exchange, a broken exchange resets the stream.
import { performance } from 'node:perf_hooks';
import type { Handling } from '../core/handling/handling.ts';
import { answer, type Answer, type Incoming } from '../core/handling/incoming.ts';
import { readHttp2Head } from '../core/http/http2-head.ts';
import { refuse, type Refusal, type RequestHead } from '../core/http/request-head.ts';
import type { Field } from '../core/http2/field.ts';
import { type ErrorCode, errorCode } from '../core/http2/protocol.ts';
import type { Client } from './client.ts';
import { errorResponse } from './error-response.ts';
import { Exchange } from './exchange.ts';
import { logAnswer, logRefusal } from './exchange-log.ts';
import type { Route } from './frontend-connection.ts';
import { Http2Upload } from './http2-upload.ts';
import { handshakeLine } from './http2-websocket.ts';
import { Http2Writer } from './http2-writer.ts';
import { answerText, challengeAnswer, incomingOf, newRequestId, noTunnels } from './reception.ts';
import { Tunnel } from './tunnel.ts';

export class Http2Stream extends Http2Writer implements Client {
  readonly headAt = performance.now();
  readonly requestAtMs = Date.now();
  /** The body of the request, until it is complete. */
  upload: Http2Upload | undefined;
  #exchange: Exchange | undefined;
  #closed = false;
  /** `awaited`: the client asked for one, and no server has agreed. */
  #tunnel: Tunnel | 'awaited' | undefined;

  /** Backend and server of its request. */
  get route(): Route | undefined {
    const exchange = this.#exchange;
    return exchange && { backend: exchange.config.name, server: exchange.server?.config.name };
  }

  get asksForTunnel(): boolean {
    return this.#tunnel !== undefined;
  }

  get isTunnel(): boolean {
    return this.#tunnel instanceof Tunnel;
  }

  /** Takes the fields of the head. `complete`: no body follows. */
  begin(fields: readonly Field[] | 'tooLarge', complete: boolean): void {
    const head =
      fields === 'tooLarge'
        ? refuse(431, 'head too large')
        : readHttp2Head(fields, !complete, this.context.config.limits, this.from.takesWebSockets);
    const length = head === 'malformed' || head.refused || !head.hasLength ? -1 : head.length;
    if (!complete) this.upload = new Http2Upload(this, this.from.inbound, length);
    if (head === 'malformed' || (!head.refused && complete && head.length > 0)) {
      this.#refuse(refuse(400, 'malformed head'));
      this.reset(errorCode.protocolError);
      return;
    }
    if (head.refused) this.#refuse(head);
    else if (head.connects && !this.from.frontend.config.allowConnect) this.#refuse(noTunnels);
    else if (!head.connects && !this.from.isFor(head.host))
      this.#refuse(refuse(421, 'the certificate is for other names'), incomingOf(this, head, this.context.now()));
    else this.#request(head);
  }

  #request(head: RequestHead): void {
    if (head.asksForTunnel) {
      this.#tunnel = 'awaited';
      this.upload?.pause();
      if (!head.connects) head.fields += handshakeLine();
    }
    const incoming = incomingOf(this, head, this.context.now());
    const challenge = challengeAnswer(this.context.challenges, head);
    if (challenge) {
      this.#answer(incoming, challenge);
      return;
    }
    const handling = this.from.frontend.handlingOf(incoming);
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
    const backend = handling.backend === undefined ? undefined : this.context.backend(handling.backend);
    if (!backend) {
      this.#answer(incoming, handling.finished(incoming, answer(404)));
      return;
    }
    this.from.frontend.counters.begin();
    const exchange = new Exchange(this, incoming, handling, backend, this.context);
    this.#exchange = exchange;
    if (this.upload && head.length !== 0) this.mind('body');
    if (!this.asksForTunnel) this.upload?.resume();
    // The body may have come whole, and the exchange be over.
    if (this.#exchange === exchange) exchange.start();
  }

  /** A piece of the body. Returns false to ask for a pause. */
  onBody(bytes: Buffer, complete: boolean, trailers: string): boolean {
    const exchange = this.#exchange;
    if (complete) this.upload = undefined;
    if (this.#tunnel instanceof Tunnel) {
      if (bytes.length > 0) this.#tunnel.fromClient(bytes);
      if (complete) this.#tunnel.clientEnded();
      return true;
    }
    if (!exchange || exchange.head.length === 0) return true;
    if (complete && this.role === 'body') this.disarm();
    else if (this.role === 'body' || this.role === 'none') this.mind('body');
    if (complete) exchange.body.trailers = trailers;
    return exchange.onRequestBody(bytes, [0, bytes.length], complete);
  }

  /** Answers in place of a server. */
  #answer(incoming: Incoming, given: Answer): void {
    // It would be taken for a tunnel.
    if (this.asksForTunnel && given.status < 300) {
      this.#refuse(noTunnels);
      return;
    }
    const text = answerText(given, incoming.head, true);
    logAnswer(this, this.context.log, incoming, given.status, text.length);
    this.write(text);
    this.exchangeDone();
  }

  /** `incoming`: what was understood of it. */
  #refuse(refusal: Refusal, incoming?: Incoming): void {
    this.from.frontend.counters.requestErrors += 1;
    this.from.frontend.counters.status(refusal.status);
    logRefusal(this, this.context.log, refusal.status, incoming);
    this.context.dropped(this, refusal);
    this.write(errorResponse(refusal.status, true, incoming?.head.method === 'HEAD'));
    this.exchangeDone();
  }

  /** The response is complete. */
  exchangeDone(): void {
    this.#exchange = undefined;
    if (this.isSent) {
      if (!this.#closed) this.#close();
      return;
    }
    this.disarm();
    this.queueEnd();
    this.from.outbound.ready(this);
    if (this.waitingBytes > 0) this.mind('stall');
  }

  override onTurn(): void {
    if (this.#closed) return;
    if (this.isSent) {
      // A tunnel may go on the other way.
      if (this.#exchange) return;
      // Who was answered early need not send the rest.
      if (this.upload) this.from.resetStream(this, errorCode.noError);
      this.#close();
      return;
    }
    if (this.waitingBytes > 0) {
      if (this.role === 'none' || this.role === 'stall') this.mind('stall');
    } else if (this.role === 'stall') this.disarm();
    if (!this.isCongested) this.#exchange?.response.resume();
  }

  pause(): void {
    this.upload?.pause();
    if (this.role === 'body') this.disarm();
  }

  resume(): void {
    if (!this.upload || this.#tunnel === 'awaited') return;
    if (this.role === 'none') this.mind('body');
    this.upload.resume();
  }

  toTunnel(tunnel: Tunnel): void {
    this.disarm();
    this.#tunnel = tunnel;
    if (this.upload) this.upload.resume();
    else tunnel.clientEnded();
  }

  override onTimer(): void {
    const role = this.role;
    this.role = 'none';
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
    this.from.resetStream(this, errorCode.cancel);
  }

  /** Resets it after what was written may go. */
  reset(code: ErrorCode): void {
    if (this.#closed || this.isSent) return;
    this.from.remember(this.id);
    this.upload?.close();
    this.upload = undefined;
    this.queueReset(code);
    this.from.outbound.ready(this);
  }

  /** The client gave it up, or its connection is gone. */
  closed(): void {
    if (this.#closed) return;
    this.#close();
  }

  #close(): void {
    this.#closed = true;
    this.context.wheel.remove(this);
    this.from.outbound.waitingBytes -= this.waitingBytes;
    this.dropQueue();
    this.upload?.close();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.abort();
    this.from.streamClosed(this, exchange !== undefined);
  }
}
