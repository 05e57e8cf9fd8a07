// Making passwords and their hashes: what `password_hash` and `lookup('password', ...)` share.
import { fail } from './budget.ts';
import type { Chance } from './mersenne.ts';
import { saltCharacters, shaCrypt } from './sha-crypt.ts';

const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const lower = upper.toLowerCase();
const digits = '0123456789';
const punctuation = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

/** Sets of characters by the names that Python has for them. */
const characterSets: Readonly<Record<string, string>> = {
  ascii_letters: lower + upper,
  ascii_lowercase: lower,
  ascii_uppercase: upper,
  digits,
  hexdigits: `${digits}abcdefABCDEF`,
  octdigits: '01234567',
  punctuation,
};

/** `['ascii_letters', 'digits', '.:']` as the characters they stand for, each once, in order. */
export function characterPool(names: readonly string[]): readonly string[] {
  const pool = names.map((name) => (Object.hasOwn(characterSets, name) ? (characterSets[name] ?? '') : name)).join('');
  const characters = [...new Set(pool.match(/./gsu))].filter((character) => !`"'`.includes(character));
  return characters.length === 0 ? fail('a password needs characters to choose from') : characters;
}

export function randomText(length: number, pool: readonly string[], chance: Chance): string {
  return Array.from({ length }, () => pool[chance.below(pool.length)] ?? '').join('');
}

export function randomSalt(length: number, chance: Chance): string {
  return randomText(length, saltCharacters.match(/./g) ?? [], chance);
}

export interface HashRequest {
  readonly type: string;
  readonly salt: string;
  readonly rounds?: number;
}

/** A hash as /etc/shadow takes it. Throws `evaluation-failed` for other kinds of hashes, by name. */
export function hashPassword(password: string, { type, salt, rounds }: HashRequest): string {
  const algorithm = /^sha(256|512)(?:_crypt)?$/.exec(type)?.[1];
  if (algorithm === undefined) {
    return fail(`passwords cannot be hashed with '${type}' here`, 'use sha512 (the default of Linux) or sha256');
  }
  if (!/^[./0-9A-Za-z]{1,16}$/.test(salt)) {
    fail('a salt has 1 to 16 letters, digits, . or /', `not '${salt.slice(0, 40)}'`);
  }
  if (rounds !== undefined && (rounds < 1000 || rounds > 5_000_000)) fail('rounds are from 1000 to 5000000');
  const cost = rounds === undefined || rounds === 5000 ? {} : { rounds };
  return shaCrypt(password, { algorithm: algorithm === '512' ? 'sha512' : 'sha256', salt, ...cost });
}
