// What a connection in mode tcp must say before it is given to a server: the header of a balancer in front of us, then as much
// of a TLS handshake as rules look at. All but that header goes to the server as it came.
import { type ProxyHeader, readProxyHeader } from '../core/proxy-protocol.ts';
import { type ClientHello, ClientHelloReader, maxHelloBytes } from '../core/tls/client-hello.ts';

/** A hello in records of ordinary size fits; who sends more around it is as one without TLS. */
const maxLookedAt = 2 * maxHelloBytes;

export class TcpOpening {
  /** What was read and is not passed on yet. */
  early = Buffer.alloc(0);
  readonly #reader = new ClientHelloReader();
  #looked = 0;

  add(bytes: Buffer): void {
    this.early = this.early.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.early, bytes]);
  }

  /** Takes the header off when it is there. */
  readHeader(): ProxyHeader {
    const header = readProxyHeader(this.early);
    if (header.state === 'done') this.early = this.early.subarray(header.end);
    return header;
  }

  /** Looks at what came since the last time. Returns whether all is known that there is to know. */
  look(): boolean {
    const state = this.#reader.push(this.early.subarray(this.#looked));
    this.#looked = this.early.length;
    return state !== 'more' || this.#looked > maxLookedAt;
  }

  get hello(): ClientHello | undefined {
    const { state } = this.#reader;
    return typeof state === 'string' ? undefined : state;
  }

  /** Gives away what was read. */
  take(): Buffer {
    const { early } = this;
    this.early = Buffer.alloc(0);
    return early;
  }
}
