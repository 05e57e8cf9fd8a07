// One connection to a server that speaks HTTP/2, and the requests on it. It is used from the server's settings on until it
// is retired: by the server (GOAWAY), by doubt whether anyone is there, or because nobody needs it.
import type { ClientHttp2Session, ClientHttp2Stream, Settings } from 'node:http2';
import type { Socket } from 'node:net';
import { builtins } from '../../lib/builtins.ts';
import type { Http2Fields } from '../core/http/http2-request.ts';
import { WheelTimer } from '../core/timer-wheel.ts';
import { dial } from './dial.ts';
import type { Http2Sessions } from './http2-sessions.ts';
import type { Http2Upstream } from './http2-upstream.ts';
import { connectionLimits, http2Limits } from './limits.ts';
import type { ServerConnection, ServerRuntime } from './runtime.ts';
import { connectFailure, type Failure } from './upstream-owner.ts';
import type { WorkerContext } from './worker-context.ts';

export class Http2Session extends WheelTimer implements ServerConnection {
  phase: 'connecting' | 'idle' | 'body' | 'closed' = 'connecting';
  /** Whose connection it is, where the PROXY protocol says that; '' = anybody's. */
  readonly key: string;
  readonly scheme: 'http' | 'https';
  /** Requests that it took so far. */
  carried = 0;
  readonly #pool: Http2Sessions;
  readonly #server: ServerRuntime;
  readonly #context: WorkerContext;
  readonly #socket: Socket;
  readonly #upstreams = new Set<Http2Upstream>();
  /** Those that wait for the server's settings, or for its answer to a ping. */
  #waiting: Http2Upstream[] = [];
  #session: ClientHttp2Session | undefined;
  /** Requests at once; before the server says how many, what is usual. */
  #limit: number = http2Limits.upstreamStreams;
  #lastByteMs = 0;
  #retired = false;
  #pinging = false;

