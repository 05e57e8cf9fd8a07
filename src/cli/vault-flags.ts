// The passwords of vaults, from flags and environment, into the keyring of this process.
import { keyring, passwordFrom } from '../adapters/keyring.ts';
import { askPassword } from './ask.ts';
import { secrets } from './secrets.ts';

export interface VaultFlags {
  readonly vaultPasswordFile?: readonly string[];
  readonly vaultId?: readonly string[];
  readonly askVaultPass?: boolean;
}

/** Reads every password that is named, before any file is read. Throws VezaError. */
export async function openVault(flags: VaultFlags): Promise<void> {
  keyring.onSecret((secret) => secrets.add(secret));
  const environment = process.env['VEZA_VAULT_PASSWORD_FILE'] ?? process.env['ANSIBLE_VAULT_PASSWORD_FILE'];
  const files = flags.vaultPasswordFile ?? (environment === undefined ? [] : [environment]);
  const sources = [
    ...(flags.vaultId ?? []),
    ...files.map((file) => `default@${file}`),
    ...(flags.askVaultPass ? ['default@prompt'] : []),
  ];
  for (const source of sources) keyring.add(await passwordFrom(source, askPassword));
}
