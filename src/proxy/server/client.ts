// Who a request is from, as all that deals with it sees it: a connection of HTTP/1, or one stream of HTTP/2.
import type { ClientSocket, TimerRole } from './client-socket.ts';
import type { Tunnel } from './tunnel.ts';

export interface Client {
  /** The connection that its request came over. */
  readonly from: ClientSocket;
  /** When its request began: on the monotonic clock, and in epoch milliseconds. */
  readonly headAt: number;
  readonly requestAtMs: number;
  readonly isCongested: boolean;
  readonly holdsBytes: boolean;
  /** The head of a response as text of HTTP/1, then bytes of its body; in chunks where that version frames bodies. */
  write(data: string | Uint8Array): void;
  /** What is written until `uncork` goes out in one piece. */
  cork(): void;
  uncork(): void;
  /** No more will be written. */
  end(): void;
  /** Lines that follow the body, where it is not in chunks. */
  trailers(lines: string): void;
  settleKeepAlive(possible: boolean): boolean;
  arm(role: TimerRole, delayMs: number): void;
  disarm(): void;
  pause(): void;
  resume(): void;
  exchangeDone(): void;
  cut(): void;
  destroy(): void;
  toTunnel(tunnel: Tunnel): void;
}
