// The options that say where passwords of vaults come from.
import type { Command } from 'commander';

export function addVaultOptions(command: Command): Command {
  return command
    .option(
      '--vault-password-file <file>',
      'file with the vault password, or a program that prints it (or VEZA_VAULT_PASSWORD_FILE)',
      collectOne,
    )
    .option(
      '--vault-id <id>',
      'ID@FILE, ID@prompt or FILE: a password with the id of its vault (repeatable)',
      collectOne,
    )
    .option('-J, --ask-vault-pass', 'ask for the vault password');
}

function collectOne(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}
