// Who uses a connection to a server, and what it is told. Ranges are pairs [from, to) into the bytes.
import type { ResponseHead } from '../core/http/response-head.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/** `local`: this host could not even try. */
export type Failure = 'refused' | 'local' | 'connect-timeout' | 'reset' | 'eof' | 'malformed' | 'timeout' | 'down';

export type UpstreamPhase = 'connecting' | 'idle' | 'head' | 'body' | 'tunnel' | 'closed';

const localCodes: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL']);

/** What an error while connecting means: without descriptors or ports here no server is to blame. */
export function connectFailure(code: string | undefined): Failure {
  return code !== undefined && localCodes.has(code) ? 'local' : 'refused';
}

/** Takes what comes back as it comes. */
export interface ResponseSink {
  informational(connection: UpstreamConnection, head: ResponseHead): void;
  body(bytes: Buffer, ranges: readonly number[]): void;
  tunnelData(bytes: Buffer): void;
  tunnelEnded(): void;
  /** All that one read brought was told. */
  flush(): void;
  /** Bytes that it was given are not all passed on yet. */
  readonly holdsBytes: boolean;
}

export interface UpstreamOwner {
  readonly response: ResponseSink;
  /** The request asked for an upgrade. */
  readonly acceptsUpgrade: boolean;
  onConnected(connection: UpstreamConnection): void;
  onHead(connection: UpstreamConnection, head: ResponseHead): void;
  /** Head and all of the body came in one read. */
  onWhole(connection: UpstreamConnection, head: ResponseHead, bytes: Buffer, from: number): void;
  onEnd(connection: UpstreamConnection, trailers: string): void;
  onTunnel(connection: UpstreamConnection, head: ResponseHead, rest: Buffer): void;
  onTunnelClosed(): void;
  onFailure(connection: UpstreamConnection, failure: Failure): void;
  /** No byte came for a while; it may still come. */
  onSilence(connection: UpstreamConnection): void;
  onDrain(connection: UpstreamConnection): void;
}
