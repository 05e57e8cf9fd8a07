// Text files of the controller, opened with the keyring where they are encrypted.
import { readFileSync, statSync } from 'node:fs';
import { VezaError } from '../lib/errors.ts';
import { limits } from '../lib/limits.ts';
import { openBytes } from './keyring.ts';

/** Throws VezaError `file-too-large`, `file-unreadable` (not UTF-8), `vault-...`. */
export function readTextFile(path: string): string {
  if (statSync(path).size > limits.sourceFileBytes) {
    throw new VezaError('file-too-large', `${path} is larger than ${limits.sourceFileBytes} bytes`);
  }
  const bytes = openBytes(readFileSync(path), path, 'text');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new VezaError('file-unreadable', `${path} cannot be read as UTF-8 text`, { cause: error });
  }
}
