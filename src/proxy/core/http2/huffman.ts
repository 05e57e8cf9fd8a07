// The Huffman code of HPACK (RFC 7541, appendix B): bytes -> text. What we send is not coded: that saves few bytes and
// costs time.

/** Bits of the code of each byte; the last is that of the end of a string. The codes follow from them: they are canonical. */
const lengths = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26, 30,
] as const;

const endOfString = 256;
const none = -1;
const bad = -2;

/** For each node of the tree and four bits: the node after them, and the byte that they complete. */
const next = new Uint8Array(256 * 16);
const emitted = new Int16Array(256 * 16);
/** Where a text may end: within the first seven bits of the end of a string, which are all 1. */
const mayEnd = new Uint8Array(256);

type Tree = (readonly [number, number])[];

let areBuilt = false;

/** Inner nodes are numbers from 0, leaves are below 0: their byte is -1 - leaf. */
function treeOf(): Tree {
  const tree: [number, number][] = [[0, 0]];
  const symbols = lengths.map((_length, symbol) => symbol);
  symbols.sort((one, other) => (lengths[one] ?? 0) - (lengths[other] ?? 0) || one - other);
  let code = 0;
  let bits = lengths[symbols[0] ?? 0] ?? 0;
  for (const symbol of symbols) {
    const length = lengths[symbol] ?? 0;
    code *= 2 ** (length - bits);
    bits = length;
    let node = 0;
    for (let bit = length - 1; bit >= 0; bit -= 1) {
      const side = Math.floor(code / 2 ** bit) % 2 === 0 ? 0 : 1;
      const at = tree[node] ?? [0, 0];
      if (bit === 0) at[side] = -1 - symbol;
      else if (at[side] === 0) at[side] = tree.push([0, 0]) - 1;
      node = at[side];
    }
    code += 1;
  }
  return tree;
}

function buildTables(): void {
  areBuilt = true;
  const tree = treeOf();
  for (let node = 0; node < 256; node += 1) {
    for (let bits = 0; bits < 16; bits += 1) {
      let at = node;
      let symbol = none;
      for (let bit = 3; bit >= 0 && symbol !== bad; bit -= 1) {
        at = tree[at]?.[(bits >> bit) & 1] ?? 0;
        if (at >= 0) continue;
        symbol = -1 - at === endOfString ? bad : -1 - at;
        at = 0;
      }
      next[node * 16 + bits] = at;
      emitted[node * 16 + bits] = symbol;
    }
  }
  for (let node = 0, depth = 0; depth < 8; depth += 1) {
    mayEnd[node] = 1;
    node = tree[node]?.[1] ?? 0;
  }
}

/** bytes[from, to) as text of one character a byte; undefined if that is no such code. */
export function readHuffman(bytes: Uint8Array, from: number, to: number): string | undefined {
  if (!areBuilt) buildTables();
  // The shortest codes have five bits.
  const text = Buffer.allocUnsafe(Math.ceil(((to - from) * 8) / 5));
  let length = 0;
  let node = 0;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    for (let shift = 4; shift >= 0; shift -= 4) {
      const step = node * 16 + ((byte >> shift) & 15);
      const symbol = emitted[step] ?? bad;
      if (symbol === bad) return undefined;
      if (symbol !== none) text[length++] = symbol;
      node = next[step] ?? 0;
    }
  }
  return mayEnd[node] === 1 ? text.toString('latin1', 0, length) : undefined;
}
