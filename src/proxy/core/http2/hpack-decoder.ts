// HPACK (RFC 7541), the reading side: blocks of headers -> names and values. One decoder a connection, for all its blocks
// in their order.
import { DynamicTable } from './dynamic-table.ts';
import { Field } from './field.ts';
import { readHuffman } from './huffman.ts';
import { defaultTableBytes } from './protocol.ts';
import { staticTable } from './static-table.ts';

/** More in one number is an attack. */
const largestNumber = 2 ** 28;

const staticFields = staticTable.map(([name, value]) => new Field(name, value));

export class HpackDecoder {
  readonly #table = new DynamicTable<Field>();
  #block: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;

  /**
   * The fields of a block; `tooLarge` once they count more than `limit`, as SETTINGS_MAX_HEADER_LIST_SIZE counts, while
   * the table is kept right. Undefined: the block is none, and the connection is lost.
   */
  decode(block: Buffer, from: number, to: number, limit: number): Field[] | 'tooLarge' | undefined {
    this.#block = block;
    this.#at = from;
    this.#end = to;
    const fields: Field[] = [];
    let size = 0;
    let mayResize = true;
    while (this.#at < to) {
      const byte = block[this.#at] ?? 0;
      if ((byte & 0xe0) === 0x20) {
        if (!mayResize || !this.#resize()) return undefined;
        continue;
      }
      mayResize = false;
      const entry = byte >= 0x80 ? this.#entry(this.#number(7)) : this.#literal(byte);
      if (!entry) return undefined;
      size += entry.bytes;
      if (size <= limit) fields.push(entry);
    }
    return size > limit ? 'tooLarge' : fields;
  }

  #resize(): boolean {
    const size = this.#number(5);
    if (size < 0 || size > defaultTableBytes) return false;
    this.#table.resize(size);
    return true;
  }

  #literal(byte: number): Field | undefined {
    const indexed = byte >= 0x40;
    const index = this.#number(indexed ? 6 : 4);
    if (index < 0) return undefined;
    const name = index === 0 ? this.#text() : this.#entry(index)?.name;
    const value = name === undefined ? undefined : this.#text();
    if (name === undefined || value === undefined) return undefined;
    const entry = new Field(name, value);
    if (indexed) this.#table.add(entry);
    return entry;
  }

  #entry(index: number): Field | undefined {
    return index <= staticTable.length ? staticFields[index - 1] : this.#table.at(index - staticTable.length);
  }

  /** A number that begins in the last `bits` bits of the byte that is next; -1 if there is none. */
  #number(bits: number): number {
    const mask = (1 << bits) - 1;
    let number = (this.#block[this.#at++] ?? 0) & mask;
    if (number < mask) return number;
    for (let factor = 1; this.#at < this.#end && factor < largestNumber; factor *= 128) {
      const byte = this.#block[this.#at++] ?? 0;
      number += (byte & 0x7f) * factor;
      if (byte < 0x80) return number;
    }
    return -1;
  }

  #text(): string | undefined {
    if (this.#at >= this.#end) return undefined;
    const coded = (this.#block[this.#at] ?? 0) >= 0x80;
    const length = this.#number(7);
    const from = this.#at;
    const to = from + length;
    if (length < 0 || to > this.#end) return undefined;
    this.#at = to;
    return coded ? readHuffman(this.#block, from, to) : this.#block.toString('latin1', from, to);
  }
}
