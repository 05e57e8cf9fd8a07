// One connection of a client: reads requests strictly, one after the other, hands them to exchanges, and sees to it that
// a slow or broken client costs nothing but its own connection.
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { ChunkedDecoder } from '../core/http/chunked.ts';
import { parseRequestHead, refuse, type Refusal, type RequestHead } from '../core/http/request-head.ts';
import { findHeadEnd, incomplete, malformed } from '../core/http/scan.ts';
import { formatLogLine } from '../core/log-line.ts';
import { WheelTimer } from '../core/timer-wheel.ts';
import { errorResponse } from './error-response.ts';
import { Exchange } from './exchange.ts';
import { type FrontendRuntime, requestText } from './frontend.ts';
import type { UpstreamConnection } from './upstream-connection.ts';
import type { WorkerContext } from './worker-context.ts';

type Phase = 'idle' | 'head' | 'body' | 'busy' | 'tunnel' | 'lingering' | 'closed';
type TimerRole = 'idle' | 'head' | 'body' | 'wait' | 'commit' | 'stall' | 'linger';

/** Pipelined requests kept in memory before the client is paused. */
const pipelineBytes = 65_536;
/** After an early answer the rest of a request is read and dropped for this long, so that the answer arrives. */
const lingerMs = 2000;

export class ClientConnection extends WheelTimer {
  readonly socket: Socket;
  readonly frontend: FrontendRuntime;
  readonly address: string;
  readonly port: number;
  /** Its own X-Forwarded-* headers are believed. */
  readonly trusted: boolean;
  keepsAlive = true;
  phase: Phase = 'idle';
  readonly #context: WorkerContext;
  #role: TimerRole = 'idle';
  #pending: Buffer | undefined;
  #scanned = 0;
  #headAt = 0;
  #requestAtMs = 0;
  #exchange: Exchange | undefined;
  #remaining = 0;
  #decoder: ChunkedDecoder | undefined;
  #parsing = false;
  #halfClosed = false;
  #tunnel: { readonly connection: UpstreamConnection; readonly timeoutMs: number } | undefined;

