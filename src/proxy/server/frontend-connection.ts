// What a frontend knows of each of its connections, whatever is spoken there.
import type { Socket } from 'node:net';
import type { Endpoints } from '../core/proxy-protocol.ts';
import type { TlsFacts } from '../core/tls/facts.ts';
import type { FrontendRuntime } from './frontend.ts';

export interface Route {
  readonly backend: string;
  readonly server: string | undefined;
}

export interface FrontendConnection {
  readonly phase: string;
  /** Empty for a client of a unix socket. */
  readonly address: string;
  readonly port: number;
  readonly frontend: FrontendRuntime;
  /** On the clock of `performance.now()`. */
  readonly openedAt: number;
  /** Where what it asks for goes, once that is decided; where much is under way at once, the last of it. */
  readonly route: Route | undefined;
  /** Nothing is under way but tunnels, which end when somebody ends them. */
  readonly hasTunnelsOnly: boolean;
  /** Closed after what is under way, or soon where nothing is. */
  drain(): void;
  destroy(): void;
}

/** What came before the first request of a connection. */
export interface Origin {
  /** The socket of the kernel, which carries that of TLS. */
  readonly raw: Socket;
  readonly tls: TlsFacts | undefined;
  /** What a balancer in front of us said. */
  readonly endpoints: Endpoints | undefined;
  /** When it began, and since when its client can say what it wants. */
  readonly openedAt: number;
  readonly readyAt: number;
}
