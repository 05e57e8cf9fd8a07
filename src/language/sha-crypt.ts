// Password hashes of crypt(3): SHA-256 (`$5$`) and SHA-512 (`$6$`), by Ulrich Drepper's specification.
import { createHash } from 'node:crypto';

export interface ShaCrypt {
  readonly algorithm: 'sha256' | 'sha512';
  /** Up to 16 characters of `./0-9A-Za-z`. */
  readonly salt: string;
  /** 5000 where left out, and then not written into the hash. */
  readonly rounds?: number;
}

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Characters of a salt. */
export const saltCharacters = alphabet;

/** The whole hash, `$6$salt$...`. */
export function shaCrypt(password: string, { algorithm, salt, rounds }: ShaCrypt): string {
  const key = Buffer.from(password);
  const saltBytes = Buffer.from(salt.slice(0, 16));
  const digest = (...parts: readonly Uint8Array[]): Buffer => {
    const hash = createHash(algorithm);
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  const repeated = (block: Buffer, length: number): Buffer => Buffer.alloc(length, block);
  const alternate = digest(key, saltBytes, key);
  const parts: Uint8Array[] = [key, saltBytes, repeated(alternate, key.length)];
  for (let bits = key.length; bits > 0; bits >>= 1) parts.push(bits & 1 ? alternate : key);
  let sum = digest(...parts);
  const p = key.length === 0 ? key : repeated(digest(...Array<Buffer>(key.length).fill(key)), key.length);
  const s = repeated(digest(...Array<Buffer>(16 + (sum[0] ?? 0)).fill(saltBytes)), saltBytes.length);
  const count = rounds === undefined ? 5000 : Math.min(Math.max(rounds, 1000), 999_999_999);
  for (let round = 0; round < count; round++) {
    const mixed: Uint8Array[] = [round % 2 ? p : sum];
    if (round % 3) mixed.push(s);
    if (round % 7) mixed.push(p);
    mixed.push(round % 2 ? sum : p);
    sum = digest(...mixed);
  }
  const cost = rounds === undefined ? '' : `rounds=${count}$`;
  return `$${algorithm === 'sha256' ? 5 : 6}$${cost}${saltBytes.toString()}$${encoded(sum, algorithm)}`;
}

/** The bytes in the order of the specification, four characters for three of them. */
function encoded(sum: Buffer, algorithm: ShaCrypt['algorithm']): string {
  const groups: (readonly number[])[] = [];
  if (algorithm === 'sha512') {
    for (let [a, b, c] = [0, 21, 42], row = 0; row < 21; row++, [a, b, c] = [b + 1, c + 1, a + 1])
      groups.push([a, b, c]);
    groups.push([63]);
  } else {
    for (let [a, b, c] = [0, 10, 20], row = 0; row < 10; row++, [a, b, c] = [c + 1, a + 1, b + 1])
      groups.push([a, b, c]);
    groups.push([31, 30]);
  }
  return groups.map((group) => characters(group.map((index) => sum[index] ?? 0))).join('');
}

function characters(bytes: readonly number[]): string {
  let value = bytes.reduce((whole, byte) => whole * 256 + byte, 0);
  let text = '';
  for (let index = 0; index < bytes.length + 1; index++) {
    text += alphabet[value % 64] ?? '';
    value = Math.floor(value / 64);
  }
  return text;
}
