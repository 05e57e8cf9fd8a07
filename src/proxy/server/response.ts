// The response as it goes to the client. A small response to a replayable request is held until it is complete: as long
// as nothing was sent, a server that dies in the middle of it costs nothing.
import { performance } from 'node:perf_hooks';
import { http2Minor } from '../core/http/http2-head.ts';
import type { ResponseHead } from '../core/http/response-head.ts';
import type { EditedHead } from '../core/handling/handling.ts';
import { answer, type Answer } from '../core/handling/incoming.ts';
import { hostOf } from '../core/server-address.ts';
import { BodyWriter, inlineBytes } from './body-writer.ts';
import { cookieLine, ownSetCookie } from './cookie-lines.ts';
import type { Exchange } from './exchange.ts';
import { factsOf, recordExchange } from './exchange-log.ts';
import type { AccessLog } from './access-log.ts';
import { tunnelHead } from './http2-websocket.ts';
import { answerText } from './reception.ts';
import type { ServerRuntime } from './runtime.ts';
import { Tunnel } from './tunnel.ts';
import type { Upstream } from './upstream-owner.ts';

/** Held at most: what HAProxy's buffer holds, and this long: slow streams must flow. */
const heldBytesMax = 16_384;
const heldMs = 200;
/** Nobody knows how long it gets: what comes may be meant to be seen at once. */
const heldEndlessMs = 25;

export class ResponseWriter {
  /** A response has begun to come. */
  started = false;
  /** Bytes of it went to the client: no way back. */
  committed = false;
  source: Upstream | undefined;
  status = 0;
  /** Header lines as the server sent them. */
  fields = '';
  readonly #out: BodyWriter;
  #done = false;
  #tunnel: Tunnel | undefined;
  readonly #exchange: Exchange;
  readonly #log: AccessLog;
  #continued = false;
  #headText = '';
  #corked = false;
  #held: { readonly bytes: Buffer; readonly ranges: readonly number[] }[] = [];
  #heldBytes = 0;
  #headAt = 0;

  constructor(exchange: Exchange, log: AccessLog) {
    this.#exchange = exchange;
    this.#log = log;
    this.#out = new BodyWriter(exchange.client, () => this.resume());
  }

  get bytesOut(): number {
    return this.#out.bytesOut;
  }

  /** Bytes of the body before and after, where it was compressed here. */
  get compressed(): BodyWriter['compressed'] {
    return this.#out.compressed;
  }

  /** The client, or what compresses for it, takes more. */
  resume(): void {
    this.#out.resume();
    const socket = this.source?.socket;
    if (socket?.isPaused() === true) socket.resume();
  }

  informational(connection: Upstream, head: ResponseHead): void {
    const { client, head: request } = this.#exchange;
    if (request.minor === 0 || this.committed) return;
    if (head.status === 100) {
      if (!request.expectContinue || this.#continued) return;
      this.#continued = true;
      client.write('HTTP/1.1 100 Continue\r\n\r\n');
    } else {
      client.write(`HTTP/1.1 ${head.statusText}\r\n${head.fields}\r\n`);
    }
    connection.server.counters.status1xx += 1;
  }

  /** Head and whole body at once: the common case, in one write. */
  whole(server: ServerRuntime, head: ResponseHead, bytes: Buffer, from: number): void {
    const { client } = this.#exchange;
    this.#start(head);
    this.committed = true;
    const text = this.#text(server, head);
    const size = bytes.length - from;
    if (this.#out.isEncoding) {
      this.#out.send(text);
      this.#out.write(bytes, [from, bytes.length]);
      this.#out.end('', () => this.#finish('--'));
      return;
    }
    if (size <= inlineBytes) {
      this.#out.send(size === 0 ? text : text + bytes.toString('latin1', from));
    } else {
      client.cork();
      this.#out.send(text);
      this.#out.sendBytes(bytes.subarray(from));
      client.uncork();
    }
    this.#finish('--');
  }

  begin(connection: Upstream, head: ResponseHead): void {
    this.source = connection;
    this.#start(head);
    this.#headText = this.#text(connection.server, head);
    const { replayable, body, client } = this.#exchange;
    if (!replayable || !body.kept || head.isEventStream) this.#commit();
    else client.arm('commit', head.length < 0 ? heldEndlessMs : heldMs);
  }

  body(bytes: Buffer, ranges: readonly number[]): void {
    if (this.committed) {
      this.#write(bytes, ranges);
      return;
    }
    this.#held.push({ bytes, ranges });
    for (let index = 0; index < ranges.length; index += 2)
      this.#heldBytes += (ranges[index + 1] ?? 0) - (ranges[index] ?? 0);
    if (this.#heldBytes > heldBytesMax) this.#commit();
  }

  end(trailers: string): void {
    const { head: request } = this.#exchange;
    this.#commit();
    this.source = undefined;
    this.#out.end(request.acceptsTrailers ? trailers : '', () => {
      this.flush();
      this.#finish('--');
    });
    this.flush();
  }

  /** Time for holding is over. */
  onHeldLongEnough(): void {
    this.#commit();
    this.flush();
  }

