// Opens a connection to a server: plain or with TLS, perhaps with the header of the PROXY protocol in front of all.
import { connect, type NetConnectOpts, type OnReadOpts, type Socket } from 'node:net';
import { builtins } from '../../lib/builtins.ts';
import { type Endpoint, unixPath } from '../core/server-address.ts';
import { readInto } from './reading.ts';
import type { UpstreamTls } from './upstream-tls.ts';

export interface Destination extends Endpoint {
  readonly serverName: string;
}

export interface DialOptions {
  readonly tls: UpstreamTls | undefined;
  /** Protocols to offer with TLS; empty: none is asked for. */
  readonly alpn: readonly string[];
  /** Said before everything else, TLS too. */
  readonly intro: Buffer | undefined;
  readonly onread: OnReadOpts | undefined;
  readonly onReady: () => void;
}

/** `onReady` is called when bytes can flow: with TLS when the server's certificate was verified. */
export function dial(to: Destination, options: DialOptions): Socket {
  const { tls, alpn, intro, onread, onReady } = options;
  const path = unixPath(to.address);
  const place = path === undefined ? { host: to.address, port: to.port } : { path };
  const own = { ...place, noDelay: true, keepAlive: true, allowHalfOpen: true };
  if (!tls) {
    const socket = connect({ ...own, ...(onread && { onread }) });
    socket.on('connect', onReady);
    if (intro) socket.write(intro);
    return socket;
  }
  const { connect: connectTls } = builtins.tls;
  const secured = { ...own, ...tls.optionsFor(to.serverName, to.address, to.port, alpn) };
  const socket = intro
    ? connectTls({ ...secured, socket: introduced(own, intro) })
    : connectTls({ ...secured, ...(onread && { onread }) });
  socket.on('session', (session) => tls.keep(to.serverName, to.address, to.port, session));
  socket.on('secureConnect', onReady);
  // Over another socket Node.js does not heed it.
  if (intro && onread) readInto(socket, onread);
  return socket;
}

function introduced(own: NetConnectOpts, intro: Buffer): Socket {
  const raw = connect(own);
  raw.write(intro);
  return raw;
}
