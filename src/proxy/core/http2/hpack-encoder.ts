// HPACK (RFC 7541), the writing side: header lines as HTTP/1 has them -> blocks. One encoder a connection. A line that
// comes again goes into the table, so that from then on it is one byte or two.
import { connectionFields } from '../http/fields.ts';
import { trimmed } from '../http/scan.ts';
import { DynamicTable } from './dynamic-table.ts';
import { defaultTableBytes, entryBytes } from './protocol.ts';
import { staticNames, staticTable } from './static-table.ts';

/** Nobody between may keep these in a table. */
const secretNames: ReadonlySet<string> = new Set(['set-cookie', 'authorization', 'proxy-authorization']);
/** Names whose last line is remembered, and how long that may be. */
const rememberedNames = 64;
const rememberedBytes = 512;
const statusName = 8;

const statuses: ReadonlyMap<string, number> = new Map(
  staticTable.flatMap(([name, value], index) => (name === ':status' ? [[value, index + 1] as const] : [])),
);

interface Entry {
  readonly line: string;
  readonly bytes: number;
}

export class HpackEncoder {
  readonly #table = new DynamicTable<Entry>(({ line }) => void this.#added.delete(line));
  /** Sizes to tell at the beginning of the next block. */
  #resizes: number[] = [];
  /** Line -> how many entries had been added with it. */
  readonly #added = new Map<string, number>();
  readonly #last = new Map<string, string>();

  /** The other side keeps a table of at most so many bytes. */
  resize(bytes: number): void {
    const size = Math.min(bytes, defaultTableBytes);
    if (size === this.#table.limit) return;
    this.#table.resize(size);
    // The smallest in between must be told, too: the other side may have thrown entries away for it.
    this.#resizes = [...(this.#resizes.length > 0 ? [Math.min(size, ...this.#resizes)] : []), size];
  }

  /** Bytes that a block of such lines takes at most. */
  static mostBytes(lines: string): number {
    return 2 * lines.length + 64;
  }

  /** Writes a block to `out` at `at`, which has room for it; returns where it ends. `status` is '' for trailers. */
  write(status: string, lines: string, out: Buffer, at: number): number {
    let to = at;
    for (const size of this.#resizes) to = number(out, to, 0x20, 5, size);
    if (this.#resizes.length > 0) this.#resizes = [];
    if (status !== '') {
      const index = statuses.get(status);
      if (index !== undefined) out[to++] = 0x80 | index;
      else {
        out[to++] = statusName;
        to = text(out, to, status);
      }
    }
    for (let from = 0; from < lines.length;) {
      const end = lines.indexOf('\r\n', from);
      const stop = end < 0 ? lines.length : end;
      to = this.#line(lines.slice(from, stop), out, to);
      from = stop + 2;
    }
    return to;
  }

  #line(line: string, out: Buffer, at: number): number {
    const added = this.#added.get(line);
    if (added !== undefined) return number(out, at, 0x80, 7, this.#index(added));
    const colon = line.indexOf(':');
    if (colon <= 0) return at;
    const name = line.slice(0, colon).toLowerCase();
    if (connectionFields.has(name)) return at;
    const value = trimmed(line, colon + 1, line.length);
    const isSecret = secretNames.has(name);
    const isKept = !isSecret && this.#cameBefore(name, line);
    const index = staticNames.get(name) ?? 0;
    let to = isKept ? number(out, at, 0x40, 6, index) : number(out, at, isSecret ? 0x10 : 0, 4, index);
    if (index === 0) to = text(out, to, name);
    if (isKept) this.#add(name, name.length + value.length + entryBytes);
    return text(out, to, value);
  }

  #cameBefore(name: string, line: string): boolean {
    if (this.#last.get(name) === line) return true;
    if (line.length > rememberedBytes) return false;
    if (this.#last.size >= rememberedNames) this.#last.clear();
    this.#last.set(name, copyOf(line));
    return false;
  }

  #index(added: number): number {
    return staticTable.length + this.#table.added - added + 1;
  }

  #add(name: string, bytes: number): void {
    const line = this.#last.get(name) ?? '';
    this.#added.set(line, this.#table.added + 1);
    this.#table.add({ line, bytes });
  }
}

/** A part of a text keeps all of that in memory: here the whole response that it came with. */
function copyOf(line: string): string {
  return Buffer.from(line, 'latin1').toString('latin1');
}

/** A number in the last `bits` bits of a byte with `head` before them, and of as many bytes more as it needs. */
function number(out: Buffer, at: number, head: number, bits: number, value: number): number {
  const mask = (1 << bits) - 1;
  if (value < mask) {
    out[at] = head | value;
    return at + 1;
  }
  out[at] = head | mask;
  let rest = value - mask;
  let to = at + 1;
  for (; rest >= 128; rest >>>= 7) out[to++] = (rest & 0x7f) | 0x80;
  out[to] = rest;
  return to + 1;
}

/** A text of one byte a character, without the Huffman code. */
function text(out: Buffer, at: number, value: string): number {
  const from = number(out, at, 0, 7, value.length);
  return from + out.write(value, from, 'latin1');
}
