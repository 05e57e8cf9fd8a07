// Domains with a real hosts file and a real local authority in a folder of their own.
import { X509Certificate } from 'node:crypto';
import { chmod, lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalAuthority } from '../../../src/acme/local-authority.ts';
import { AcmeManager } from '../../../src/acme/manager.ts';
import { systemAcmeClock } from '../../../src/acme/clock.ts';
import { HostsFile } from '../../../src/infra/domains/hosts-file.ts';
import { DomainManager } from '../../../src/infra/domains/manager.ts';

const before = '127.0.0.1 localhost\n';
let folder = '';
let hostsPath = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'veza-domains-'));
  hostsPath = join(folder, 'hosts');
  await writeFile(hostsPath, before);
});
afterEach(() => rm(folder, { recursive: true }));

function managerOf() {
  const authority = new LocalAuthority({ folder: join(folder, 'local'), clock: Date });
  // Nobody answers there: an order fails at once.
  const acme = (allowedDomains: readonly string[]) =>
    new AcmeManager({
      directory: 'https://127.0.0.1:1/dir',
      folder: join(folder, 'acme'),
      termsAgreed: true,
      allowedDomains,
      clock: { ...systemAcmeClock, sleep: () => Promise.resolve() },
    });
  const hosts = new HostsFile(hostsPath);
  return { authority, manager: new DomainManager({ folder, hosts, authority, acme }) };
}

describe('domains', () => {
  it('get a line and a certificate of the local authority that browsers can follow', async () => {
    const { authority, manager } = managerOf();
    const added = await manager.add('App.Test');
    expect(added).toMatchObject({ name: 'app.test', kind: 'local', inHosts: true });
    expect(await readFile(hostsPath, 'utf8')).toContain('127.0.0.1\tapp.test\t# managed by veza-run\n');
    const { certificate = '', keyFile = '', certificateFile = '' } = added.certificate ?? {};
    const leaf = new X509Certificate(certificate);
    const own = new X509Certificate((await authority.certificate()).pem);
    expect([leaf.checkIssued(own), leaf.verify(own.publicKey), leaf.checkHost('app.test')]).toEqual([
      true,
      true,
      'app.test',
    ]);
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    expect((await stat(certificateFile)).mode & 0o777).toBe(0o644);
    const days = (Date.parse(leaf.validTo) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(365);
    expect((await manager.list()).map(({ name }) => name)).toEqual(['app.test']);
    expect((await manager.add('app.test')).certificate?.fingerprint).toBe(added.certificate?.fingerprint);
  });

  it('leave nothing behind when they are removed', async () => {
    const { manager } = managerOf();
    await manager.add('app.test');
    await manager.add('other.localhost');
    await manager.remove('app.test');
    expect(await readFile(hostsPath, 'utf8')).not.toContain('app.test');
    expect((await manager.list()).map(({ name }) => name)).toEqual(['other.localhost']);
    expect(await readdir(join(folder, 'local', 'live'))).toEqual(['other.localhost']);
    await expect(manager.remove('app.test')).rejects.toMatchObject({ code: 'unknown-domain' });
  });

  it('undo what was done where a part fails', async () => {
    const { manager } = managerOf();
    await writeFile(join(folder, 'local'), 'a file where a folder should be');
    await expect(manager.add('app.test')).rejects.toThrow();
    expect(await readFile(hostsPath, 'utf8')).toBe(before);
    expect(await manager.list()).toEqual([]);
  });

  it('are not added where their certificate cannot be had', async () => {
    const { manager } = managerOf();
    await expect(manager.add('www.example.com')).rejects.toMatchObject({ code: 'acme-challenge-unavailable' });
    expect(await manager.list()).toEqual([]);
    expect(await readFile(hostsPath, 'utf8')).toBe(before);
  });

  it('have no certificate of the local authority where they are public', async () => {
    const { manager } = managerOf();
    await expect(manager.add('www.example.com', 'local')).rejects.toMatchObject({ code: 'acme-domain-not-allowed' });
    expect(await readFile(hostsPath, 'utf8')).toBe(before);
  });

  it.each(['', 'app', 'a b.test', '../x.test', 'a..test', '-a.test', `${'a'.repeat(64)}.test`])(
    'are refused with the name "%s"',
    async (name) => {
      await expect(managerOf().manager.add(name)).rejects.toMatchObject({ code: 'wrong-domain' });
    },
  );
});

describe('the hosts file', () => {
  it('stays a link, and keeps its mode', async () => {
    const target = join(folder, 'target');
    await writeFile(target, before);
    await chmod(target, 0o640);
    await rm(hostsPath);
    await symlink('target', hostsPath);
    await new HostsFile(hostsPath).set({ name: 'a.test', addresses: ['127.0.0.1'] });
    expect((await lstat(hostsPath)).isSymbolicLink()).toBe(true);
    expect((await stat(target)).mode & 0o777).toBe(0o640);
    expect(await readFile(target, 'utf8')).toContain('a.test');
  });

  it('keeps bytes that are no text, and edits that come at once', async () => {
    await writeFile(hostsPath, Buffer.from([0x23, 0xff, 0xfe, 0x0a]));
    const hosts = new HostsFile(hostsPath);
    const names = ['a.test', 'b.test', 'c.test'];
    await Promise.all(names.map((name) => hosts.set({ name, addresses: ['127.0.0.1'] })));
    expect((await readFile(hostsPath)).subarray(0, 4)).toEqual(Buffer.from([0x23, 0xff, 0xfe, 0x0a]));
    expect((await hosts.entries()).map(({ name }) => name)).toEqual(names);
    expect(await readdir(folder)).toEqual(['hosts']);
  });
});
