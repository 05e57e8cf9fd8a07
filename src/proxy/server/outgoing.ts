// What goes out through a socket. Where Node.js lets us, straight to its handle: the machinery of streams between a write
// and the kernel costs as much as the write. One write is under way at a time; what comes meanwhile goes out together.
import type { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import type { SocketOwner } from './socket-owner.ts';

/** What one write is known by until it is complete. */
interface WriteRequest {
  oncomplete?: (status: number) => void;
  /** Keeps memory alive that the kernel has not taken yet. */
  data?: unknown;
}

/** Texts and bytes, each with its encoding behind it. */
type Parts = (string | Uint8Array)[];

/** The stream under a socket: of TCP, of a unix socket, of TLS. Each returns 0 or a (negative) system error. */
interface StreamHandle {
  writeLatin1String(request: WriteRequest, text: string): number;
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
  writev(request: WriteRequest, parts: Parts, areBuffers: boolean): number;
}

interface StreamBinding {
  readonly WriteWrap: new () => WriteRequest;
  readonly kLastWriteWasAsync: number;
  readonly streamBaseState: Int32Array;
}

/** Undocumented, and there since Node.js 12; without it all goes through streams, only slower. */
const binding = findBinding();

function findBinding(): StreamBinding | undefined {
  try {
    const { binding: find } = process as unknown as { readonly binding: (name: string) => Partial<StreamBinding> };
    const { WriteWrap, kLastWriteWasAsync, streamBaseState } = find('stream_wrap');
    if (!WriteWrap || kLastWriteWasAsync === undefined || !streamBaseState) return undefined;
    return { WriteWrap, kLastWriteWasAsync, streamBaseState };
  } catch {
    return undefined;
  }
}

/** Of the next write: one that the kernel takes at once has no need for it, so the write after that has it again. */
let request: WriteRequest | undefined = binding && new binding.WriteWrap();

/** What nothing waits in. */
const none: Parts = [];

export class Outgoing {
  readonly #socket: Socket;
  readonly #owner: Pick<SocketOwner, 'onDrain'>;
  /** From this many bytes on it is congested. */
  readonly #limit: number;
  #handle: StreamHandle | undefined;
  /** Bytes of the write under way. */
  #underWay = 0;
  #parts = none;
  #waiting = 0;
  #corks = 0;
  #needsDrain = false;
  #end: (() => void) | undefined;

  /** `isEncrypted`: every write is complete a little later, however much the kernel takes. */
  constructor(socket: Socket, isEncrypted: boolean, owner: Pick<SocketOwner, 'onDrain'>) {
    this.#socket = socket;
    this.#owner = owner;
    this.#limit = isEncrypted ? socket.writableHighWaterMark : 1;
  }

  /** Bytes that are in our memory still. */
  get unsent(): number {
    return this.#underWay + this.#waiting + (this.#handle ? 0 : this.#socket.writableLength);
  }

  /** The kernel does not take what was written; its owner will be told when it does. */
  get isCongested(): boolean {
    if (this.#handle) return this.#needsDrain;
    return this.#socket.writableNeedDrain && this.#socket.writableLength > 0;
  }

  /** Sends a text of Latin-1, or bytes, which must stay as they are until all is sent. */
  write(data: string | Uint8Array): void {
    if (this.#corks > 0 || this.#underWay > 0) {
      if (this.#parts === none) this.#parts = [];
      this.#parts.push(data, typeof data === 'string' ? 'latin1' : 'buffer');
      this.#waiting += data.length;
      if (this.#waiting >= this.#limit && this.#corks === 0) this.#needsDrain = true;
      return;
    }
    const handle = this.#handle ?? this.#takeHandle();
    if (!handle || !request) {
      if (typeof data === 'string') this.#socket.write(data, 'latin1');
      else this.#socket.write(data);
    } else {
      const error =
        typeof data === 'string' ? handle.writeLatin1String(request, data) : handle.writeBuffer(request, data);
      this.#written(error, data, data.length);
    }
  }

  /** What is written until `uncork` goes out in one piece. */
  cork(): void {
    this.#corks += 1;
  }

  uncork(): void {
    this.#corks -= 1;
    if (this.#corks === 0 && this.#waiting > 0 && this.#underWay === 0) this.#flush();
  }

  /** Says that nothing follows, after all that was written; `done` is called when that is said. */
  end(done?: () => void): void {
    this.#end = () => this.#socket.end(done);
    if (this.#underWay + this.#waiting === 0) this.#end();
  }

  #flush(): void {
    const parts = this.#parts;
    const size = this.#waiting;
    this.#parts = none;
    this.#waiting = 0;
    const handle = this.#handle ?? this.#takeHandle();
    if (handle && request) this.#written(handle.writev(request, parts, false), parts, size);
    else this.#flushStream(parts);
  }

  #flushStream(parts: Parts): void {
    this.#socket.cork();
    for (let index = 0; index < parts.length; index += 2) {
      const data = parts[index] ?? '';
      if (typeof data === 'string') this.#socket.write(data, 'latin1');
      else this.#socket.write(data);
    }
    this.#socket.uncork();
  }

  /** From here on nothing goes through the stream, which must have nothing left to write. */
  #takeHandle(): StreamHandle | undefined {
    const socket = this.#socket;
    if (!binding || socket.connecting || socket.writableLength > 0) return undefined;
    const { _handle: handle } = socket as unknown as { readonly _handle?: StreamHandle | null };
    if (typeof handle?.writeLatin1String === 'function') this.#handle = handle;
    return this.#handle;
  }

  #written(error: number, data: unknown, size: number): void {
    if (error !== 0) this.#fail(error);
    else if (binding?.streamBaseState[binding.kLastWriteWasAsync] !== 0) this.#await(data, size);
  }

  #await(data: unknown, size: number): void {
    const mine = request;
    if (!mine || !binding) return;
    request = new binding.WriteWrap();
    mine.data = data;
    mine.oncomplete = (status) => this.#completed(status);
    this.#underWay = size;
    if (size >= this.#limit) this.#needsDrain = true;
  }

  #completed(status: number): void {
    this.#underWay = 0;
    if (status < 0) this.#fail(status);
    else if (this.#waiting > 0 && this.#corks === 0) this.#flush();
    if (this.#underWay + this.#waiting > 0) return;
    if (this.#end) this.#end();
    if (!this.#needsDrain) return;
    this.#needsDrain = false;
    this.#owner.onDrain();
  }

  #fail(status: number): void {
    const code = getSystemErrorName(status);
    this.#socket.destroy(Object.assign(new Error(`write ${code}`), { code, syscall: 'write' }));
  }
}
