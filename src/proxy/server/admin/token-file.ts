// The file of bearer tokens. It holds hashes only: whoever reads it can do nothing with them.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { messageOf, VezaError } from '../../../lib/errors.ts';
import type { Grant, Role } from '../../core/admin/sessions.ts';

export interface StoredToken extends Grant {
  /** SHA-256 of the token: it has 256 random bits, so nothing slower is needed. */
  readonly hash: string;
  readonly created: string;
}

const prefix = 'veza_';

export class TokenFile {
  readonly #path: string;
  #stamp = '';
  #tokens = new Map<string, StoredToken>();

  constructor(path: string) {
    this.#path = path;
  }

  grantOf(token: string): Grant | undefined {
    if (!token.startsWith(prefix)) return undefined;
    this.#refresh();
    // A hash of the token is looked up, so how long that takes tells nothing of it.
    return this.#tokens.get(hashOf(token));
  }

  /** A change of the file counts at once, so that a token that is revoked is worth nothing. */
  #refresh(): void {
    try {
      const { mtimeMs, size, ino } = statSync(this.#path);
      const stamp = `${mtimeMs} ${size} ${ino}`;
      if (stamp === this.#stamp) return;
      this.#tokens = new Map(readTokens(this.#path).map((token) => [token.hash, token]));
      this.#stamp = stamp;
    } catch {
      // A file that is gone or broken lets nobody in.
      this.#tokens = new Map();
      this.#stamp = '';
    }
  }
}

/** All tokens of a file; none if there is no file. Throws VezaError if it is none of ours. */
export function readTokens(path: string): StoredToken[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new VezaError('cannot-read', `cannot read ${path}: ${messageOf(error)}`);
  }
  try {
    const { tokens } = JSON.parse(text) as { readonly tokens: StoredToken[] };
    return tokens.filter(({ hash, role }) => /^[0-9a-f]{64}$/.test(hash) && ['admin', 'reader'].includes(role));
  } catch {
    throw new VezaError('bad-token-file', `${path} is not a file of tokens`, {
      hint: 'Remove it, or restore it from a backup; `veza-proxy ctl token create` makes a new one.',
    });
  }
}

/** Adds a token and returns its text, which is kept nowhere. */
export function createToken(path: string, name: string, role: Role, now: Date): string {
  const tokens = readTokens(path);
  if (tokens.some((token) => token.name === name)) {
    throw new VezaError('token-exists', `there is a token ${name} already`, { hint: 'Revoke it first.' });
  }
  const token = `${prefix}${randomBytes(32).toString('base64url')}`;
  writeTokens(path, [...tokens, { name, role, hash: hashOf(token), created: now.toISOString() }]);
  return token;
}

/** False if there is none of this name. */
export function revokeToken(path: string, name: string): boolean {
  const tokens = readTokens(path);
  const rest = tokens.filter((token) => token.name !== name);
  if (rest.length === tokens.length) return false;
  writeTokens(path, rest);
  return true;
}

function writeTokens(path: string, tokens: readonly StoredToken[]): void {
  const temporary = `${path}.${process.pid}.new`;
  writeFileSync(temporary, `${JSON.stringify({ tokens }, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(temporary, path);
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
