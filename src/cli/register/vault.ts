// `veza-run vault ...`
import { Option, type Command } from 'commander';
import type { VaultCommandFlags } from '../commands/vault.ts';
import type { Register } from './registration.ts';
import { addVaultOptions } from './vault-options.ts';

export const registerVault: Register = (program, report) => {
  const vault = program.command('vault').description('files and values that only a password opens');
  const load = () => import('../commands/vault.ts');
  const add = (name: string, description: string) => addVaultOptions(vault.command(name).description(description));

  const encrypt = add('encrypt', 'encrypt files in place (`-` is standard input)').argument('<files...>');
  addSealing(encrypt)
    .option('--output <file>', 'write there instead (`-` is standard output)')
    .action(async (files: string[], flags: VaultCommandFlags) => {
      report(await (await load()).vaultEncrypt(files, flags));
    });
  add('decrypt', 'make them plain text again')
    .argument('<files...>')
    .option('--output <file>', 'write there instead (`-` is standard output)')
    .action(async (files: string[], flags: VaultCommandFlags) => {
      report(await (await load()).vaultDecrypt(files, flags));
    });
  add('view', 'show what is in them')
    .argument('<files...>')
    .action(async (files: string[]) => {
      report(await (await load()).vaultView(files));
    });
  add('edit', 'change one in your editor')
    .argument('<file>')
    .action(async (file: string) => {
      report(await (await load()).vaultEdit(file));
    });
  addFormat(add('rekey', 'encrypt files with another password').argument('<files...>'))
    .option('--new-vault-password-file <file>', 'file with the new password, or a program that prints it')
    .option('--new-vault-id <id>', 'ID@FILE or ID@prompt: the new password and its id')
    .action(async (files: string[], flags: VaultCommandFlags) => {
      report(await (await load()).vaultRekey(files, flags));
    });
  const string = add('encrypt-string', 'print an encrypted value for a file of variables').alias('encrypt_string');
  addSealing(string.argument('[texts...]'))
    .option('-n, --name <name>', 'name of the variable')
    .option('--stdin-name <name>', 'read the text from standard input, for this variable')
    .action(async (texts: string[], flags: VaultCommandFlags) => {
      report(await (await load()).vaultEncryptString(texts, flags));
    });
};

function addSealing(command: Command): Command {
  return addFormat(command).option('--encrypt-vault-id <id>', 'which of the passwords encrypts');
}

function addFormat(command: Command): Command {
  return command.addOption(
    new Option('--format <format>', 'veza: scrypt and AES-256-GCM; ansible: what ansible-vault reads').choices([
      'veza',
      'ansible',
    ]),
  );
}
