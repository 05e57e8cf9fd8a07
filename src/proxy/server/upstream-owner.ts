// The way of one attempt to a server, who uses it, and what that one is told. Ranges are pairs [from, to) into the bytes.
import type { Duplex } from 'node:stream';
import type { ResponseHead } from '../core/http/response-head.ts';
import type { ServerRuntime } from './runtime.ts';

/**
 * `local`: this host could not even try. `refused-stream`, `goaway`: an HTTP/2 server said that it did nothing of the
 * request, and with the latter that it ends the connection. `no-upgrade`: it speaks HTTP/2 only and takes no WebSockets.
 */
export type Failure =
  | 'refused'
  | 'local'
  | 'connect-timeout'
  | 'reset'
  | 'eof'
  | 'malformed'
  | 'timeout'
  | 'down'
  | 'refused-stream'
  | 'goaway'
  | 'no-upgrade';

export type UpstreamPhase = 'connecting' | 'idle' | 'head' | 'body' | 'tunnel' | 'closed';

const localCodes: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL']);

/** What an error while connecting means: without descriptors or ports here no server is to blame. */
export function connectFailure(code: string | undefined): Failure {
  return code !== undefined && localCodes.has(code) ? 'local' : 'refused';
}

/** A connection of HTTP/1, or one stream of HTTP/2. */
export interface Upstream {
  readonly server: ServerRuntime;
  /** Where bytes flow; only once it is connected. */
  readonly socket: Duplex;
  readonly phase: UpstreamPhase;
  /** More than 0: it was kept idle, so that the server may have closed it just when it was taken. */
  readonly uses: number;
  /** The server may have begun with the request. */
  readonly sent: boolean;
  readonly startedMs: number;
  readonly connectedMs: number;
  /** Bodies without a length are written in chunks. */
  readonly chunks: boolean;
  /** Takes it for one request. `firstByteMs` 0 = no early warning. */
  use(owner: UpstreamOwner, bodiless: boolean, firstByteMs: number, serverMs: number): void;
  /** The request is on its way: from now on `serverMs` counts, with the early warning before it. */
  waitForResponse(firstByteMs: number, serverMs: number, sinceMs: number): void;
  /** What is written until `uncork` goes out together. */
  cork(): void;
  uncork(): void;
  /** Head first, as text of HTTP/1. Returns false to ask for a pause. */
  write(data: string | Uint8Array): boolean;
  /** Writes the last of a request; '' if there is nothing more. `trailers`: lines, for bodies that are not in chunks. */
  finish(last: string, trailers: string): boolean;
  /** No more will be written; the server may go on to send. */
  end(): void;
  /** Nothing moved through a tunnel since this was called: close it after `tunnelMs`. */
  touchTunnel(tunnelMs: number): void;
  /** Ends the use with a failure and closes; tells the owner. */
  fail(failure: Failure): void;
  /** Closes without a word to the owner. */
  destroy(): void;
}

/** Takes what comes back as it comes. */
export interface ResponseSink {
  informational(connection: Upstream, head: ResponseHead): void;
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
  /** The request is a CONNECT: a success opens a tunnel. */
  readonly connects: boolean;
  /** Whether this upgrade is what the request asked for. */
  acceptsUpgrade(head: ResponseHead): boolean;
  onConnected(connection: Upstream): void;
  onHead(connection: Upstream, head: ResponseHead): void;
  /** Head and all of the body came in one read. */
  onWhole(connection: Upstream, head: ResponseHead, bytes: Buffer, from: number): void;
  onEnd(connection: Upstream, trailers: string): void;
  onTunnel(connection: Upstream, head: ResponseHead, rest: Buffer): void;
  onTunnelClosed(): void;
  onFailure(connection: Upstream, failure: Failure): void;
  /** No byte came for a while; it may still come. */
  onSilence(connection: Upstream): void;
  onDrain(connection: Upstream): void;
  /** The server speaks HTTP/1.1 and not HTTP/2, which was asked for; nothing was sent. */
  onHttp1(connection: Upstream): void;
}

/** Ends a use with a failure: closes, then tells who had it. */
export function failUse(upstream: Upstream, owner: UpstreamOwner | undefined, failure: Failure): void {
  const wasTunnel = upstream.phase === 'tunnel';
  upstream.destroy();
  if (wasTunnel) owner?.onTunnelClosed();
  else owner?.onFailure(upstream, failure);
}
