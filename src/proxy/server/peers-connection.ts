// The socket of a session between peers: bytes go out as it takes them, and no faster.
import type { Socket } from 'node:net';
import type { PeerSession } from '../core/peers/session.ts';

/** So much is written down before the socket is asked whether it takes more. */
const chunkBytes = 16_384;
/** After so many of them others have their turn. */
const chunksAtOnce = 4;
/** What is said last has this long to arrive; and what was not told yet when this proxy stops, to be told. */
const lingerMs = 1000;
const lastWordsMs = 2000;

export interface PeerConnectionPorts {
  now(): number;
  /** Something was taken from the peer. */
  heard(): void;
  ended(): void;
}

export class PeerConnection {
  readonly #session: PeerSession;
  readonly #socket: Socket;
  readonly #ports: PeerConnectionPorts;
  #isBlocked: boolean;
  #isLeaving = false;
  #isDue = false;
  /** It ends when all is told: why. */
  #farewell: string | undefined;

  /** `ready`: what the socket says when bytes may go; undefined: they may. */
  constructor(
    socket: Socket,
    session: PeerSession,
    ready: 'connect' | 'secureConnect' | undefined,
    ports: PeerConnectionPorts,
  ) {
    this.#session = session;
    this.#socket = socket;
    this.#ports = ports;
    this.#isBlocked = ready !== undefined;
    socket.setNoDelay(true);
    if (ready) socket.on(ready, () => this.#goOn());
    socket.on('drain', () => this.#goOn());
    socket.on('data', (bytes) => {
      session.take(bytes, ports.now());
      ports.heard();
      this.pump();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => session.close(error.code ?? error.message));
    socket.on('close', () => ports.ended());
  }

  get places(): string {
    const { localAddress = '?', localPort = 0, remoteAddress = '?', remotePort = 0 } = this.#socket;
    const kind = 'authorized' in this.#socket ? 'SSL' : 'RAW';
    return `xprt=${kind} src=${remoteAddress}:${remotePort} addr=${localAddress}:${localPort}`;
  }

  /** Sends what the session has to say, as far as the socket takes it; closes it after the last of it. */
  pump(): void {
    if (this.#isLeaving) return;
    for (let count = 0; !this.#isBlocked && count < chunksAtOnce; count += 1) {
      const bytes = this.#session.produce(chunkBytes, this.#ports.now());
      if (!bytes) {
        if (this.#farewell !== undefined && !this.#session.waitsForConfirm) this.#session.close(this.#farewell);
        break;
      }
      this.#isBlocked = !this.#socket.write(bytes);
      if (count === chunksAtOnce - 1) this.#later();
    }
    if (this.#session.end) this.#leave();
  }

  /** Tells all there is to tell, and hangs up. */
  finish(reason: string): void {
    if (!this.#session.isOpen) this.#session.close(reason);
    this.#farewell = reason;
    setTimeout(() => this.#socket.destroy(), lastWordsMs).unref();
    this.pump();
  }

  #goOn(): void {
    this.#isBlocked = false;
    this.pump();
  }

  #later(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.pump();
    });
  }

  #leave(): void {
    this.#isLeaving = true;
    if (this.#socket.connecting) {
      this.#socket.destroy();
      return;
    }
    this.#socket.destroySoon();
    setTimeout(() => this.#socket.destroy(), lingerMs).unref();
  }
}
