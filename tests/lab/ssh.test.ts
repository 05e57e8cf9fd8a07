// The key, known_hosts and the ssh command of a lab.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostNames, labNames } from '../../src/lab/names.ts';
import { clientFiles, ensureKey, sshCommand, writeKnownHosts } from '../../src/lab/ssh.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'veza-ssh-'));
});
afterEach(() => rm(directory, { recursive: true }));

describe('the login of a lab', () => {
  it('makes a key that only its owner can read, once', async () => {
    const files = clientFiles(join(directory, 'state'));
    const first = await ensureKey(files, 'lab');
    expect(first).toMatch(/^ssh-ed25519 \S+ veza-run lab lab\n$/);
    expect((await stat(files.privateKey)).mode & 0o777).toBe(0o600);
    expect(await ensureKey(files, 'lab')).toBe(first);
    expect(await readFile(files.publicKey, 'utf8')).toBe(first);
  });

  it('writes known_hosts anew, without hosts that were never booted', async () => {
    const files = clientFiles(directory);
    const booted = {
      ...hostNames(labNames('lab'), { name: 'a', address: '10.77.0.2' }),
      hostKey: join(directory, 'a'),
    };
    const other = { ...hostNames(labNames('lab'), { name: 'b', address: '10.77.0.3' }), hostKey: join(directory, 'b') };
    await writeFile(booted.hostKey, 'ssh-ed25519 AAAA root@a\n');
    await writeFile(files.knownHosts, 'stale\n');
    await writeKnownHosts(files, [booted, other]);
    expect(await readFile(files.knownHosts, 'utf8')).toBe('a,10.77.0.2 ssh-ed25519 AAAA\n');
  });

  it('logs in as the ordinary user, with this key and these known hosts only', () => {
    const command = sshCommand(clientFiles('/state'), { name: 'a', address: '10.77.0.2' });
    expect(command.slice(0, 5)).toEqual(['ssh', '-F', '/dev/null', '-i', '/state/id_ed25519']);
    expect(command).toContain('StrictHostKeyChecking=yes');
    expect(command).toContain('UserKnownHostsFile=/state/known_hosts');
    expect(command.at(-1)).toBe('lab@10.77.0.2');
  });
});
