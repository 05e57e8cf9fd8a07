// One request of an HTTP/2 connection. It takes responses as texts and bytes of HTTP/1, which all the rest speaks, and
// turns them into frames; the client's reset ends the exchange, a broken exchange resets the stream.
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { performance } from 'node:perf_hooks';
import type { Address } from '../core/address.ts';
import type { Handling } from '../core/handling/handling.ts';
import type { Answer, Incoming } from '../core/handling/incoming.ts';
import { readHttp2Head } from '../core/http/http2-head.ts';
import { refuse, type Refusal } from '../core/http/request-head.ts';
import { readLines, readResponseLines } from '../core/http/response-lines.ts';
import type { TlsFacts } from '../core/tls/facts.ts';
import { WheelTimer } from '../core/timer-wheel.ts';
import type { Client } from './client.ts';
import type { TimerRole } from './client-socket.ts';
import { errorResponse } from './error-response.ts';
import { Exchange } from './exchange.ts';
import { logAnswer, logRefusal } from './exchange-log.ts';
import type { FrontendRuntime } from './frontend.ts';
import type { Route } from './frontend-connection.ts';
import type { Http2Connection } from './http2-connection.ts';
import { answerText, challengeAnswer, incomingOf, newRequestId } from './reception.ts';
import type { WorkerContext } from './worker-context.ts';

const nothing = Buffer.alloc(0);

export class Http2Stream extends WheelTimer implements Client {
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
  readonly socket: ServerHttp2Stream;
  /** It has copies of all that it was given. */
  readonly holdsBytes = false;
  readonly #connection: Http2Connection;
  readonly #context: WorkerContext;
  #role: TimerRole = 'none';
  #exchange: Exchange | undefined;
  /** The request's body is not complete yet. */
  #reading: boolean;
  #closed = false;
  /** A final head that is not sent yet: whether something follows it is better known first. */
  #head: OutgoingHttpHeaders | undefined;
  #headSent = false;
  #acceptsTrailers = false;
  #trailers = '';

