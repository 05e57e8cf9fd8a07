// `veza-run prod ssh HOST [-- COMMAND]`: logs in with the system's ssh.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { InfraHost } from '../../infra/config/model.ts';
import { VezaError } from '../../lib/errors.ts';
import { nearestName } from '../../lib/suggest.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadInfra, type ProdFlags } from '../prod/account.ts';
import { addressOfHost } from '../prod/host.ts';

/** The exit code is that of ssh. */
export async function prodSsh(name: string, words: readonly string[], flags: ProdFlags): Promise<number> {
  const { hosts } = loadInfra(flags.config);
  const host = hosts.get(name);
  if (!host) {
    const near = nearestName(name, hosts.keys());
    throw new VezaError('unknown-host', `there is no host "${name}"`, {
      hint: `${near === null ? '' : `Did you mean "${near}"? `}Hosts are: ${[...hosts.keys()].join(', ')}.`,
    });
  }
  const child = spawn('ssh', sshWords(host, words), { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? exitCodes.interrupted;
}

/** Arguments of ssh; the key is left to ssh where the file names none. */
export function sshWords(host: InfraHost, more: readonly string[]): readonly string[] {
  const { address, port, user, privateKeyFile } = addressOfHost(host);
  const key = privateKeyFile === undefined ? [] : ['-i', privateKeyFile];
  return [...key, '-p', String(port), '-o', 'StrictHostKeyChecking=accept-new', `${user}@${address}`, ...more];
}
