// `veza-run vault ...`: encrypts, shows and changes files and values with the passwords of vaults.
import { randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { keyring, passwordFrom } from '../../adapters/keyring.ts';
import { VezaError, messageOf } from '../../lib/errors.ts';
import { sealAnsible } from '../../lib/vault/ansible-cipher.ts';
import { isEncrypted, parseEnvelope, type VaultFormat } from '../../lib/vault/envelope.ts';
import type { VaultPassword } from '../../lib/vault/keyring.ts';
import { sealVeza, vezaRandomBytes } from '../../lib/vault/veza-cipher.ts';
import { askPassword } from '../ask.ts';
import { exitCodes } from '../exit-codes.ts';
import { print } from '../output.ts';
import type { VaultFlags } from '../vault-flags.ts';

export interface VaultCommandFlags extends VaultFlags {
  readonly encryptVaultId?: string;
  readonly format?: VaultFormat;
  readonly output?: string;
  readonly newVaultPasswordFile?: string;
  readonly newVaultId?: string;
  readonly name?: string;
  readonly stdinName?: string;
}

export async function vaultEncrypt(files: readonly string[], flags: VaultCommandFlags): Promise<number> {
  const password = await sealingPassword(flags);
  await eachFile(files, flags, (content, file) => {
    if (isEncrypted(content.toString('utf8')))
      throw new VezaError('vault-encrypted', `${file} is encrypted already`, {
        hint: 'To change its password: rekey.',
      });
    return Buffer.from(seal(content, password, flags.format ?? 'veza'));
  });
  return exitCodes.ok;
}

export async function vaultDecrypt(files: readonly string[], flags: VaultCommandFlags): Promise<number> {
  await passwordsForOpening();
  await eachFile(files, flags, opened);
  return exitCodes.ok;
}

export async function vaultView(files: readonly string[]): Promise<number> {
  await passwordsForOpening();
  for (const file of files) print(opened(await contentOf(file), file).toString('utf8'));
  return exitCodes.ok;
}

/** The format stays what it was, unless told otherwise. */
export async function vaultRekey(files: readonly string[], flags: VaultCommandFlags): Promise<number> {
  await passwordsForOpening();
  const source = flags.newVaultId ?? flags.newVaultPasswordFile;
  const password = source === undefined ? await newPassword() : await passwordFrom(source, askPassword);
  // All are opened before the first is changed: half of them under a new password would be a mess.
  const contents = await Promise.all(files.map(async (file) => ({ file, text: await contentOf(file) })));
  const plain = contents.map(({ file, text }) => ({ file, content: opened(text, file), format: formatOf(text) }));
  for (const { file, content, format } of plain) {
    replaceFile(file, Buffer.from(seal(content, password, flags.format ?? format)));
  }
  return exitCodes.ok;
}

/** Prints `name: !vault |` with the encrypted text below, ready for a file of variables. */
export async function vaultEncryptString(texts: readonly string[], flags: VaultCommandFlags): Promise<number> {
  const password = await sealingPassword(flags);
  const fromStdin = texts.length === 0 || flags.stdinName !== undefined;
  const values = fromStdin ? [(await buffer(process.stdin)).toString('utf8'), ...texts] : texts;
  values.forEach((text, index) => {
    const name = index === 0 ? (flags.stdinName ?? flags.name) : undefined;
    const lines = seal(Buffer.from(text), password, flags.format ?? 'veza')
      .trimEnd()
      .split('\n');
    print(`${name === undefined ? '' : `${name}: `}!vault |\n${lines.map((line) => `  ${line}\n`).join('')}`);
  });
  return exitCodes.ok;
}

/** Opens a file in $EDITOR as plain text, in a folder that only this user can read, and encrypts what is saved. */
export async function vaultEdit(file: string): Promise<number> {
  await passwordsForOpening();
  const text = readFileSync(file);
  const before = opened(text, file);
  const directory = mkdtempSync(join(tmpdir(), 'veza-vault-'));
  const draft = join(directory, basename(file));
  try {
    writeFileSync(draft, before, { mode: 0o600 });
    const editor = process.env['VISUAL'] ?? process.env['EDITOR'] ?? 'vi';
    const { status, error } = spawnSync('/bin/sh', ['-c', `${editor} "$1"`, 'sh', draft], { stdio: 'inherit' });
    if (error ?? status !== 0)
      throw new VezaError('vault-editor', `"${editor}" ended with ${error ? error.message : String(status)}`, {
        hint: `${file} is as it was. VISUAL or EDITOR names the editor.`,
      });
    const after = readFileSync(draft);
    if (!after.equals(before))
      replaceFile(file, Buffer.from(seal(after, passwordThatOpens(text, file), formatOf(text))));
    return exitCodes.ok;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function seal(content: Uint8Array, { password, vaultId }: VaultPassword, format: VaultFormat): string {
  return format === 'ansible'
    ? sealAnsible(content, password, vaultId, randomBytes(32))
    : sealVeza(content, password, vaultId, randomBytes(vezaRandomBytes));
}

function opened(content: Buffer, file: string): Buffer {
  const text = content.toString('utf8');
  if (isEncrypted(text)) return keyring.open(text, { file, line: 1, column: 1 }, 'text');
  throw new VezaError('vault-not-encrypted', `${file} is not encrypted`);
}

function formatOf(content: Buffer): VaultFormat {
  const envelope = parseEnvelope(content.toString('utf8'));
  return 'value' in envelope ? envelope.value.format : 'veza';
}

/** The one that encrypts a file again after it was edited is the one that opened it. */
function passwordThatOpens(content: Buffer, file: string): VaultPassword {
  const password = keyring.passwordFor(content.toString('utf8'), { file, line: 1, column: 1 });
  const envelope = parseEnvelope(content.toString('utf8'));
  return 'value' in envelope ? { ...password, vaultId: envelope.value.vaultId } : password;
}

async function passwordsForOpening(): Promise<void> {
  if (keyring.passwords.length === 0) keyring.add(await passwordFrom('default@prompt', askPassword));
}

/** `--encrypt-vault-id`, else the only one there is. Throws VezaError `vault-ambiguous`. */
async function sealingPassword({ encryptVaultId }: VaultCommandFlags): Promise<VaultPassword> {
  const { passwords } = keyring;
  if (passwords.length === 0) return newPassword();
  const ids = [...new Set(passwords.map(({ vaultId }) => vaultId))];
  const wanted = encryptVaultId ?? (ids.length === 1 ? ids[0] : undefined);
  const found = passwords.find(({ vaultId }) => vaultId === wanted);
  if (found) return found;
  const message =
    wanted === undefined ? 'there are several vault ids' : `there is no password with the vault id "${wanted}"`;
  throw new VezaError('vault-ambiguous', message, { hint: `--encrypt-vault-id names one of: ${ids.join(', ')}` });
}

/** Asked for twice: what is encrypted with a slip of the finger is lost. */
async function newPassword(): Promise<VaultPassword> {
  const password = await passwordFrom('default@prompt', () => askPassword('New vault password: '));
  const again = await passwordFrom('default@prompt', () => askPassword('The same again: '));
  if (password.password === again.password) return password;
  throw new VezaError('vault-passwords-differ', 'the two passwords are not the same');
}

async function contentOf(file: string): Promise<Buffer> {
  if (file === '-') return buffer(process.stdin);
  try {
    return readFileSync(file);
  } catch (error) {
    throw new VezaError('unreadable', `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

async function eachFile(
  files: readonly string[],
  { output }: VaultCommandFlags,
  change: (content: Buffer, file: string) => Buffer,
): Promise<void> {
  if (output !== undefined && files.length !== 1)
    throw new VezaError('invalid-option', '--output takes exactly one file to read');
  const changed: { file: string; content: Buffer }[] = [];
  for (const file of files) changed.push({ file, content: change(await contentOf(file), file) });
  for (const { file, content } of changed) {
    const target = output ?? file;
    if (target === '-') process.stdout.write(content);
    else replaceFile(target, content);
  }
}

/** As a whole or not at all; the mode stays, a new file is for its owner alone. */
function replaceFile(path: string, content: Buffer): void {
  const found = statSync(path, { throwIfNoEntry: false });
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    writeFileSync(draft, content, { mode: 0o600, flush: true });
    if (found) chmodSync(draft, found.mode & 0o7777);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new VezaError('unwritable', `${path} cannot be written: ${messageOf(error)}`, { cause: error });
  }
}
