// What the lab says when it cannot run here.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeMissing, missingRequirements } from '../../src/lab/requirements.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'veza-requirements-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function addPrograms(...names: string[]): Promise<void> {
  for (const name of names) {
    await writeFile(join(directory, name), '#!/bin/sh\n');
    await chmod(join(directory, name), 0o755);
  }
}

describe('requirements of the lab', () => {
  it('names the packages of missing programs, once each', async () => {
    await addPrograms('apt-get', 'ip', 'mount', 'nsenter', 'unshare', 'flock', 'bash', 'apt-ftparchive');
    const missing = await missingRequirements({ platform: 'linux', userId: 0, path: [directory] });
    expect(missing).toEqual({ machine: [], packages: ['mmdebstrap', 'openssh-client', 'systemd-container'] });
    expect(describeMissing(missing)).toBe('missing packages: mmdebstrap openssh-client systemd-container');
  });

  it('says nothing when all is there', async () => {
    await addPrograms('apt-get', 'ip', 'mount', 'nsenter', 'unshare', 'flock', 'bash', 'apt-ftparchive');
    await addPrograms('mmdebstrap', 'ssh', 'ssh-keygen', 'ssh-keyscan', 'systemd-nspawn');
    const missing = await missingRequirements({ platform: 'linux', userId: 0, path: ['/nonexistent', directory] });
    expect(describeMissing(missing)).toBeNull();
  });

  it('does not count a file that cannot be executed', async () => {
    await addPrograms('apt-get');
    await writeFile(join(directory, 'mmdebstrap'), '');
    const missing = await missingRequirements({ platform: 'linux', userId: 0, path: [directory] });
    expect(missing.packages).toContain('mmdebstrap');
  });

  it('needs root', async () => {
    const missing = await missingRequirements({ platform: 'linux', userId: 1000, path: [directory] });
    expect(describeMissing(missing)).toContain('the lab needs root');
  });

  it('names no packages on another system than Linux', async () => {
    const missing = await missingRequirements({ platform: 'darwin', userId: 0, path: [] });
    expect(missing).toEqual({ machine: ['the lab boots Linux hosts, and this is darwin'], packages: [] });
  });

  it('says that it cannot install by itself where there is no apt-get', async () => {
    const missing = await missingRequirements({ platform: 'linux', userId: 0, path: [directory] });
    expect(describeMissing(missing)).toContain('on Debian and its relatives only');
  });
});
