// The playbooks, roles and inventories on this machine's disk; encrypted ones are decrypted in memory.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import type { SourceFiles } from '../core/source-files.ts';
import { VezaError } from '../lib/errors.ts';
import { limits } from '../lib/limits.ts';
import { keyring, openBytes } from './keyring.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Reads from disk, each file at most once. Throws VezaError: `file-too-large`, `not-utf8`, `unreadable`, `vault-...`. */
export function diskFiles(): SourceFiles {
  const texts = new Map<string, string | null>();
  return {
    read(path) {
      const known = texts.get(path);
      if (known !== undefined) return known;
      const text = readText(path);
      texts.set(path, text);
      return text;
    },
    isDirectory: (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
    list(path) {
      try {
        return readdirSync(path).sort();
      } catch {
        return [];
      }
    },
    reveal: (encrypted, where) => keyring.open(encrypted, where, 'value').toString('utf8'),
  };
}

function readText(path: string): string | null {
  let bytes: Uint8Array;
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found || found.isDirectory()) return null;
    if (found.size > limits.sourceFileBytes) {
      throw new VezaError('file-too-large', `${path} is larger than ${limits.sourceFileBytes} bytes`);
    }
    bytes = openBytes(readFileSync(path), path, 'yaml');
  } catch (cause) {
    if (cause instanceof VezaError) throw cause;
    if (isMissing(cause)) return null;
    throw new VezaError('unreadable', `${path} cannot be read: ${cause instanceof Error ? cause.message : ''}`, {
      hint: 'Check the permissions of the file and its directory.',
      cause,
    });
  }
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new VezaError('not-utf8', `${path} is not UTF-8 text`, { hint: 'Save it as UTF-8.', cause });
  }
}

/** A path through something that is no directory is missing too. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
