// Numbers, texts and bytes as HAProxy's peers protocol writes them. Reading never throws and never goes beyond the end: who
// read too much learns it from `ok`.

/** What HAProxy takes in one message; of ours none is longer. */
export const maxMessageBytes = 16_384;
/** More bytes than a number of 64 bits has. */
const maxNumberBytes = 10;

export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  #ok = true;

  constructor(bytes: Uint8Array, from = 0, to = bytes.length) {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = Math.min(to, bytes.length);
  }

  /** False once something was asked for that was not there, or was no number. */
  get ok(): boolean {
    return this.#ok;
  }

  get at(): number {
    return this.#at;
  }

  get left(): number {
    return this.#end - this.#at;
  }

  byte(): number {
    if (this.#at >= this.#end) {
      this.#ok = false;
      return 0;
    }
    const byte = this.#bytes[this.#at] ?? 0;
    this.#at += 1;
    return byte;
  }

  /** An encoded integer; beyond what a number can hold exactly it is the largest that can. */
  number(): number {
    let value = this.byte();
    if (value < 0xf0) return value;
    let factor = 16;
    for (let count = 1; count < maxNumberBytes; count += 1) {
      const byte = this.byte();
      value += byte * factor;
      if (byte < 0x80) return Math.min(value, Number.MAX_SAFE_INTEGER);
      factor *= 128;
    }
    this.#ok = false;
    return 0;
  }

  /** Four bytes, the highest first. */
  uint32(): number {
    return ((this.byte() << 24) | (this.byte() << 16) | (this.byte() << 8) | this.byte()) >>> 0;
  }

  bytes(count: number): Uint8Array {
    if (count > this.left) {
      this.#ok = false;
      return new Uint8Array();
    }
    const from = this.#at;
    this.#at += count;
    return this.#bytes.subarray(from, this.#at);
  }

  text(count: number): string {
    return Buffer.from(this.bytes(count)).toString('latin1');
  }
}

export class WireWriter {
  #bytes = Buffer.allocUnsafe(512);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  byte(value: number): this {
    this.#room(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
    return this;
  }

  number(value: number): this {
    if (value < 0xf0) return this.byte(value);
    this.byte(0xf0 + (value % 16));
    let rest = Math.floor((value - 0xf0) / 16);
    while (rest >= 0x80) {
      this.byte(0x80 + (rest % 128));
      rest = Math.floor((rest - 0x80) / 128);
    }
    return this.byte(rest);
  }

  uint32(value: number): this {
    this.#room(4);
    this.#length = this.#bytes.writeUInt32BE(value >>> 0, this.#length);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#room(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /** Its length, then its bytes. */
  text(value: string): this {
    const bytes = Buffer.from(value, 'latin1');
    return this.number(bytes.length).bytes(bytes);
  }

  /** A message of a class and type with this content; of control and error classes it has none. */
  message(kind: number, type: number, content?: WireWriter): this {
    this.byte(kind).byte(type);
    return content ? this.number(content.length).bytes(content.taken()) : this;
  }

  /** All that was written, valid until more is. */
  taken(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #room(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const wider = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + count));
    this.#bytes.copy(wider, 0, 0, this.#length);
    this.#bytes = wider;
  }
}
