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

export interface UpstreamOwner {
  /** The request asked for an upgrade. */
  readonly acceptsUpgrade: boolean;
  onConnected(connection: UpstreamConnection): void;
  onInformational(connection: UpstreamConnection, head: ResponseHead): void;
  onHead(connection: UpstreamConnection, head: ResponseHead): void;
  /** Head and all of the body came in one read. */
  onWhole(connection: UpstreamConnection, head: ResponseHead, bytes: Buffer, from: number): void;
  onBody(connection: UpstreamConnection, bytes: Buffer, ranges: readonly number[]): void;
  onEnd(connection: UpstreamConnection, trailers: string): void;
  onTunnel(connection: UpstreamConnection, head: ResponseHead, rest: Buffer): void;
  onTunnelData(bytes: Buffer): void;
  onTunnelEnd(): void;
  onTunnelClosed(): void;
  onFailure(connection: UpstreamConnection, failure: Failure): void;
  /** No byte came for a while; it may still come. */
  onSilence(connection: UpstreamConnection): void;
  onDrain(connection: UpstreamConnection): void;
}
