// Reads the ClientHello with which a TLS connection begins, as its bytes come in, without ending the TLS: the name that the
// client asks for says where the connection goes. Strict: what is not exactly a ClientHello is none (RFC 8446 4.1.2, RFC 5246 7.4.1.2).

export interface ClientHello {
  /** In lower case; '' = none. */
  readonly sni: string;
  /** Protocols that the client offers (ALPN). */
  readonly alpn: readonly string[];
  /** The highest version that it offers, as TLS writes it: 0x0304 is TLS 1.3. */
  readonly version: number;
}

/** `none`: these bytes do not begin a TLS connection. */
export type HelloState = 'more' | 'none' | ClientHello;

/** Larger hellos nobody needs: those with post-quantum key shares and tickets stay below 4 KB. */
export const maxHelloBytes = 16_384;
const maxRecordBytes = 16_384;
const recordHeaderBytes = 5;
const handshakeHeaderBytes = 4;

export class ClientHelloReader {
  #state: HelloState = 'more';
  readonly #header = new Uint8Array(recordHeaderBytes);
  #headerLength = 0;
  /** What is still to come of the present record. */
  #recordLeft = 0;
  /** The message, which may come in several records. */
  #message = new Uint8Array(512);
  #length = 0;
  #wanted = handshakeHeaderBytes;

  get state(): HelloState {
    return this.#state;
  }

  /** Takes the next bytes of the connection; bytes behind the hello are not looked at. */
  push(bytes: Uint8Array): HelloState {
    for (let at = 0; at < bytes.length && this.#state === 'more';) {
      if (this.#recordLeft === 0) {
        this.#header[this.#headerLength] = bytes[at] ?? 0;
        this.#headerLength += 1;
        at += 1;
        this.#readHeader();
      } else {
        const taken = Math.min(this.#recordLeft, this.#wanted - this.#length, bytes.length - at);
        this.#append(bytes.subarray(at, at + taken));
        this.#recordLeft -= taken;
        at += taken;
        if (this.#length === this.#wanted) this.#readMessage();
      }
    }
    return this.#state;
  }

  /** Each byte is judged when it comes: who does not speak TLS is not waited for. */
  #readHeader(): void {
    const [type = 0, major = 0, minor = 0, high = 0, low = 0] = this.#header;
    const length = this.#headerLength;
    const isWrong =
      type !== 22 ||
      (length > 1 && major !== 3) ||
      (length > 2 && minor > 4) ||
      (length > 3 && high > maxRecordBytes >> 8);
    if (isWrong) {
      this.#state = 'none';
      return;
    }
    if (length < recordHeaderBytes) return;
    this.#headerLength = 0;
    this.#recordLeft = high * 256 + low;
    if (this.#recordLeft === 0 || this.#recordLeft > maxRecordBytes) this.#state = 'none';
  }

  #append(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#message.length) {
      const grown = new Uint8Array(Math.max(this.#wanted, this.#length + bytes.length));
      grown.set(this.#message.subarray(0, this.#length));
      this.#message = grown;
    }
    this.#message.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #readMessage(): void {
    const message = this.#message.subarray(0, this.#length);
    const [type = 0, high = 0, middle = 0, low = 0] = message;
    const size = (high << 16) | (middle << 8) | low;
    if (type !== 1 || size > maxHelloBytes) this.#state = 'none';
    else if (this.#length === handshakeHeaderBytes && size > 0) this.#wanted += size;
    else this.#state = helloOf(new Fields(message.subarray(handshakeHeaderBytes))) ?? 'none';
  }
}

/** Walks through vectors; reading beyond the end makes all that follows invalid. */
class Fields {
  readonly #bytes: Uint8Array;
  #at = 0;
  isBroken = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.isBroken ? 0 : this.#bytes.length - this.#at;
  }

  /** All of it was read, and nothing was missing. */
  isDone(): boolean {
    return !this.isBroken && this.#at === this.#bytes.length;
  }

  /** An unsigned number of 1 or 2 bytes. */
  number(size: 1 | 2): number {
    const [first = 0, second = 0] = this.take(size);
    return size === 1 ? first : first * 256 + second;
  }

  take(length: number): Uint8Array {
    if (this.isBroken || this.#at + length > this.#bytes.length) {
      this.isBroken = true;
      return new Uint8Array(0);
    }
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** A vector with its length in front. */
  vector(size: 1 | 2): Uint8Array {
    return this.take(this.number(size));
  }
}

function helloOf(fields: Fields): ClientHello | undefined {
  const legacyVersion = fields.number(2);
  fields.take(32);
  const session = fields.vector(1);
  const ciphers = fields.vector(2);
  const compressions = fields.vector(1);
  if (fields.isBroken || legacyVersion >> 8 !== 3 || session.length > 32) return undefined;
  if (ciphers.length === 0 || ciphers.length % 2 !== 0 || compressions.length === 0) return undefined;
  const extensions = new Map<number, Uint8Array>();
  // Before TLS 1.3 there need be none.
  const list = fields.left === 0 ? undefined : new Fields(fields.vector(2));
  while (list && list.left > 0) {
    const type = list.number(2);
    const value = list.vector(2);
    if (list.isBroken || extensions.has(type)) return undefined;
    extensions.set(type, value);
  }
  if (!fields.isDone()) return undefined;
  const sni = nameIn(extensions.get(0));
  const alpn = protocolsIn(extensions.get(16));
  const version = versionIn(extensions.get(43), legacyVersion);
  return sni === undefined || alpn === undefined || version === undefined ? undefined : { sni, alpn, version };
}

/** RFC 6066: one host name, in ASCII. */
function nameIn(extension: Uint8Array | undefined): string | undefined {
  if (!extension) return '';
  const outer = new Fields(extension);
  const list = new Fields(outer.vector(2));
  let found: string | undefined;
  while (list.left > 0) {
    const type = list.number(1);
    const name = list.vector(2);
    if (type !== 0) continue;
    if (found !== undefined || name.length === 0 || name.length > 255) return undefined;
    if (name.some((byte) => byte <= 0x20 || byte >= 0x7f)) return undefined;
    found = String.fromCharCode(...name).toLowerCase();
  }
  return outer.isDone() && list.isDone() ? found : undefined;
}

/** RFC 7301. Values of GREASE (RFC 8701) are passed over. */
function protocolsIn(extension: Uint8Array | undefined): readonly string[] | undefined {
  if (!extension) return [];
  const outer = new Fields(extension);
  const list = new Fields(outer.vector(2));
  const found: string[] = [];
  while (list.left > 0) {
    const name = list.vector(1);
    if (list.isBroken || name.length === 0) return undefined;
    if (!(name.length === 2 && isGrease((name[0] ?? 0) * 256 + (name[1] ?? 0))))
      found.push(String.fromCharCode(...name));
  }
  return outer.isDone() && found.length > 0 ? found : undefined;
}

/** supported_versions of TLS 1.3; without it the version of the hello itself counts. */
function versionIn(extension: Uint8Array | undefined, legacyVersion: number): number | undefined {
  if (!extension) return legacyVersion;
  const outer = new Fields(extension);
  const list = new Fields(outer.vector(1));
  let highest = 0;
  while (list.left > 0) {
    const version = list.number(2);
    if (!isGrease(version)) highest = Math.max(highest, version);
  }
  return outer.isDone() && list.isDone() && highest > 0 ? highest : undefined;
}

function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}
