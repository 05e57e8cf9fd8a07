// What is known of a finished request or TCP session when it is logged. Formats choose from it.
import type { TlsFacts } from '../tls/facts.ts';

export interface AccessRecord {
  readonly mode: 'http' | 'tcp';
  readonly clientAddress: string;
  readonly clientPort: number;
  /** When the request began, in epoch milliseconds. */
  readonly atMs: number;
  readonly frontend: string;
  readonly backend: string;
  readonly server: string;
  /** Durations in milliseconds, -1 for what was not reached. `responseMs` begins when the connection is there. */
  readonly headMs: number;
  /** Before the request: until the client could begin with it (the first of its connection), and until it did. */
  readonly handshakeMs: number;
  readonly idleMs: number;
  readonly queueMs: number;
  readonly connectMs: number;
  readonly responseMs: number;
  readonly totalMs: number;
  readonly status: number;
  readonly bytes: number;
  readonly bytesIn: number;
  /** HAProxy's four termination characters; two of them in TCP mode. */
  readonly termination: string;
  readonly active: number;
  readonly frontendConnections: number;
  readonly backendConnections: number;
  readonly serverConnections: number;
  readonly retries: number;
  /** How often a server was given it; 0 if none was. */
  readonly attempt: number;
  readonly redispatched: boolean;
  readonly serverQueue: number;
  readonly backendQueue: number;
  /** Empty where no request was understood. */
  readonly method: string;
  readonly target: string;
  readonly protocol: string;
  readonly host: string;
  readonly requestId: string;
  readonly referer: string;
  readonly userAgent: string;
  /** Values of captured headers in the order of the configuration; undefined where none are captured. */
  readonly requestCaptures: readonly string[] | undefined;
  readonly responseCaptures: readonly string[] | undefined;
  /** Undefined without TLS. */
  readonly tls: TlsFacts | undefined;
  /** What only some formats ask for; undefined where none of them is used. */
  readonly extra: AccessExtra | undefined;
}

export interface AccessExtra {
  /** `NAME=value`; '' = none. */
  readonly requestCookie: string;
  readonly responseCookie: string;
  readonly localAddress: string;
  readonly localPort: number;
  /** '' and 0 where no server was asked. */
  readonly serverAddress: string;
  readonly serverPort: number;
  /** The texts that the format asks for, filled in. */
  readonly texts: readonly string[];
}