  constructor(stream: ServerHttp2Stream, connection: Http2Connection, context: WorkerContext) {
    super();
    this.socket = stream;
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
    this.#reading = !stream.endAfterHeaders;
    stream.on('error', () => undefined);
    stream.on('close', () => this.#onClose());
    stream.on('drain', () => this.#onDrain());
    stream.on('wantTrailers', () => stream.sendTrailers(readLines(this.#trailers)));
  }

  /** Backend and server of its request. */
  get route(): Route | undefined {
    const exchange = this.#exchange;
    return exchange && { backend: exchange.config.name, server: exchange.server?.config.name };
  }

  get isCongested(): boolean {
    return this.socket.writableNeedDrain && this.socket.writableLength > 0;
  }

  /** Takes the fields of the head: names and values in turn. */
  begin(fields: readonly string[]): void {
    const head = readHttp2Head(fields, this.#reading, this.#context.config.limits);
    if (head.refused) {
      this.#refuse(head);
      return;
    }
    this.#acceptsTrailers = head.acceptsTrailers;
    const incoming = incomingOf(this, head, this.#context.now());
    const challenge = challengeAnswer(this.#context.challenges, head);
    if (challenge) {
      this.#answer(incoming, challenge);
      return;
    }
    const handling = this.frontend.handlingOf(incoming);
    const verdict = handling.isPlain ? undefined : handling.check(incoming, newRequestId);
    if (verdict instanceof Promise)
      verdict.then(
        (late) => !this.#closed && this.#decided(incoming, handling, late),
        () => this.cut(),
      );
    else this.#decided(incoming, handling, verdict);
  }

  #decided(incoming: Incoming, handling: Handling, verdict: Answer | undefined): void {
    const { head } = incoming;
    if (verdict) {
      this.#answer(incoming, handling.finished(incoming, verdict));
      return;
    }
    const backend = handling.backend === undefined ? undefined : this.#context.backend(handling.backend);
    if (!backend) {
      this.#refuse(refuse(404, 'no backend for this request'));
      return;
    }
    this.frontend.counters.begin();
    const exchange = new Exchange(this, incoming, handling, backend, this.#context);
    this.#exchange = exchange;
    if (head.length === 0) this.#reading = false;
    if (this.#reading) this.#readBody(exchange);
    else this.socket.resume();
    exchange.start();
  }

  /** Answers in place of a server. */
  #answer(incoming: Incoming, given: Answer): void {
    const text = answerText(given, incoming.head, true);
    logAnswer(this, this.#context.log, incoming, given.status, text.length);
    this.write(text);
    this.exchangeDone();
  }

  #readBody(exchange: Exchange): void {
    this.arm('body', this.#context.config.timeouts.clientMs);
    this.socket.on('data', (bytes: Buffer) => {
      if (this.#exchange !== exchange) return;
      if (this.#role === 'body' || this.#role === 'none') this.arm('body', this.#context.config.timeouts.clientMs);
      if (!exchange.onRequestBody(bytes, [0, bytes.length], false)) this.pause();
    });
    this.socket.on('end', () => {
      this.#reading = false;
      if (this.#role === 'body') this.disarm();
      // A stream that was reset ends, too.
      if (this.#exchange === exchange && !this.socket.aborted) exchange.onRequestBody(nothing, [], true);
    });
  }

  #refuse(refusal: Refusal): void {
    this.frontend.counters.requestErrors += 1;
    this.frontend.counters.status(refusal.status);
    logRefusal(this, this.#context.log, refusal.status);
    this.#context.dropped(this, refusal);
    this.write(errorResponse(refusal.status, true));
    this.exchangeDone();
  }

  write(data: string | Uint8Array): void {
    if (this.#closed || this.socket.destroyed) return;
    if (typeof data === 'string' && !this.#head && !this.#headSent) {
      this.#takeHead(data);
      return;
    }
    this.#send(typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data));
  }

  cork(): void {
    this.socket.cork();
  }

  uncork(): void {
    this.socket.uncork();
  }

  end(): void {
    this.socket.end();
  }

  #takeHead(text: string): void {
    const end = text.indexOf('\r\n\r\n');
    const { status, fields } = readResponseLines(text.slice(0, end));
    if (status < 200) {
      this.socket.additionalHeaders({ ':status': status, ...fields });
      return;
    }
    this.#head = { ':status': status, ...fields };
    if (end + 4 < text.length) this.#send(Buffer.from(text.slice(end + 4), 'latin1'));
    else process.nextTick(() => this.#respond(false));
  }

  #send(bytes: Buffer): void {
    this.#respond(false);
    if (this.socket.writableEnded || this.socket.destroyed) return;
    const flows = this.socket.write(bytes);
    if (!flows && this.#role !== 'wait' && this.isCongested) this.arm('stall', this.#context.config.timeouts.clientMs);
  }

  /** Sends the head, if there is one to be sent. `last`: nothing follows it. */
  #respond(last: boolean): void {
    const head = this.#head;
    if (!head || this.#closed || this.socket.destroyed) return;
    this.#head = undefined;
    this.#headSent = true;
    this.socket.respond(head, {
      endStream: last,
      sendDate: false,
      waitForTrailers: !last && this.#acceptsTrailers,
    } as Parameters<ServerHttp2Stream['respond']>[1]);
  }

  trailers(lines: string): void {
    this.#trailers = lines;
  }

  settleKeepAlive(): boolean {
    return true;
  }

  /** The response is complete. */
  exchangeDone(): void {
    this.#exchange = undefined;
    if (this.#closed || this.socket.destroyed) return;
    this.disarm();
    this.#respond(this.#trailers === '');
    if (!this.socket.writableEnded) this.socket.end();
    // Who was answered early need not send the rest.
    if (this.#reading) this.socket.close(constants.NGHTTP2_NO_ERROR);
    if (this.socket.writableLength > 0) this.arm('stall', this.#context.config.timeouts.clientMs);
  }

  pause(): void {
    this.socket.pause();
    if (this.#role === 'body') this.disarm();
  }

  resume(): void {
    if (!this.#reading) return;
    this.socket.resume();
    if (this.#role === 'none') this.arm('body', this.#context.config.timeouts.clientMs);
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
    this.#reset(constants.NGHTTP2_INTERNAL_ERROR);
  }

  destroy(): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.abort();
    this.#reset(constants.NGHTTP2_CANCEL);
  }

  #reset(code: number): void {
    if (this.socket.destroyed) return;
    // Node.js would end the stream first, as if the response were complete.
    this.socket._final = (done) => done();
    this.socket.close(code);
  }

  /** Upgrades are of HTTP/1 connections: none was asked for. */
  toTunnel(): void {
    this.destroy();
  }

  #onDrain(): void {
    if (this.#role === 'stall') this.disarm();
    this.#exchange?.resumeResponse();
  }

  #onClose(): void {
    this.#closed = true;
    this.#context.wheel.remove(this);
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.abort();
    this.#connection.streamClosed(exchange !== undefined);
  }
}
