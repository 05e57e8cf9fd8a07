// SHA-crypt (`$5$`, `$6$`): how Unix and HAProxy's userlists keep passwords, as its author specified it in 2007. For files that
// come from there; our own hashes are scrypt. Checking one takes thousands of rounds, so it lets others work in between.
import { createHash, timingSafeEqual } from 'node:crypto';

/** What a configuration file accepts. A million rounds would take some seconds. */
export const shaCryptPattern =
  '^\\$(?:5\\$(?:rounds=[0-9]{4,6}\\$)?[^$:\\s]{1,16}\\$[./0-9A-Za-z]{43}|6\\$(?:rounds=[0-9]{4,6}\\$)?[^$:\\s]{1,16}\\$[./0-9A-Za-z]{86})$';

const defaultRounds = 5000;
const leastRounds = 1000;
/** Rounds in a row: about a millisecond. */
const roundsAtOnce = 250;

const digits = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

interface Kind {
  readonly hash: 'sha256' | 'sha512';
  /** Which bytes stand in each group of digits, the highest first. */
  readonly groups: readonly (readonly number[])[];
}

const kinds: Readonly<Record<string, Kind>> = {
  5: { hash: 'sha256', groups: [...groupsOf(10, -1), [31, 30]] },
  6: { hash: 'sha512', groups: [...groupsOf(21, 1), [63]] },
};

/** Three bytes each, one of every third of the hash; from group to group the thirds change places. */
function groupsOf(count: number, turn: 1 | -1): number[][] {
  return Array.from({ length: count }, (_, at) =>
    [0, 1, 2].map((third) => ((third + turn * at + 3 * count) % 3) * count + at),
  );
}

/** Does a password fit a stored text of this kind? */
export async function isShaCrypt(password: string, stored: string): Promise<boolean> {
  const [, name = '', given, salt = '', expected = ''] =
    /^\$([56])\$(?:rounds=([0-9]+)\$)?([^$]*)\$([./0-9A-Za-z]+)$/.exec(stored) ?? [];
  const kind = kinds[name];
  if (!kind) return false;
  const rounds = Math.max(leastRounds, Number(given ?? defaultRounds));
  const actual = written(await hashed(kind, Buffer.from(password), Buffer.from(salt.slice(0, 16)), rounds), kind);
  return actual.length === expected.length && timingSafeEqual(Buffer.from(actual), Buffer.from(expected));
}

async function hashed({ hash }: Kind, password: Buffer, salt: Buffer, rounds: number): Promise<Buffer> {
  const digest = (...parts: readonly Buffer[]): Buffer => {
    const context = createHash(hash);
    for (const part of parts) context.update(part);
    return context.digest();
  };
  const other = digest(password, salt, password);
  const byBits: Buffer[] = [];
  for (let bits = password.length; bits > 0; bits >>= 1) byBits.push((bits & 1) === 1 ? other : password);
  let result = digest(password, salt, filled(other, password.length), ...byBits);
  const word = filled(digest(...new Array<Buffer>(password.length).fill(password)), password.length);
  const salted = filled(digest(...new Array<Buffer>(16 + (result[0] ?? 0)).fill(salt)), salt.length);
  for (let round = 0; round < rounds; round += 1) {
    const isOdd = round % 2 === 1;
    const parts = [isOdd ? word : result];
    if (round % 3 !== 0) parts.push(salted);
    if (round % 7 !== 0) parts.push(word);
    parts.push(isOdd ? result : word);
    result = digest(...parts);
    if (round % roundsAtOnce === roundsAtOnce - 1) await new Promise(setImmediate);
  }
  return result;
}

/** So many bytes of it, again and again. */
function filled(bytes: Buffer, length: number): Buffer {
  return Buffer.alloc(length, bytes);
}

/** Digits of six bits, the lowest first. */
function written(bytes: Buffer, { groups }: Kind): string {
  return groups
    .map((group) => {
      const value = group.reduce((sum, at) => (sum << 8) | (bytes[at] ?? 0), 0);
      return Array.from({ length: group.length + 1 }, (_, at) => digits[(value >> (6 * at)) & 63] ?? '').join('');
    })
    .join('');
}
