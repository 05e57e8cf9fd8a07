// Who a request is from, as all that deals with it sees it: a connection of HTTP/1, or one stream of HTTP/2.
import type { Duplex } from 'node:stream';
import type { Address } from '../core/address.ts';
import type { TlsFacts } from '../core/tls/facts.ts';
import type { TimerRole } from './client-socket.ts';
import type { FrontendRuntime } from './frontend.ts';
import type { Tunnel } from './tunnel.ts';

export interface Client {
  readonly frontend: FrontendRuntime;
  /** Empty for a client of a unix socket. */
  readonly address: string;
  readonly peer: Address | undefined;
  readonly port: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly trusted: boolean;
  readonly tls: TlsFacts | undefined;
  /** When its request began: on the monotonic clock, and in epoch milliseconds. */
  readonly headAt: number;
  readonly requestAtMs: number;
  /** What it reads from. */
  readonly socket: Duplex;
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
