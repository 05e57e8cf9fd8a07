// Reads sockets into memory that is used again: new memory for every read costs more than all that is done with a request.
// net.connect can be told so by `onread`; sockets that were accepted, or that speak TLS over another, only behind its back.
import type { OnReadOpts, Socket } from 'node:net';
import { ownerOf } from './socket-owner.ts';

/** One read: large enough that uploads cost few calls. */
const receiveBytes = 65_536;

/** All clients are read into it, one after the other. */
const shared = Buffer.allocUnsafeSlow(receiveBytes);

/** Where a socket keeps what `onread` said. Undocumented; where it is not found all goes through streams, only slower. */
interface Places {
  readonly buffer: symbol;
  readonly callback: symbol;
  readonly next: symbol;
}

/** What reads, and how its results are told: called as a method of the socket. */
interface Reading {
  readonly buffer: Uint8Array;
  readonly callback: (this: Socket, size: number) => boolean;
  readonly next: (() => Uint8Array) | null;
}

interface ReadingHandle {
  useUserBuffer?(bytes: Uint8Array): void;
}

let found: Places | 'none' | undefined;

function findPlaces(socket: Socket): Places | 'none' {
  const symbols = Object.getOwnPropertySymbols(socket);
  const find = (name: string): symbol | undefined => symbols.find(({ description }) => description === name);
  const [buffer, callback, next] = [find('kBuffer'), find('kBufferCb'), find('kBufferGen')];
  return buffer && callback && next ? { buffer, callback, next } : 'none';
}

/** Returns false where it cannot be done. */
function readBy(socket: Socket, { buffer, callback, next }: Reading): boolean {
  const { _handle: handle } = socket as unknown as { readonly _handle?: ReadingHandle | null };
  found ??= findPlaces(socket);
  if (found === 'none' || !handle?.useUserBuffer) return false;
  const places = socket as unknown as Record<symbol, unknown>;
  places[found.buffer] = buffer;
  places[found.callback] = callback;
  places[found.next] = next;
  handle.useUserBuffer(buffer);
  return true;
}

/** Hands all that comes to the owner of a socket, which copies what it keeps. */
export function readShared(socket: Socket): void {
  if (readBy(socket, sharedReading) && socket.readableLength === 0) {
    if (socket.isPaused()) socket.resume();
    return;
  }
  // What was read before, or all.
  socket.on('data', receive);
  socket.resume();
}

const sharedReading: Reading = { buffer: shared, callback: received, next: null };

function received(this: Socket, size: number): boolean {
  ownerOf(this)?.receive?.(shared.subarray(0, size));
  return true;
}

function receive(this: Socket, bytes: Buffer): void {
  ownerOf(this)?.receive?.(bytes);
}

/** Does for a socket that is open what `onread` does for one that net.connect makes. */
export function readInto(socket: Socket, onread: OnReadOpts): void {
  const made = (): Uint8Array => (typeof onread.buffer === 'function' ? onread.buffer() : onread.buffer);
  const buffer = made();
  if (readBy(socket, { buffer, callback: (size) => onread.callback(size, made()), next: made })) return;
  socket.on('data', (bytes: Buffer) => {
    for (let from = 0; from < bytes.length;) {
      const into = made();
      const size = bytes.copy(into, 0, from);
      onread.callback(size, into);
      from += size;
    }
  });
}
