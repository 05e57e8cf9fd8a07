// What goes to the client of one HTTP/2 request: texts and bytes of HTTP/1, which all the rest speaks, made ready for their
// connection to write; and the one timer of the request.
import type { TimerRole } from './client-socket.ts';
import type { Http2Connection } from './http2-connection.ts';
import { Http2Sending } from './http2-sending.ts';
import { http2Limits } from './limits.ts';
import type { WorkerContext } from './worker-context.ts';

export abstract class Http2Writer extends Http2Sending {
  readonly from: Http2Connection;
  /** It has copies of all that it was given. */
  readonly holdsBytes = false;
  protected readonly context: WorkerContext;
  protected role: TimerRole = 'none';

  constructor(id: number, connection: Http2Connection, context: WorkerContext) {
    super(id, connection.outbound.initialWindow);
    this.from = connection;
    this.context = context;
  }

  abstract get isTunnel(): boolean;

  get isCongested(): boolean {
    const { waitingBytes } = this;
    if (waitingBytes >= http2Limits.streamWaitingBytes) return true;
    return waitingBytes > 0 && this.from.outbound.waitingBytes >= http2Limits.waitingBytes;
  }

  write(data: string | Uint8Array): void {
    if (this.isSent) return;
    if (typeof data === 'string' && !this.hasHead) this.#takeHead(data);
    else this.#takeBody(typeof data === 'string' ? data : Buffer.from(data));
    this.from.outbound.ready(this);
  }

  #takeHead(text: string): void {
    const end = text.indexOf('\r\n\r\n');
    const isFinal = text.charCodeAt(9) >= 0x32;
    this.queueHead(text.slice(0, end + 2), isFinal);
    if (isFinal && end + 4 < text.length) this.#takeBody(text.slice(end + 4));
  }

  #takeBody(piece: string | Buffer): void {
    this.queueBody(piece);
    this.from.outbound.waitingBytes += piece.length;
    if (this.role === 'none') this.mind('stall');
  }

  trailers(lines: string): void {
    this.queueTrailers(lines);
  }

  settleKeepAlive(): boolean {
    return true;
  }

  cork(): void {
    return;
  }

  /** All that is written within one round of the event loop goes out at once. */
  uncork(): void {
    return;
  }

  /** The server's side of a tunnel ended. */
  end(): void {
    this.queueEnd();
    this.from.outbound.ready(this);
  }

  /** The client has its time to send or to take more; tunnels have their own. */
  protected mind(role: 'body' | 'stall'): void {
    if (!this.isTunnel) this.arm(role, this.context.config.timeouts.clientMs);
  }

  arm(role: TimerRole, delayMs: number): void {
    this.role = role;
    this.context.wheel.arm(this, this.context.now(), delayMs);
  }

  disarm(): void {
    this.role = 'none';
    this.context.wheel.disarm(this);
  }
}
