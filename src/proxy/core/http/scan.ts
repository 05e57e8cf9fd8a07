// Finds the end of a message head in bytes, and refuses what a head must never hold: bare CR, bare LF, control
// characters. Resumable: the caller passes where it stopped.

export const incomplete = -1;
export const malformed = -2;

/**
 * Index just behind the empty line that ends the head, `incomplete` or `malformed`.
 * Scans from `from`, which must be `start` or an earlier length minus 3 at most.
 */
export function findHeadEnd(bytes: Uint8Array, start: number, from: number): number {
  const length = bytes.length;
  for (let at = from; at < length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x20) {
      if (byte === 0x7f) return malformed;
      continue;
    }
    if (byte === 0x09) continue;
    if (byte === 0x0a) {
      if (at === start || bytes[at - 1] !== 0x0d) return malformed;
      if (at - start >= 3 && bytes[at - 2] === 0x0a) return at + 1;
      continue;
    }
    if (byte !== 0x0d) return malformed;
    if (at + 1 < length && bytes[at + 1] !== 0x0a) return malformed;
  }
  return incomplete;
}

/** 1 for the characters of an RFC 9110 token. */
export const tokenTable: Uint8Array = (() => {
  const table = new Uint8Array(256);
  for (const char of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
    table[char.charCodeAt(0)] = 1;
  }
  return table;
})();

/** Whether text[from, to) is a token; an empty one is not. */
export function isToken(text: string, from: number, to: number): boolean {
  if (from >= to) return false;
  for (let at = from; at < to; at += 1) {
    if (tokenTable[text.charCodeAt(at) & 0xff] !== 1) return false;
  }
  return true;
}

/** text[from, to) without surrounding spaces and tabs. */
export function trimmed(text: string, from: number, to: number): string {
  let low = from;
  let high = to;
  while (low < high && isBlank(text.charCodeAt(low))) low += 1;
  while (high > low && isBlank(text.charCodeAt(high - 1))) high -= 1;
  return text.slice(low, high);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/**
 * Tells names that cannot be one of `names` (lower-case) by their length and first letter: [length] is a set of letters.
 * Most lines are of no interest, and to learn that must cost nothing.
 */
export function firstLetters(names: readonly string[]): Int32Array {
  const letters = new Int32Array(64);
  for (const { length, 0: first = '' } of names)
    letters[length] = (letters[length] ?? 0) | letterBit(first.charCodeAt(0));
  return letters;
}

/** Whether a name of this length and first character may be one of those. */
export function mayBe(letters: Int32Array, length: number, first: number): boolean {
  return ((letters[length] ?? 0) & letterBit(first)) !== 0;
}

/** One bit for each letter, whatever its case. */
function letterBit(code: number): number {
  return 1 << (code & 31);
}

/** Digits only, at most 15 of them (below 2^53): a Content-Length; -1 for anything else. */
export function parseLength(value: string): number {
  return value.length <= 15 && /^[0-9]+$/.test(value) ? Number(value) : -1;
}

/**
 * Lines without those whose name is in `names` (lower-case). For headers that a Connection header nominates; rare.
 */
export function withoutFields(lines: string, names: readonly string[]): string {
  return lines
    .split('\r\n')
    .filter((line) => line !== '' && !names.includes(line.slice(0, line.indexOf(':')).toLowerCase()))
    .map((line) => `${line}\r\n`)
    .join('');
}

/** First value of a header among lines that were kept, or undefined. `name` is lower-case. */
export function fieldValue(lines: string, name: string): string | undefined {
  for (let at = 0; at < lines.length;) {
    const end = lines.indexOf('\r\n', at);
    const stop = end < 0 ? lines.length : end;
    if (lines.charCodeAt(at + name.length) === 0x3a && lines.slice(at, at + name.length).toLowerCase() === name) {
      return trimmed(lines, at + name.length + 1, stop);
    }
    at = stop + 2;
  }
  return undefined;
}

/** All values of a header among lines that were kept. `name` is lower-case. */
export function fieldValues(lines: string, name: string): readonly string[] {
  return lines.split('\r\n').flatMap((line) => {
    const colon = line.indexOf(':');
    return line.slice(0, colon).toLowerCase() === name ? [trimmed(line, colon + 1, line.length)] : [];
  });
}
