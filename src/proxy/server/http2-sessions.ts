// The HTTP/2 connections to one server: a few, each for many requests at once. Which of them gets a request, and when a new
// one is opened.
import type { RequestHead } from '../core/http/request-head.ts';
import { Http2Session } from './http2-session.ts';
import { Http2Upstream } from './http2-upstream.ts';
import { http2Limits } from './limits.ts';
import type { ServerRuntime } from './runtime.ts';
import type { WorkerContext } from './worker-context.ts';

export interface Opening {
  /** Says by the PROXY protocol whose connection it is. */
  readonly intro: Buffer | undefined;
  /** Not over a connection that was used before. */
  readonly fresh: boolean;
  /** The request cannot be repeated. */
  readonly careful: boolean;
}

export class Http2Sessions {
  /** The server chooses the protocol when a connection is opened. */
  readonly maySpeakHttp1: boolean;
  readonly #server: ServerRuntime;
  readonly #sessions: Http2Session[] = [];
  #http1UntilMs = -Infinity;

  constructor(server: ServerRuntime) {
    this.#server = server;
    this.maySpeakHttp1 = server.config.protocol === 'negotiated';
  }

  get alpn(): readonly string[] {
    return this.maySpeakHttp1 ? ['h2', 'http/1.1'] : ['h2'];
  }

  /** Whether a request goes this way: where HTTP/1.1 is spoken as well, tunnels are left to it. */
  takes(head: RequestHead, nowMs: number): boolean {
    return !this.maySpeakHttp1 || (!head.asksForTunnel && nowMs >= this.#http1UntilMs);
  }

  /** The server chose HTTP/1.1; it is asked again later. */
  speaksHttp1(nowMs: number): void {
    this.#http1UntilMs = nowMs + http2Limits.http1ForMs;
  }

  get idle(): number {
    return this.#sessions.filter(({ phase }) => phase === 'idle').length;
  }

  open(head: RequestHead, context: WorkerContext, opening: Opening): Http2Upstream {
    const upstream = new Http2Upstream(this.#server, context, head);
    const { intro, fresh, careful } = opening;
    const key = intro?.toString('latin1') ?? '';
    const fit = this.#sessions.filter((each) => each.key === key && each.hasRoom && (!fresh || each.isNew));
    const session = fit.find(({ phase }) => phase !== 'connecting') ?? fit[0];
    if (session) this.#server.counters.reuses += 1;
    (session ?? this.#connect(context, intro)).take(upstream, careful);
    return upstream;
  }

  /** Finds another connection for a request that one had no room for. */
  place(upstream: Http2Upstream, context: WorkerContext, key: string): void {
    const session = this.#sessions.find((each) => each.key === key && each.hasRoom && each.phase === 'connecting');
    (session ?? this.#connect(context, key === '' ? undefined : Buffer.from(key, 'latin1'))).take(upstream, false);
  }

  #connect(context: WorkerContext, intro: Buffer | undefined): Http2Session {
    this.#server.counters.connects += 1;
    const session = new Http2Session(this, this.#server, context, intro);
    this.#sessions.push(session);
    return session;
  }

  /** It takes no more requests. */
  forget(session: Http2Session): void {
    const at = this.#sessions.indexOf(session);
    if (at >= 0) this.#sessions.splice(at, 1);
  }

  /** Closes what is idle, and the others when their requests have ended. */
  retire(): void {
    for (const session of [...this.#sessions]) session.retire();
  }
}
