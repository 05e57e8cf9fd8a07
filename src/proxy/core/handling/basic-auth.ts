// Passwords in the HTTP way. Files hold hashes only; checking one is made slow on purpose, so it happens beside
// the traffic, and what was right once is remembered as a hash of a hash.
import { createHash, scrypt, timingSafeEqual } from 'node:crypto';
import { fieldValue } from '../http/scan.ts';
import { answer, type Answer, type Incoming } from './incoming.ts';
import { isShaCrypt, shaCryptPattern } from './sha-crypt.ts';

export interface BasicAuthConfig {
  readonly realm: string;
  /** Name -> `scrypt:COST:SALT:HASH`, salt and hash in base64; or SHA-crypt as Unix has it. */
  readonly users: Readonly<Record<string, string>>;
}

/** Right credentials remembered at most. */
const maxRemembered = 1000;
const hashBytes = 32;
/** Memory and time for one check: 16 MB, some 50 ms. */
const defaultCost = 16_384;

/** What a configuration file accepts as a password. */
export const passwordPattern = '^scrypt:[0-9]+:[A-Za-z0-9+/=]{8,}:[A-Za-z0-9+/=]{40,}$';
/** The same of clients, whose passwords may come from other systems. */
export const clientPasswordPattern = `${passwordPattern}|${shaCryptPattern}`;

/** The text for a configuration file. `salt` must be random. */
export async function hashPassword(password: string, salt: Buffer): Promise<string> {
  const hash = await derive(password, salt, defaultCost);
  return `scrypt:${defaultCost}:${salt.toString('base64')}:${hash.toString('base64')}`;
}

/** Does a password fit what a file holds? No stored one takes as long as a wrong one: names cannot be guessed by the clock. */
export async function isPassword(password: string, stored: string | undefined): Promise<boolean> {
  if (stored?.startsWith('$') === true) return isShaCrypt(password, stored);
  const [, cost, salt = '', hash = ''] = (stored ?? `scrypt:${defaultCost}:AAAAAAAAAAA=:AAAA`).split(':');
  const expected = Buffer.from(hash, 'base64');
  const actual = await derive(password, Buffer.from(salt, 'base64'), Number(cost)).catch(() => Buffer.alloc(0));
  return stored !== undefined && actual.length === expected.length && timingSafeEqual(actual, expected);
}

function derive(password: string, salt: Buffer, cost: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  scrypt(password, salt, hashBytes, { N: cost, r: 8, p: 1, maxmem: 256 * cost * 8 }, (error, key) =>
    error ? reject(error) : resolve(key),
  );
  return promise;
}

export class BasicAuth {
  readonly #config: BasicAuthConfig;
  readonly #right = new Map<string, string>();

  constructor(config: BasicAuthConfig) {
    this.#config = config;
  }

  /** Undefined: the client may go on. A promise while a password is new. */
  check(incoming: Incoming): Answer | undefined | Promise<Answer | undefined> {
    const header = fieldValue(incoming.head.fields, 'authorization') ?? '';
    const encoded = /^basic +([A-Za-z0-9+/=_-]+)$/i.exec(header)?.[1];
    if (encoded === undefined) return this.#denied();
    const text = Buffer.from(encoded, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    const stored = colon < 0 ? undefined : this.#config.users[text.slice(0, colon)];
    const digest = createHash('sha256').update(text).digest('base64');
    if (stored !== undefined && this.#right.get(digest) === stored) return undefined;
    return this.#verify(text.slice(colon + 1), stored, digest);
  }

  async #verify(password: string, stored: string | undefined, digest: string): Promise<Answer | undefined> {
    const right = await isPassword(password, stored);
    if (!right || stored === undefined) return this.#denied();
    if (this.#right.size >= maxRemembered) this.#right.clear();
    this.#right.set(digest, stored);
    return undefined;
  }

  #denied(): Answer {
    return answer(401, `WWW-Authenticate: Basic realm="${this.#config.realm}", charset="UTF-8"\r\n`);
  }
}
