// The lab's key, its known hosts, and the ssh command that uses both.
import { connect } from 'node:net';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { VezaError } from '../lib/errors.ts';
import { exists } from './files.ts';
import { labLimits } from './limits.ts';
import type { HostNames, LabHost } from './names.ts';
import { loginUser } from './recipe.ts';
import { run } from './run.ts';

/** Files a client of the lab needs, in the project's state directory. */
export interface ClientFiles {
  readonly directory: string;
  readonly privateKey: string;
  readonly publicKey: string;
  readonly knownHosts: string;
}

export function clientFiles(directory: string): ClientFiles {
  const privateKey = join(directory, 'id_ed25519');
  return { directory, privateKey, publicKey: `${privateKey}.pub`, knownHosts: join(directory, 'known_hosts') };
}

/** Makes the lab's key unless there is one; returns the public half. */
export async function ensureKey(files: ClientFiles, lab: string): Promise<string> {
  await mkdir(files.directory, { recursive: true });
  if (!(await exists(files.privateKey))) {
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', `veza-run lab ${lab}`, '-f', files.privateKey]);
  }
  await chmod(files.privateKey, 0o600);
  const publicKey = await run(['ssh-keygen', '-y', '-f', files.privateKey]);
  await writeFile(files.publicKey, publicKey);
  return publicKey;
}

/** Writes known_hosts anew from the hosts' own keys: nothing stale stays, and nothing has to be trusted at first sight. */
export async function writeKnownHosts(files: ClientFiles, hosts: readonly HostNames[]): Promise<void> {
  const lines = hosts.map(async (host) => {
    const text = await readFile(host.hostKey, 'utf8').catch(() => '');
    const [type, key] = text.split(' ');
    // A host that was never booted has no key.
    return type && key ? `${host.host},${host.address} ${type} ${key}\n` : '';
  });
  await writeFile(files.knownHosts, (await Promise.all(lines)).join(''));
}

/** The words of a command that logs in; a command to run there may follow. */
export function sshCommand(files: ClientFiles, host: LabHost): string[] {
  const options = [
    `UserKnownHostsFile=${files.knownHosts}`,
    'GlobalKnownHostsFile=/dev/null',
    'StrictHostKeyChecking=yes',
    'IdentitiesOnly=yes',
    'LogLevel=ERROR',
  ];
  // Not the user's own configuration: it could change the user, the port, or add a jump.
  const words = ['ssh', '-F', '/dev/null', '-i', files.privateKey];
  return [...words, ...options.flatMap((option) => ['-o', option]), `${loginUser}@${host.address}`];
}

/** Waits until sshd greets. */
export async function waitForSshd(host: LabHost, signal?: AbortSignal): Promise<void> {
  const deadline = Date.now() + labLimits.bootTimeoutMs;
  while (!(await greets(host.address))) {
    if (Date.now() > deadline) throw new VezaError('lab-boot', `sshd of ${host.name} does not answer`);
    await sleep(labLimits.bootPollMs, undefined, signal ? { signal } : {});
  }
}

function greets(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 1000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (data) => end(data.toString('latin1').startsWith('SSH-')));
    socket.once('error', () => end(false)).once('close', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