  constructor(socket: Socket, frontend: FrontendRuntime, context: WorkerContext) {
    super();
    this.socket = socket;
    this.frontend = frontend;
    this.#context = context;
    this.address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    this.port = socket.remotePort ?? 0;
    this.trusted = frontend.trusts(this.address);
    socket.on('data', (bytes: Buffer) => this.#onData(bytes));
    socket.on('end', () => this.#onEnd());
    socket.on('error', () => this.destroy());
    socket.on('close', () => this.destroy());
    socket.on('drain', () => this.#onDrain());
    this.#arm('idle', context.config.timeouts.httpRequestMs);
  }

  requestText(head: RequestHead, cookie: string): string {
    return requestText(this, head, cookie);
  }

  write(data: string | Uint8Array): void {
    if (this.phase === 'closed') return;
    const flows = typeof data === 'string' ? this.socket.write(data, 'latin1') : this.socket.write(data);
    if (!flows && this.phase !== 'tunnel' && this.#role !== 'wait')
      this.#arm('stall', this.#context.config.timeouts.clientMs);
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    if (this.phase === 'body' || this.phase === 'tunnel') this.socket.resume();
  }

  armWait(delayMs: number): void {
    this.#arm('wait', delayMs);
  }

  armCommit(delayMs: number): void {
    this.#arm('commit', delayMs);
  }

  disarm(): void {
    this.#context.wheel.disarm(this);
  }

  #arm(role: TimerRole, delayMs: number): void {
    this.#role = role;
    this.#context.wheel.arm(this, this.#context.now(), delayMs);
  }

  override onTimer(): void {
    switch (this.#role) {
      case 'head':
        this.#refuse(refuse(408, 'request head too slow'));
        return;
      case 'wait':
        this.#exchange?.onWaitTimeout();
        return;
      case 'commit':
        this.#exchange?.response.onHeldLongEnough();
        return;
      case 'body':
        if (this.#exchange?.response.committed === false) this.#exchange.response.fail(408, 'cD');
        else this.destroy();
        return;
      case 'idle':
      case 'stall':
      case 'linger':
        this.destroy();
        return;
      default:
        this.#role satisfies never;
    }
  }

  /** Graceful stop: idle connections close, others after their response. */
  drain(): void {
    this.keepsAlive = false;
    if (this.phase === 'idle' && !this.#pending) this.destroy();
  }

  destroy(): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    this.#context.wheel.remove(this);
    this.frontend.closed(this);
    this.#tunnel?.connection.destroy();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.abort();
    this.socket.destroy();
  }

  #onData(bytes: Buffer): void {
    switch (this.phase) {
      case 'idle':
      case 'head':
      case 'busy':
        this.#pending = this.#pending ? Buffer.concat([this.#pending, bytes]) : bytes;
        if (this.phase === 'busy') {
          if (this.#pending.length > pipelineBytes) this.socket.pause();
        } else if (!this.#parsing) {
          this.#process();
        }
        return;
      case 'body':
        this.#readBody(bytes, 0);
        return;
      case 'tunnel':
        this.#tunnelData(bytes);
        return;
      case 'lingering':
      case 'closed':
        return;
      default:
        this.phase satisfies never;
    }
  }

  #onEnd(): void {
    this.#halfClosed = true;
    if (this.phase === 'tunnel') this.#tunnel?.connection.socket.end();
    else if (this.phase === 'busy' && this.#exchange?.isSent === true) this.keepsAlive = false;
    else this.destroy();
  }

  #onDrain(): void {
    if (this.#role === 'stall') this.disarm();
    this.#exchange?.resumeResponse();
  }

  /** Reads requests as long as there are whole heads and nothing else is to be done first. */
  #process(): void {
    this.#parsing = true;
    while (this.#pending && (this.phase === 'idle' || this.phase === 'head')) {
      if (!this.#readHead(this.#pending)) break;
    }
    this.#parsing = false;
  }

  /** Returns false when more bytes are needed or the connection is done. */
  #readHead(bytes: Buffer): boolean {
    const { limits, timeouts } = this.#context.config;
    // One empty line before a request is allowed (RFC 9112 2.2).
    const start = bytes.length >= 2 && bytes[0] === 0x0d && bytes[1] === 0x0a ? 2 : 0;
    if (this.phase === 'idle') {
      this.#headAt = performance.now();
      this.#requestAtMs = Date.now();
    }
    const end = findHeadEnd(bytes, start, Math.max(start, this.#scanned - 3));
    if (end === malformed) return this.#refuse(refuse(400, 'malformed head'));
    const size = (end === incomplete ? bytes.length : end) - start;
    if (size > limits.headerBytes) {
      const line = bytes.indexOf('\r\n', start);
      const long = (line < 0 ? bytes.length : line) - start > limits.uriBytes;
      return this.#refuse(refuse(long ? 414 : 431, 'head too large'));
    }
    if (end === incomplete) {
      this.#scanned = bytes.length;
      if (this.phase === 'idle' && bytes.length > start) {
        this.phase = 'head';
        this.#arm('head', timeouts.httpRequestMs);
      }
      return false;
    }
    this.#scanned = 0;
    const head = parseRequestHead(bytes.toString('latin1', start, end - 2), limits);
    if (head.refused) return this.#refuse(head);
    this.#begin(head, bytes, end);
    return true;
  }

  #begin(head: RequestHead, bytes: Buffer, from: number): void {
    this.disarm();
    this.frontend.counters.begin();
    this.keepsAlive = head.keepAlive && !this.#context.stopping && !this.#halfClosed;
    const name = this.frontend.route(head.host, head.target);
    const backend = name === undefined ? undefined : this.#context.backend(name);
    this.#pending = undefined;
    if (!backend) {
      if (head.length !== 0) this.keepsAlive = false;
      this.phase = 'busy';
      this.#pending = from < bytes.length ? bytes.subarray(from) : undefined;
      this.write(errorResponse(404, this.keepsAlive));
      this.frontend.counters.status(404);
      this.exchangeDone();
      return;
    }
    const exchange = new Exchange(this, head, backend, this.#context);
    this.#exchange = exchange;
    if (head.length === 0) {
      this.phase = 'busy';
      if (from < bytes.length) this.#pending = bytes.subarray(from);
      exchange.start();
      return;
    }
    this.phase = 'body';
    this.#remaining = head.length;
    this.#decoder = head.length === -1 ? new ChunkedDecoder() : undefined;
    this.#arm('body', this.#context.config.timeouts.clientMs);
    if (from < bytes.length) this.#readBody(bytes, from);
    if (this.#exchange === exchange) exchange.start();
  }

  #readBody(bytes: Buffer, from: number): void {
    const exchange = this.#exchange;
    if (!exchange) return;
    const ranges: number[] = [];
    let end: number;
    let complete: boolean;
    if (this.#decoder) {
      end = this.#decoder.feed(bytes, from, ranges);
      complete = this.#decoder.state === 'done';
      if (this.#decoder.state === 'failed') {
        this.#badBody(exchange);
        return;
      }
    } else {
      end = Math.min(bytes.length, from + this.#remaining);
      if (end > from) ranges.push(from, end);
      this.#remaining -= end - from;
      complete = this.#remaining === 0;
    }
    if (complete) {
      this.phase = 'busy';
      this.#decoder = undefined;
      if (this.#role === 'body') this.disarm();
      if (end < bytes.length) this.#pending = bytes.subarray(end);
    } else if (this.#role === 'body') {
      this.#arm('body', this.#context.config.timeouts.clientMs);
    }
    if (!exchange.onRequestBody(bytes, ranges, complete) && !complete) this.socket.pause();
  }

  /** The body is malformed: whatever was forwarded of it must not look complete. */
  #badBody(exchange: Exchange): void {
    this.frontend.counters.requestErrors += 1;
    this.#exchange = undefined;
    const answerable = !exchange.response.committed;
    exchange.abort();
    if (answerable) this.#refuse(refuse(400, 'malformed chunk'));
    else this.destroy();
  }

  /** Answers a bad request and closes; always returns false. */
  #refuse(refusal: Refusal): false {
    this.frontend.counters.requestErrors += 1;
    this.frontend.counters.status(refusal.status);
    this.#pending = undefined;
    if (this.#context.log.enabled) this.#logRefusal(refusal.status);
    this.write(errorResponse(refusal.status, false));
    this.#linger();
    return false;
  }

  /** The response is complete. */
  exchangeDone(): void {
    this.frontend.counters.end();
    this.#exchange = undefined;
    if (this.phase === 'closed') return;
    const unread = this.phase === 'body';
    this.disarm();
    if (!this.keepsAlive || unread || this.#halfClosed) {
      this.#linger();
      return;
    }
    this.phase = 'idle';
    if (this.socket.isPaused()) this.socket.resume();
    if (this.socket.writableNeedDrain) this.#arm('stall', this.#context.config.timeouts.clientMs);
    else this.#arm('idle', this.#context.config.timeouts.keepAliveMs);
    if (this.#pending && !this.#parsing) this.#process();
  }

  #linger(): void {
    this.phase = 'lingering';
    this.socket.resume();
    this.socket.end();
    this.#arm('linger', lingerMs);
  }

  toTunnel(connection: UpstreamConnection, timeoutMs: number): void {
    this.phase = 'tunnel';
    this.disarm();
    this.#tunnel = { connection, timeoutMs };
    const early = this.#pending;
    this.#pending = undefined;
    if (early) this.#tunnelData(early);
    this.socket.resume();
    if (this.#halfClosed) connection.socket.end();
  }

  #tunnelData(bytes: Buffer): void {
    const tunnel = this.#tunnel;
    if (!tunnel) return;
    tunnel.connection.touchTunnel(tunnel.timeoutMs);
    if (this.#exchange) this.#exchange.body.bytesIn += bytes.length;
    if (!tunnel.connection.write(bytes)) this.socket.pause();
  }

  /** Counts and logs a finished exchange. */
  record(exchange: Exchange, termination: string, headAt: number): void {
    const endedAt = performance.now();
    const { backend, server, response, body, queueMs, connectMs } = exchange;
    const responseMs = headAt === 0 ? -1 : headAt - exchange.startedAt;
    const totalMs = endedAt - this.#headAt;
    for (const counters of [this.frontend.counters, backend.counters, server?.counters]) {
      if (!counters) continue;
      if (response.status !== 0) counters.status(response.status);
      counters.bytesIn += body.bytesIn;
      counters.bytesOut += response.bytesOut;
      counters.times(queueMs, connectMs, responseMs, totalMs);
    }
    backend.counters.end();
    if (!this.#context.log.enabled) return;
    this.#log(exchange, termination, { responseMs, totalMs, headMs: exchange.startedAt - this.#headAt });
  }

  #log(exchange: Exchange, termination: string, times: { responseMs: number; totalMs: number; headMs: number }): void {
    const { head, backend, server } = exchange;
    this.#context.log.line(
      formatLogLine({
        ...this.#who(),
        ...times,
        backend: backend.config.name,
        server: server?.config.name ?? '<NOSRV>',
        queueMs: exchange.queueMs,
        connectMs: exchange.connectMs,
        status: exchange.response.status === 0 ? -1 : exchange.response.status,
        bytes: exchange.response.bytesOut,
        termination: `${termination}${this.#cookieFlags(exchange)}`,
        backendConnections: backend.counters.sessions,
        serverConnections: server?.inFlight ?? 0,
        retries: exchange.retries,
        redispatched: exchange.redispatched,
        queue: backend.counters.queued,
        method: head.method,
        target: head.target,
        minor: head.minor,
      }),
    );
  }

  /** HAProxy's third and fourth flag: what the client brought, what was done. */
  #cookieFlags(exchange: Exchange): string {
    const { config, cookie, server } = exchange;
    if (!config.cookie) return '--';
    if (cookie === undefined) return 'NI';
    if (server?.config.cookie === cookie) return 'VN';
    return config.servers.some((candidate) => candidate.cookie === cookie) ? 'DI' : 'II';
  }

  #logRefusal(status: number): void {
    const none = { queueMs: -1, connectMs: -1, responseMs: -1, headMs: -1, totalMs: performance.now() - this.#headAt };
    const nowhere = {
      backend: this.frontend.config.name,
      server: '<NOSRV>',
      termination: 'PR--',
      bytes: 0,
      retries: 0,
    };
    const counts = { backendConnections: 0, serverConnections: 0, redispatched: false, queue: 0 };
    const line = formatLogLine({
      ...this.#who(),
      ...none,
      ...nowhere,
      ...counts,
      status,
      method: '',
      target: '',
      minor: 1,
    });
    this.#context.log.line(line);
  }

  #who(): Pick<
    Parameters<typeof formatLogLine>[0],
    'clientAddress' | 'clientPort' | 'atMs' | 'frontend' | 'active' | 'frontendConnections'
  > {
    const { connections } = this.frontend;
    return {
      clientAddress: this.address,
      clientPort: this.port,
      atMs: this.#requestAtMs,
      frontend: this.frontend.config.name,
      active: connections.size,
      frontendConnections: connections.size,
    };
  }
}
