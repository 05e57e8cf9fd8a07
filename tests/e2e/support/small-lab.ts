// Labs of a few bare hosts: booted, asked, and looked at from the machine they run on.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createLab, type Lab, labSubnet } from '../../../src/lab/lab.ts';

/** Where the labs of this test file keep their keys. */
export const state = mkdtempSync(join(tmpdir(), 'veza-lab-test-'));
/** What the labs told of their progress. */
export const messages: string[] = [];

/** Not yet up. The hosts have the addresses from .11 on. */
export function smallLab(name: string, hostNames: readonly string[]): Lab {
  const hosts = hostNames.map((host, index) => ({ name: host, address: `${labSubnet(name)}.${11 + index}` }));
  return createLab({
    name,
    hosts,
    stateDirectory: join(state, name),
    onProgress: (message) => messages.push(message),
  });
}

/** Runs a command of a shell on a host as the ordinary user, by ssh. */
export function ssh(lab: Lab, host: string, command: string): string {
  const [program = '', ...args] = lab.sshCommand(host);
  return execFileSync(program, [...args, command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

/** Runs a script as root, past ssh. */
export async function inside(lab: Lab, host: string, script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await lab.exec(host, script);
  expect(`${exitCode} ${stderr}`).toMatch(/^0 /);
  return stdout.trim();
}

/** What a client of a TCP echo server sees before it loses patience. */
export function echo(address: string, port: number, patienceMs = 5000): Promise<{ seen: string; afterMs: number }> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    let connected = false;
    const end = (seen: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ seen, afterMs: performance.now() - startedAt });
    };
    const timer = setTimeout(() => end(connected ? 'connected, then silence' : 'silence'), patienceMs);
    socket.once('connect', () => {
      connected = true;
      socket.write('hello\n');
    });
    socket.once('data', (data) => end(data.toString().trim()));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    socket.once('close', () => end('closed'));
  });
}

/** Everything of a lab that the machine still has. */
export function remains(name: string): string[] {
  const found: string[] = [];
  const number = labSubnet(name).split('.')[2] ?? '';
  const list = (argv: string[]) => execFileSync('ip', argv, { encoding: 'utf8' }).split('\n');
  found.push(...list(['netns', 'list']).filter((line) => line.startsWith(`veza.${name}.`)));
  found.push(...list(['-brief', 'link', 'show']).filter((line) => new RegExp(`^veza${number}\\b`).test(line)));
  found.push(
    ...readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(`/lab/${name}/`)),
  );
  found.push(
    ...readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(`veza.${name}.`)),
  );
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8') + readFileSync(`/proc/${pid}/cgroup`, 'utf8');
      // A process that was killed and not yet fetched by its parent has no command line and its group is marked.
      if (text.includes(`lab/${name}/`) || new RegExp(`veza-run/${name}/.*(?<!\\(deleted\\))$`, 'm').test(text)) {
        found.push(`process ${pid}: ${text.replaceAll('\0', ' ')}`);
      }
    } catch {
      // It ended meanwhile.
    }
  }
  for (const hierarchy of readdirSync('/sys/fs/cgroup')) {
    const group = `/sys/fs/cgroup/${hierarchy}/veza-run/${name}`;
    if (existsSync(group)) found.push(group);
  }
  if (existsSync(`/var/lib/veza-run/lab/${name}`)) found.push(`/var/lib/veza-run/lab/${name}`);
  if (existsSync(join(state, name, 'known_hosts'))) found.push('known_hosts');
  return found;
}

/** Host a's process 1 or its systemd-nspawn, as the machine numbers them. */
export function processNamed(lab: string, host: string, pattern: RegExp): number {
  const files = execFileSync(
    'find',
    ['/sys/fs/cgroup', '-path', `*/veza-run/${lab}/${host}/*`, '-name', 'cgroup.procs'],
    {
      encoding: 'utf8',
    },
  );
  const pids = files
    .trim()
    .split('\n')
    .flatMap((file) => readFileSync(file, 'utf8').split('\n').filter(Boolean));
  const found = pids.find((pid) => pattern.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8')));
  return Number(found);
}
