// Who is told what happens on a socket. One listener of an event serves all sockets: functions of their own for each of ten
// thousand connections would be a quarter of their memory.
import type { Socket } from 'node:net';

export interface SocketOwner {
  /** Takes what came; the bytes are gone after the call. Undefined: it reads in another way. */
  receive?(bytes: Buffer): void;
  /** The socket takes what is written again, after it did not. */
  onDrain(): void;
  /** The other side sends no more. */
  onEnd(): void;
  onError(error: NodeJS.ErrnoException): void;
  onClose(): void;
}

const owner = Symbol('owner');

interface Owned {
  [owner]?: SocketOwner;
}

/** Tells the owner from now on what happens, and nobody else: who owned the socket before hears no more. */
export function own(socket: Socket & Owned, by: SocketOwner): void {
  const isFirst = socket[owner] === undefined;
  socket[owner] = by;
  if (isFirst) socket.on('drain', drained).on('end', ended).on('error', failed).on('close', closed);
}

/** What happens is of no interest any more; its errors are still heard, which would end the process otherwise. */
export function disown(socket: Socket): void {
  own(socket, nobody);
}

const nobody: SocketOwner = {
  onDrain: () => undefined,
  onEnd: () => undefined,
  onError: () => undefined,
  onClose: () => undefined,
};

export function ownerOf(socket: Socket & Owned): SocketOwner | undefined {
  return socket[owner];
}

function drained(this: Socket): void {
  ownerOf(this)?.onDrain();
}

function ended(this: Socket): void {
  ownerOf(this)?.onEnd();
}

function failed(this: Socket, error: NodeJS.ErrnoException): void {
  ownerOf(this)?.onError(error);
}

function closed(this: Socket): void {
  ownerOf(this)?.onClose();
}
