// A real OpenSSH server for one test file: free loopback port, own keys, current user. Nothing of the machine's sshd is touched.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostAddress } from '../../../src/engine/ports.ts';
import { freePort } from '../../support/ports.ts';

export const sshdPath = ['/usr/sbin/sshd', '/usr/bin/sshd', '/usr/local/sbin/sshd'].find((path) => existsSync(path));

export interface TestSshd extends AsyncDisposable {
  readonly host: HostAddress;
  readonly folder: string;
  readonly process: ChildProcess;
}

/** `through` starts it by another program, for instance in namespaces of its own. */
export async function startSshd(
  extraConfig: readonly string[] = [],
  through: readonly string[] = [],
): Promise<TestSshd> {
  if (!sshdPath) throw new Error('sshd is missing');
  const folder = mkdtempSync(join(tmpdir(), 'veza-sshd-'));
  // A root sshd wants its privilege separation folder.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  for (const name of ['host', 'user']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', join(folder, name)]);
  }
  writeFileSync(join(folder, 'authorized_keys'), readFileSync(join(folder, 'user.pub')), { mode: 0o600 });
  const port = await freePort();
  const config = [
    ...extraConfig,
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${join(folder, 'host')}`,
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    `PidFile ${join(folder, 'pid')}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'LogLevel ERROR',
  ];
  writeFileSync(join(folder, 'config'), `${config.join('\n')}\n`);
  const words = [...through, sshdPath, '-D', '-e', '-f', join(folder, 'config')];
  const child = spawn(words[0] ?? sshdPath, words.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  for (let tries = 0; !(await accepts(port)); tries += 1) {
    if (tries > 200 || child.exitCode !== null) throw new Error(`sshd did not start: ${said}`);
    await sleep(20);
  }
  return {
    folder,
    process: child,
    host: {
      name: 'real',
      connection: 'ssh',
      address: '127.0.0.1',
      port,
      user: userInfo().username,
      privateKeyFile: join(folder, 'user'),
      hostKeys: 'accept-new',
      knownHostsFile: join(folder, 'known_hosts'),
    },
    [Symbol.asyncDispose]: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.kill()) await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
