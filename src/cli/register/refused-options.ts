// Options of ansible-playbook that cannot do here what they do there: refused by name, with what to do instead.
import { Option, type Command } from 'commander';
import { VezaError } from '../../lib/errors.ts';

const openssh =
  'OpenSSH is not used; ports, keys, users and known_hosts have variables of their own (ansible_port, ...)';

const refused: Readonly<Record<string, { readonly flags: string; readonly instead: string }>> = {
  sshCommonArgs: { flags: '--ssh-common-args <args>', instead: openssh },
  sshExtraArgs: { flags: '--ssh-extra-args <args>', instead: openssh },
  sftpExtraArgs: { flags: '--sftp-extra-args <args>', instead: openssh },
  scpExtraArgs: { flags: '--scp-extra-args <args>', instead: openssh },
  modulePath: {
    flags: '-M, --module-path <path>',
    instead: 'modules are built in (`veza-run doc` lists them); leave the option out',
  },
};

export function addRefusedOptions(command: Command): void {
  for (const { flags } of Object.values(refused)) command.addOption(new Option(flags).hideHelp());
}

/** Throws VezaError `unsupported-option` for the first of them that was given. */
export function refuse(given: object): void {
  for (const [name, { flags, instead }] of Object.entries(refused)) {
    if (!(name in given)) continue;
    const option = flags.replace(/^-\w, /, '').replace(/ <.*/, '');
    throw new VezaError('unsupported-option', `${option} is not supported`, { hint: instead });
  }
}