  constructor(pool: Http2Sessions, server: ServerRuntime, context: WorkerContext, intro: Buffer | undefined) {
    super();
    this.#pool = pool;
    this.#server = server;
    this.#context = context;
    this.key = intro?.toString('latin1') ?? '';
    const { tls, config } = server.backend;
    this.scheme = tls ? 'https' : 'http';
    this.#socket = dial(server.destination, {
      tls,
      alpn: pool.alpn,
      intro,
      onread: undefined,
      onReady: () => this.#opened(),
    });
    // These come before those of node:http2, which would end all streams alike.
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#onError(error));
    this.#socket.on('end', () => this.#lose('eof'));
    this.#socket.on('close', () => this.#lose('reset'));
    server.connections.add(this);
    context.wheel.arm(this, context.now(), config.timeouts.connectMs);
  }

  get isNew(): boolean {
    return this.phase === 'connecting' || this.carried === 0;
  }

  /** Another request may join. */
  get hasRoom(): boolean {
    return !this.#retired && this.phase !== 'closed' && this.#upstreams.size < this.#limit;
  }

  get takesWebSockets(): boolean {
    return this.#session?.remoteSettings.enableConnectProtocol === true;
  }

  /**
   * Takes a request. `careful`: it cannot be repeated if it breaks, so that a connection that was quiet for a while is asked
   * first whether anyone is still there.
   */
  take(upstream: Http2Upstream, careful: boolean): void {
    const now = this.#context.now();
    const idle = this.phase === 'idle';
    if (idle && this.carried > 0) upstream.uses = this.carried;
    this.carried += 1;
    this.#upstreams.add(upstream);
    if (this.phase !== 'connecting') this.phase = 'body';
    const asks = careful && idle && now - this.#lastByteMs >= http2Limits.quietMs;
    const ready = this.phase !== 'connecting' && !asks;
    upstream.join(this, ready);
    if (!ready) this.#waiting.push(upstream);
    if (asks) this.doubt();
    else if (idle && !this.#pinging) this.#context.wheel.disarm(this);
  }

  /** The request has ended. */
  leave(upstream: Http2Upstream): void {
    if (!this.#upstreams.delete(upstream)) return;
    if (this.#waiting.includes(upstream)) this.#waiting = this.#waiting.filter((each) => each !== upstream);
    if (this.#upstreams.size > 0 || this.phase !== 'body') return;
    if (this.#retired || this.#context.stopping) {
      this.#close();
      return;
    }
    this.phase = 'idle';
    if (!this.#pinging) this.#context.wheel.arm(this, this.#context.now(), connectionLimits.upstreamIdleMs);
  }

  /** Opens a stream; undefined when the connection is ending. */
  request(
    fields: Http2Fields,
    options: { endStream: boolean; waitForTrailers: boolean },
  ): ClientHttp2Stream | undefined {
    const session = this.#session;
    if (!session || session.closed || session.destroyed) return undefined;
    const stream = session.request(fields, options);
    if ((stream.id ?? 0) > http2Limits.lastStream) this.retire();
    return stream;
  }

  /** Bytes came. */
  heard(nowMs: number): void {
    this.#lastByteMs = nowMs;
  }

  /** Asks the server whether it is there; if it does not answer, no request comes here any more. */
  doubt(): void {
    if (this.#pinging || this.#retired || !this.#session || this.phase === 'closed') return;
    this.#pinging = true;
    this.#context.wheel.arm(this, this.#context.now(), http2Limits.pingMs);
    this.#session.ping((error: Error | null) => this.#onPong(error));
  }

  #onPong(error: Error | null): void {
    this.#pinging = false;
    if (error || this.phase === 'closed') return;
    this.heard(this.#context.now());
    if (this.phase === 'idle') this.#context.wheel.arm(this, this.#context.now(), connectionLimits.upstreamIdleMs);
    else this.#context.wheel.disarm(this);
    this.#letGo();
  }

  /** Those that waited may begin. */
  #letGo(): void {
    for (const upstream of this.#waiting.splice(0)) upstream.connected();
  }

  #opened(): void {
    const spoken = this.#socket instanceof builtins.tls.TLSSocket ? this.#socket.alpnProtocol : undefined;
    if (this.#pool.maySpeakHttp1 && spoken !== 'h2') {
      this.#speaksHttp1();
      return;
    }
    const options = {
      createConnection: () => this.#socket,
      maxSessionMemory: http2Limits.sessionMegabytes,
      strictSingleValueFields: false,
      settings: { enablePush: false, maxHeaderListSize: connectionLimits.responseHeadBytes },
    };
    const session = builtins.http2.connect(`${this.scheme}://server`, options);
    session.on('remoteSettings', (settings: Settings) => this.#onSettings(settings.maxConcurrentStreams));
    session.on('goaway', (code: number, last: number) => this.#onGoaway(code, last));
    session.on('error', (error: NodeJS.ErrnoException) => this.#onError(error));
    session.on('close', () => this.#lose('reset'));
    this.#session = session;
  }

  /** It was offered both. */
  #speaksHttp1(): void {
    this.#pool.speaksHttp1(this.#context.now());
    this.#end();
    for (const upstream of [...this.#upstreams]) upstream.notHttp2();
    this.#socket.destroy();
  }

  #onSettings(streams: number = http2Limits.upstreamStreams): void {
    this.#limit = Math.min(Math.max(1, streams), http2Limits.upstreamStreams);
    if (this.phase !== 'connecting') return;
    this.phase = this.#upstreams.size > 0 ? 'body' : 'idle';
    const now = this.#context.now();
    this.heard(now);
    if (this.phase === 'body') this.#context.wheel.disarm(this);
    else this.#context.wheel.arm(this, now, connectionLimits.upstreamIdleMs);
    // More than it takes have come meanwhile.
    for (const upstream of this.#waiting.splice(this.#limit)) {
      this.#upstreams.delete(upstream);
      this.#pool.place(upstream, this.#context, this.key);
    }
    this.#letGo();
  }

  /** The server ends the connection: what it has not begun, nobody has. */
  #onGoaway(code: number, last: number): void {
    this.retire();
    for (const upstream of [...this.#upstreams]) {
      if (upstream.id === undefined || upstream.id > last) upstream.unprocessed('goaway');
      else if (code !== 0) upstream.lost('reset');
    }
  }

  #onError(error: NodeJS.ErrnoException): void {
    if (this.phase !== 'connecting') {
      this.#lose(error.code === 'ETIMEDOUT' ? 'timeout' : 'reset');
      return;
    }
    const about = this.#session ? 'HTTP/2' : 'TLS';
    // Refused connections and the like are told by checks.
    if (error.syscall === undefined) this.#tell(`no ${about}: ${error.message}`);
    this.#lose(connectFailure(error.code));
  }

  #tell(text: string): void {
    this.#context.tell(`http2 ${this.#server.key}`, `server ${this.#server.key}: ${text}`);
  }

  override onTimer(): void {
    if (this.phase === 'connecting') {
      if (this.#session) this.#tell('no HTTP/2: it does not answer');
      this.#lose('connect-timeout');
    } else if (this.#pinging) {
      this.#pinging = false;
      this.retire();
      for (const upstream of this.#waiting.splice(0)) upstream.unprocessed('goaway');
    } else if (this.#retired) {
      this.#lose('reset');
    } else if (this.phase === 'idle') {
      this.#close();
    }
  }

  /** Takes no more requests; those on it go on. */
  retire(): void {
    if (this.#retired || this.phase === 'closed') return;
    this.#retired = true;
    this.#pool.forget(this);
    if (this.phase === 'idle') this.#close();
  }

  /** Ends it as the protocol wants it. */
  #close(): void {
    this.#retired = true;
    this.#pool.forget(this);
    this.#context.wheel.arm(this, this.#context.now(), connectionLimits.lingerMs);
    this.#session?.close();
  }

  fail(failure: Failure): void {
    this.#lose(failure);
  }

  destroy(): void {
    this.#lose('down');
  }

  #end(): void {
    this.phase = 'closed';
    this.#retired = true;
    this.#pool.forget(this);
    this.#server.connections.delete(this);
    this.#context.wheel.remove(this);
  }

  #lose(failure: Failure): void {
    if (this.phase === 'closed') return;
    const refused = this.phase === 'connecting' && (failure === 'eof' || failure === 'reset');
    this.#end();
    for (const upstream of [...this.#upstreams]) upstream.lost(refused ? 'refused' : failure);
    this.#session?.destroy();
    this.#socket.destroy();
  }
}
