// The passwords of vaults by their ids, and what was opened with them: every opened content is told to those who must
// keep it out of what is shown. Passwords and contents stay in memory.
import type { Position } from '../diagnostic.ts';
import { VezaError } from '../errors.ts';
import { openAnsible } from './ansible-cipher.ts';
import { type Envelope, type Opened, parseEnvelope } from './envelope.ts';
import { secretLines, secretValues } from './secret-texts.ts';
import { openVeza } from './veza-cipher.ts';

export interface VaultPassword {
  readonly vaultId: string;
  readonly password: string;
}

/** What kind of content is opened: it decides what in it is secret. */
export type SecretKind = 'value' | 'yaml' | 'text';

export class Keyring {
  readonly #passwords: VaultPassword[] = [];
  readonly #secrets = new Set<string>();
  readonly #listeners: ((secret: string) => void)[] = [];
  /** By text: asking twice costs nothing. */
  readonly #opened = new Map<string, Buffer>();

  get passwords(): readonly VaultPassword[] {
    return this.#passwords;
  }

  add(password: VaultPassword): void {
    this.#passwords.push(password);
    this.#tell(password.password);
  }

  /** Tells every secret that is known, and each that becomes known later. */
  onSecret(listener: (secret: string) => void): void {
    this.#listeners.push(listener);
    for (const secret of this.#secrets) listener(secret);
  }

  /** Decrypts a file or a value. Throws VezaError `vault-no-password`, `vault-wrong-password`, `vault-damaged`. */
  open(text: string, where: Position, kind: SecretKind): Buffer {
    const known = this.#opened.get(text);
    if (known) return known;
    const envelope = parseEnvelope(text);
    if ('problem' in envelope) throw damaged(where, kind, envelope.problem);
    const { content } = this.#openWith(envelope.value, where, kind);
    this.#opened.set(text, content);
    const plain = content.toString('utf8');
    const secrets =
      kind === 'yaml' ? secretValues(plain) : kind === 'text' ? secretLines(plain) : [plain, plain.trim()];
    for (const secret of [...secrets, ...(kind === 'value' ? secretLines(plain) : [])]) this.#tell(secret);
    return content;
  }

  #openWith(
    envelope: Envelope,
    where: Position,
    kind: SecretKind,
  ): { readonly content: Buffer; readonly password: VaultPassword } {
    const { vaultId } = envelope;
    if (this.#passwords.length === 0) {
      const whose = vaultId === 'default' ? '' : ` (vault id "${vaultId}")`;
      throw new VezaError('vault-no-password', `${what(kind)} is encrypted${whose}, and there is no password for it`, {
        where,
        hint: 'Give one: --vault-password-file FILE, --vault-id ID@FILE or --ask-vault-pass.',
      });
    }
    // The password whose id is on the file is most likely the right one; Ansible then tries all others.
    const rank = (one: VaultPassword) => (one.vaultId === vaultId ? 0 : 1);
    for (const one of this.#passwords.toSorted((left, right) => rank(left) - rank(right))) {
      const opened: Opened<Buffer | null> =
        envelope.format === 'ansible' ? openAnsible(envelope, one.password) : openVeza(envelope, one.password);
      if ('problem' in opened) throw damaged(where, kind, opened.problem);
      if (opened.value !== null) return { content: opened.value, password: one };
    }
    const tried = this.#passwords.map((one) => one.vaultId).join(', ');
    const message = `no password opens ${what(kind)}: its vault id is "${vaultId}", tried were those of ${tried}`;
    const hint = 'Check the passwords; if they are right, the content was changed after it was encrypted.';
    throw new VezaError('vault-wrong-password', message, { where, hint });
  }

  /** The password that opens a text: what encrypts it again. Throws as `open`. */
  passwordFor(text: string, where: Position): VaultPassword {
    const envelope = parseEnvelope(text);
    if ('problem' in envelope) throw damaged(where, 'text', envelope.problem);
    return this.#openWith(envelope.value, where, 'text').password;
  }

  #tell(secret: string): void {
    if (this.#secrets.has(secret)) return;
    this.#secrets.add(secret);
    for (const listener of this.#listeners) listener(secret);
  }
}

function what(kind: SecretKind): string {
  return kind === 'value' ? 'this value' : 'this file';
}

function damaged(where: Position, kind: SecretKind, problem: string): VezaError {
  const hint = 'Take it from a backup, or encrypt it again.';
  return new VezaError('vault-damaged', `${what(kind)} is encrypted, but damaged: ${problem}`, { where, hint });
}
