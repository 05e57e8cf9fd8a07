// The bytes of a client: finds the heads of its requests, one after the other, and says what the rest belongs to.
import { performance } from 'node:perf_hooks';
import { readRequest } from '../core/http/read-request.ts';
import type { Refusal, RequestHead } from '../core/http/request-head.ts';
import { readProxyHeader } from '../core/proxy-protocol.ts';
import { ClientWriter } from './client-writer.ts';
import { connectionLimits } from './limits.ts';
import { noTunnels } from './reception.ts';

type Phase = 'idle' | 'head' | 'body' | 'busy' | 'tunnel' | 'lingering' | 'closed';

export abstract class ClientReader extends ClientWriter {
  keepsAlive = true;
  /** When the present request began: on the monotonic clock, and in epoch milliseconds. */
  headAt = 0;
  requestAtMs = 0;
  phase: Phase = 'idle';
  /** Read, and not dealt with yet. */
  protected pending: Buffer | undefined;
  #scanned = 0;
  #parsing = false;

  /** A whole head; `bytes` from `from` on are what follows it. */
  protected abstract begin(head: RequestHead, bytes: Buffer, from: number): void;
  protected abstract readBody(bytes: Buffer, from: number): void;
  protected abstract tunnelBytes(bytes: Buffer): void;
  /** Answers what is no request, and closes. */
  protected abstract refuse(refusal: Refusal): false;

  /** Takes what the client sent. The bytes are valid during the call only. */
  override receive(bytes: Buffer): void {
    this.#onData(bytes);
    if (this.pending?.buffer === bytes.buffer) this.pending = Buffer.from(this.pending);
  }

  #onData(bytes: Buffer): void {
    switch (this.phase) {
      case 'idle':
      case 'head':
      case 'busy':
        this.pending = this.pending ? Buffer.concat([this.pending, bytes]) : bytes;
        // Who does not take answers gets no more of them: what waits to be written must not grow.
        if (this.expectsProxy && !this.#readProxy(this.pending)) return;
        if (this.phase !== 'busy' && !this.isCongested) this.process();
        else if (this.pending.length > connectionLimits.pipelineBytes) this.socket.pause();
        return;
      case 'body':
        this.readBody(bytes, 0);
        return;
      case 'tunnel':
        this.tunnelBytes(bytes);
        return;
      default:
        this.phase satisfies 'lingering' | 'closed';
    }
  }

  /** True when the header is there: it is taken off, and what it says counts from now on. */
  #readProxy(bytes: Buffer): boolean {
    const header = readProxyHeader(bytes);
    if (header.state === 'bad') {
      this.frontend.counters.requestErrors += 1;
      this.destroy();
    }
    if (header.state !== 'done') return false;
    this.expectsProxy = false;
    this.idleFrom = performance.now();
    this.handshakeMs = this.idleFrom - this.openedAt;
    if (header.endpoints) this.setEndpoints(header.endpoints);
    this.pending = header.end < bytes.length ? bytes.subarray(header.end) : undefined;
    return this.pending !== undefined;
  }

  /** Reads requests as long as there are whole heads and nothing else is to be done first. */
  protected process(): void {
    if (this.#parsing) return;
    this.#parsing = true;
    let goesOn = true;
    while (goesOn && this.pending && this.#awaitsHead()) goesOn = this.#readHead(this.pending);
    this.#parsing = false;
  }

  #awaitsHead(): boolean {
    return (this.phase === 'idle' || this.phase === 'head') && !this.isCongested;
  }

  /** Returns false when more bytes are needed or the connection is done. */
  #readHead(bytes: Buffer): boolean {
    const { limits, timeouts } = this.context.config;
    if (this.phase === 'idle') {
      this.headAt = performance.now();
      this.requestAtMs = Date.now();
    }
    const { head, end, empty } = readRequest(bytes, this.#scanned, limits);
    if (!head) {
      this.#scanned = bytes.length;
      if (this.phase === 'idle' && !empty) {
        this.phase = 'head';
        this.arm('head', timeouts.httpRequestMs);
      }
      return false;
    }
    this.#scanned = 0;
    if (head.refused) return this.refuse(head);
    if (head.connects && !this.frontend.config.allowConnect) return this.refuse(noTunnels);
    this.begin(head, bytes, end);
    return true;
  }
}
