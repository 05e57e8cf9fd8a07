// Private keys of the controller: read and parsed once a path and process, since decrypting one costs much time.
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import type { ParsedKey } from 'ssh2';
import { messageOf } from '../../lib/errors.ts';

export type LoadedKey =
  | { readonly kind: 'key'; readonly key: ParsedKey }
  | { readonly kind: 'missing' }
  | { readonly kind: 'encrypted' }
  | { readonly kind: 'unreadable'; readonly problem: string };

const loaded = new Map<string, Promise<LoadedKey>>();

/** The keys that ssh tries by itself, in its order. */
export function defaultKeyFiles(): string[] {
  return ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => join(homedir(), '.ssh', name));
}

/** Expands a leading `~/`. */
export function expandHome(path: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
}

export function loadKey(path: string, passphrase: string | undefined): Promise<LoadedKey> {
  const id = `${path}\0${passphrase ?? ''}`;
  let key = loaded.get(id);
  if (!key) {
    key = readKey(path, passphrase);
    loaded.set(id, key);
  }
  return key;
}

async function readKey(path: string, passphrase: string | undefined): Promise<LoadedKey> {
  let text: Buffer;
  try {
    text = await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { kind: 'missing' };
    return { kind: 'unreadable', problem: messageOf(error) };
  }
  const parsed: ParsedKey | Error | readonly ParsedKey[] = ssh2.utils.parseKey(text, passphrase);
  if (parsed instanceof Error) {
    if (/no passphrase given/i.test(parsed.message)) return { kind: 'encrypted' };
    return { kind: 'unreadable', problem: parsed.message };
  }
  const key = isKeyList(parsed) ? parsed[0] : parsed;
  if (!key?.isPrivateKey()) return { kind: 'unreadable', problem: 'it is not a private key' };
  return { kind: 'key', key };
}

/** Array.isArray does not tell a readonly list from one key. */
function isKeyList(parsed: ParsedKey | readonly ParsedKey[]): parsed is readonly ParsedKey[] {
  return Array.isArray(parsed);
}
