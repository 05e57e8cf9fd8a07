// A server of HTTP/2 without TLS in this process, for tests that need to say exactly what it does.
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import {
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from 'node:http2';
import type { Socket } from 'node:net';
import { portOf } from '../../support/ports.ts';

export type Serve = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, at: H2Server) => void;

export class H2Server implements AsyncDisposable {
  readonly port: number;
  /** Connections so far, the open ones among them. */
  connections = 0;
  readonly sessions = new Set<ServerHttp2Session>();
  /** Requests so far, as `METHOD path`. */
  readonly seen: string[] = [];
  readonly #server: Http2Server;

  private constructor(server: Http2Server, serve: Serve) {
    this.#server = server;
    this.port = portOf(server);
    server.on('session', (session) => {
      this.connections += 1;
      this.sessions.add(session);
      session.on('close', () => this.sessions.delete(session));
      session.on('error', () => undefined);
    });
    server.on('stream', (stream, headers) => {
      stream.on('error', () => undefined);
      this.seen.push(`${headers[':method']} ${headers[':path']}`);
      serve(stream, headers, this);
    });
  }

  static async start(serve: Serve, settings: Settings = {}): Promise<H2Server> {
    const server = createServer({ settings }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new H2Server(server, serve);
  }

  /** Takes a connection that somebody else accepted. */
  take(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.sessions) session.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** Answers with a text. */
export function respond(stream: ServerHttp2Stream, text: string, status = 200): void {
  if (stream.destroyed) return;
  stream.respond({ ':status': status });
  stream.end(text);
}

/** Resets a stream in the middle of its response. */
export function reset(stream: ServerHttp2Stream, code: number): void {
  // Node.js would end it first, as if the response were complete.
  stream._final = (done) => done();
  stream.close(code);
}
