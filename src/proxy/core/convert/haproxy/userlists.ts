// `userlist` sections -> users of `basicAuth`. Passwords that stand there as they are become hashes; SHA-crypt stays.
import { createHash, scryptSync } from 'node:crypto';
import { shaCryptPattern } from '../../handling/sha-crypt.ts';
import type { Report } from '../report.ts';
import type { Sections } from './sections.ts';
import type { Word } from './words.ts';

export interface Userlist {
  readonly users: Readonly<Record<string, string>>;
  /** Names with a password that cannot be carried over. */
  readonly lost: readonly Word[];
}

const cost = 16_384;
const isShaCryptText = new RegExp(shaCryptPattern);

/** By name of their section. */
export function userlistsOf(sections: Sections): ReadonlyMap<string, Userlist> {
  const found = new Map<string, Userlist>();
  for (const { keyword, name, lines } of sections.others) {
    if (keyword !== 'userlist') continue;
    const users: Record<string, string> = {};
    const lost: Word[] = [];
    for (const { first, words } of lines) {
      const [, user, kind, password] = words;
      if (first.text !== 'user' || !user) continue;
      if (kind?.text === 'insecure-password' && password) users[user.text] = hashed(name, user.text, password.text);
      else if (kind?.text === 'password' && isShaCryptText.test(password?.text ?? ''))
        users[user.text] = password?.text ?? '';
      else lost.push(user);
    }
    found.set(name, { users, lost });
  }
  return found;
}

/** Converting twice gives the same: the salt is made of what is hashed. */
function hashed(list: string, user: string, password: string): string {
  const salt = createHash('sha256')
    .update(JSON.stringify([list, user, password]))
    .digest()
    .subarray(0, 16);
  const hash = scryptSync(password, salt, 32, { N: cost, r: 8, p: 1, maxmem: 256 * cost * 8 });
  return `scrypt:${cost}:${salt.toString('base64')}:${hash.toString('base64')}`;
}

/** Tells of users who could not come any more. */
export function reportLost({ lost }: Userlist, report: Report): void {
  for (const word of lost)
    report.error(
      word,
      `the password of \`${word.text}\` is hashed in a way that is not known here`,
      'SHA-crypt is (`$5$`, `$6$`, as `mkpasswd -m sha-512` makes it); or use `basicAuth` with what `veza-proxy password` makes.',
    );
}