  /** One read of the server is dealt with. */
  flush(): void {
    if (this.committed) this.#out.flush();
    if (!this.#corked) return;
    this.#corked = false;
    this.#exchange.client.uncork();
    this.#minding();
  }

  /** Bytes of the server are in memory still: held back, or not taken by the client yet. */
  get holdsBytes(): boolean {
    return this.#held.length > 0 || this.#exchange.client.holdsBytes;
  }

  /** Forgets a response that broke before anything of it was sent. */
  reset(): void {
    this.started = false;
    this.source = undefined;
    this.#held = [];
    this.#heldBytes = 0;
    this.#headText = '';
    this.#out.drop();
    if (!this.#done) this.#exchange.client.disarm();
  }

  /** Answers with an error of the proxy itself. */
  fail(status: number, termination: string): void {
    const again = status === 503 ? 'Retry-After: 5\r\n' : '';
    this.answer(answer(status, `Cache-Control: no-cache\r\n${again}`), termination);
  }

  /** Answers in place of a server. */
  answer(given: Answer, termination: string): void {
    const { client, head, body, handling, incoming } = this.#exchange;
    this.status = given.status;
    this.committed = true;
    const keepAlive = client.settleKeepAlive(body.complete);
    this.#out.send(answerText(handling.finished(incoming, given), head, keepAlive));
    this.#finish(termination);
  }

  /** There will be no (more) response: C by the client, S by the server. */
  closed(by: 'C' | 'S'): void {
    if (this.#done) return;
    if (this.#tunnel?.isComplete === true) {
      this.#record('--');
      return;
    }
    const counters = [this.#exchange.backend.counters, this.#exchange.client.from.frontend.counters];
    for (const each of counters) {
      if (by === 'C') each.clientAborts += 1;
      else each.serverAborts += 1;
    }
    this.#record(`${by}${this.committed ? 'D' : 'H'}`);
  }

  tunnel(connection: Upstream, head: ResponseHead, rest: Buffer): void {
    const { client, config, head: request } = this.#exchange;
    this.source = connection;
    this.#start(head);
    this.committed = true;
    this.#out.send(`${tunnelHead(request, head)}${cookieLine(this.#exchange, connection.server, head)}\r\n`);
    if (rest.length > 0) this.tunnelData(rest);
    this.#tunnel = new Tunnel(client, connection, config.timeouts.tunnelMs);
    client.toTunnel(this.#tunnel);
  }

  tunnelData(bytes: Buffer): void {
    const { client } = this.#exchange;
    this.#tunnel?.touch();
    this.#out.sendBytes(bytes);
    if (client.isCongested) this.source?.socket.pause();
  }

  /** The server will send no more; the client may, for a little while. */
  tunnelEnded(): void {
    this.#exchange.client.end();
    this.#tunnel?.serverEnded();
  }

  /** The server's side is gone. True if both had ended: what is on its way to the client may arrive. */
  tunnelIsOver(): boolean {
    if (this.#tunnel?.isComplete !== true) return false;
    this.#finish('--');
    return true;
  }

  #start(head: ResponseHead): void {
    this.started = true;
    this.status = head.status;
    this.fields = head.fields;
    this.#headAt = performance.now();
  }

  /** Status line and headers for the client; settles whether its connection is kept. */
  #text(server: ServerRuntime, head: ResponseHead): string {
    const { client, head: request, body } = this.#exchange;
    const { minor } = request;
    const endless = head.length === -2 || head.length === -1;
    const { fields, coding } = this.#edited(server, head);
    const chunked = minor !== http2Minor && (coding !== undefined || (endless && minor === 1));
    this.#out.start(chunked, coding, endless);
    const keepAlive = client.settleKeepAlive(body.complete && !(endless && minor === 0));
    let text = `HTTP/1.1 ${head.statusText}\r\n`;
    const { cookie } = this.#exchange.config;
    text += cookie && head.hasSetCookie ? ownSetCookie(cookie, fields, server) : fields;
    if (cookie) text += cookieLine(this.#exchange, server, head);
    if (chunked) text += 'Transfer-Encoding: chunked\r\n';
    if (!keepAlive) text += 'Connection: close\r\n';
    else if (minor === 0) text += 'Connection: keep-alive\r\n';
    return `${text}\r\n`;
  }

  /** Header lines after the edits of the rule, and how the body is compressed. */
  #edited(server: ServerRuntime, head: ResponseHead): EditedHead {
    const { handling, incoming, config } = this.#exchange;
    if (!handling.editsResponses) return { fields: head.fields, coding: undefined };
    const at = hostOf(server.config);
    const asked = config.hostHeader === 'preserve' ? incoming.head.host : config.hostHeader;
    return handling.edited(incoming, head, factsOf(this.#exchange), [asked.toLowerCase(), at]);
  }

  #commit(): void {
    if (this.committed) return;
    this.committed = true;
    const { client } = this.#exchange;
    client.disarm();
    // What follows in the same read goes out in the same write.
    if (!this.#corked) client.cork();
    this.#corked = true;
    this.#out.send(this.#headText);
    for (const { bytes, ranges } of this.#held) this.#write(bytes, ranges);
    this.#held = [];
  }

  #write(bytes: Buffer, ranges: readonly number[]): void {
    if (!this.#out.write(bytes, ranges) && !this.#corked) this.source?.socket.pause();
  }

  /** A client that does not take what it was given gets no more for now. */
  #minding(): void {
    if (this.#exchange.client.isCongested) this.source?.socket.pause();
  }

  #finish(termination: string): void {
    if (this.#done) return;
    this.#record(termination);
    this.#exchange.client.exchangeDone();
  }

  #record(termination: string): void {
    this.#done = true;
    this.#out.drop();
    if (this.#tunnel) this.#exchange.body.bytesIn += this.#tunnel.bytesIn;
    recordExchange(this.#exchange, this.#log, termination, this.#headAt);
  }
}
