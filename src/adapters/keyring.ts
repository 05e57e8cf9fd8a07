// The one keyring of this process, and the ways to its passwords: files, programs and the terminal. Files are opened
// with it wherever they are read, so no reader needs to know whether a file was encrypted.
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Position } from '../lib/diagnostic.ts';
import { VezaError, messageOf } from '../lib/errors.ts';
import { limits } from '../lib/limits.ts';
import { isEncrypted, markBytes } from '../lib/vault/envelope.ts';
import { Keyring, type SecretKind, type VaultPassword } from '../lib/vault/keyring.ts';

export const keyring = new Keyring();

/** The content of a file, decrypted where it is encrypted. Throws VezaError `vault-...`. */
export function openBytes(bytes: Buffer, path: string, kind: SecretKind): Buffer {
  if (!isEncrypted(bytes.subarray(0, markBytes).toString('latin1'))) return bytes;
  return keyring.open(bytes.toString('utf8'), firstPlace(path), kind);
}

/**
 * The password that a source gives: `prompt`, a file, or a program that prints it. `ID@SOURCE` names its vault id.
 * Throws VezaError `vault-password-file`, and what `ask` throws.
 */
export async function passwordFrom(given: string, ask: (prompt: string) => Promise<string>): Promise<VaultPassword> {
  const at = given.indexOf('@');
  const vaultId = at > 0 ? given.slice(0, at) : 'default';
  const source = at >= 0 ? given.slice(at + 1) : given;
  const password =
    source === 'prompt' || source === 'prompt_ask_vault_pass'
      ? await ask(vaultId === 'default' ? 'Vault password: ' : `Vault password (${vaultId}): `)
      : fromFile(source, vaultId);
  // Ansible strips white space at both ends; a file mostly ends in a line feed.
  const stripped = password.trim();
  if (stripped === '') throw wrongSource(source, 'it gives no password');
  return { vaultId, password: stripped };
}

function fromFile(path: string, vaultId: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile()) throw wrongSource(path, 'there is no such file');
  try {
    if ((found.mode & 0o111) === 0) {
      return openBytes(readFileSync(path), path, 'value').toString('utf8');
    }
  } catch (error) {
    throw wrongSource(path, messageOf(error));
  }
  return fromProgram(path, vaultId);
}

/** Programs whose name ends in `-client` are told the vault id, as with Ansible. */
function fromProgram(path: string, vaultId: string): string {
  const words = /-client(?:\.\w+)?$/.test(basename(path)) ? ['--vault-id', vaultId] : [];
  const command = path.includes('/') ? path : `./${path}`;
  const result = spawnSync(command, words, {
    encoding: 'utf8',
    stdio: ['inherit', 'pipe', 'pipe'],
    timeout: limits.inventoryProgramMs,
    maxBuffer: limits.sourceFileBytes,
  });
  if (result.error) throw wrongSource(path, result.error.message);
  if (result.status !== 0) throw wrongSource(path, `it ended with ${String(result.status)}: ${result.stderr.trim()}`);
  return result.stdout;
}

function wrongSource(path: string, why: string): VezaError {
  return new VezaError('vault-password-file', `no vault password from "${path}": ${why}`, {
    hint: 'Name a file that holds the password, or a program that prints it.',
  });
}

function firstPlace(file: string): Position {
  return { file, line: 1, column: 1 };
}
