// `veza-run prod ssh HOST [-- COMMAND]`: logs in with the system's ssh.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { InfraHost } from '../../infra/config/model.ts';
import { messageOf, VezaError } from '../../lib/errors.ts';
import { suggestion } from '../../lib/suggest.ts';
import { loadInfra, type ProdFlags } from '../prod/account.ts';
import { addressOfHost } from '../prod/host.ts';

/** The exit code is that of ssh. */
export async function prodSsh(name: string, words: readonly string[], flags: ProdFlags): Promise<number> {
  const { hosts } = loadInfra(flags.config);
  const host = hosts.get(name);
  if (!host) {
    const near = suggestion(name, hosts.keys());
    throw new VezaError('unknown-host', `there is no host "${name}"`, {
      hint: `${near === undefined ? '' : `${near} `}Hosts are: ${[...hosts.keys()].join(', ')}.`,
    });
  }
  const child = spawn('ssh', sshWords(host, words), { stdio: 'inherit' });
  // Ctrl-C is for the other side: ssh hands it on.
  const ignore = () => undefined;
  process.on('SIGINT', ignore);
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + constants.signals[signal ?? 'SIGKILL'];
  } catch (error) {
    throw new VezaError('missing-program', `cannot start ssh: ${messageOf(error)}`, {
      hint: 'Install an OpenSSH client.',
    });
  } finally {
    process.off('SIGINT', ignore);
  }
}

/** Arguments of ssh; the key is left to ssh where the file names none. */
export function sshWords(host: InfraHost, more: readonly string[]): readonly string[] {
  const { address, port, user, privateKeyFile } = addressOfHost(host);
  const key = privateKeyFile === undefined ? [] : ['-i', privateKeyFile];
  return [...key, '-p', String(port), '-o', 'StrictHostKeyChecking=accept-new', `${user}@${address}`, ...more];
}
