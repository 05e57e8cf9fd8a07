// `veza-run domains` and `veza-run dns serve` as programs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect as connectTls, createServer as createTls, type TLSSocket } from 'node:tls';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Resolver } from 'node:dns/promises';
import { skipWithoutPebble, startPebble } from '../acme/support/pebble.ts';
import { startLocalDns } from '../../src/infra/local-dns/server.ts';
import { projectDirectory, vezaRun } from '../support/cli.ts';
import { portOf } from '../support/ports.ts';

let folder = '';
let hosts = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'veza-domains-'));
  hosts = join(folder, 'hosts');
  await writeFile(hosts, '127.0.0.1 localhost\n');
});
afterEach(() => rm(folder, { recursive: true }));

const domains = (words: string) =>
  vezaRun(['domains', ...words.split(' '), '--folder', join(folder, 'state'), '--hosts-file', hosts]);

describe('veza-run domains', () => {
  it('adds a name that a TLS client can use, lists it, and removes it', async () => {
    const added = await domains('add app.test --json');
    expect([added.exitCode, added.stderr]).toEqual([0, '']);
    const printed = JSON.parse(added.stdout) as {
      certificate: { file: string; key_file: string };
      in_hosts_file: boolean;
    };
    expect(printed.in_hosts_file).toBe(true);
    const [cert, key, ca] = await Promise.all(
      [printed.certificate.file, printed.certificate.key_file, join(folder, 'state/local/ca.pem')].map((file) =>
        readFile(file, 'utf8'),
      ),
    );
    const server = createTls(
      { cert: cert ?? '', key: key ?? '' },
      (socket: TLSSocket) => void socket.end('hello'),
    ).listen(0);
    await once(server, 'listening');
    const port = portOf(server);
    const client = connectTls({ host: '127.0.0.1', port, servername: 'app.test', ca: ca ?? '' });
    const [hello] = (await once(client, 'data')) as [Buffer];
    expect([client.authorized, hello.toString()]).toEqual([true, 'hello']);
    client.destroy();
    server.close();

    expect((await domains('list')).stdout).toMatch(/DOMAIN.*\napp\.test +local +20\d\d-/);
    expect((await domains('remove app.test')).exitCode).toBe(0);
    expect(await readFile(hosts, 'utf8')).toBe('127.0.0.1 localhost\n');
    expect((await domains('list')).stdout).toBe('no domains were added yet\n');
  });

  it('says what is wrong, and changes nothing', async () => {
    const unknown = await domains('remove app.test');
    expect([unknown.exitCode, unknown.stderr]).toEqual([1, expect.stringContaining('[unknown-domain]')]);
    await writeFile(hosts, '10.1.1.1 app.test\n');
    const conflict = await domains('add app.test');
    expect(conflict.exitCode).toBe(1);
    expect(conflict.stderr).toContain('line 1 of the hosts file gives app.test the address 10.1.1.1');
    expect(await readFile(hosts, 'utf8')).toBe('10.1.1.1 app.test\n');
    const consent = await domains('add www.example.com --acme https://127.0.0.1:1/dir');
    expect(consent.stderr).toContain('[acme-terms-not-agreed]');
    expect((await domains('list --json')).stdout).toBe('[]\n');
  });

  it.skipIf(skipWithoutPebble)('gets a certificate of a public authority, answering on its port itself', async () => {
    await using dns = await startLocalDns({ port: 0, upstream: null, localNames: ['www.example.com'] });
    await using pebble = await startPebble({ resolver: `127.0.0.1:${dns.port}` });
    await writeFile(join(folder, 'trust.pem'), pebble.trust);
    const acme = `--acme ${pebble.directory} --acme-trust ${folder}/trust.pem --http-port ${pebble.httpPort}`;
    const added = await domains(`add www.example.com --agree-terms ${acme}`);
    expect([added.exitCode, added.stdout]).toEqual([0, expect.stringMatching(/with a certificate until 20\d\d-/)]);
    const again = await domains(`renew ${acme}`);
    expect([again.exitCode, again.stdout, again.stderr]).toEqual([0, '1 of 1 are as they should be\n', '']);
    expect(await readFile(hosts, 'utf8')).toBe('127.0.0.1 localhost\n');
  });
});

describe('veza-run dns serve', () => {
  it('answers until it is told to end', async () => {
    const words = ['dns', 'serve', '--port', '0', '--no-upstream', '--name', 'mine.example.org'];
    const child = spawn(process.execPath, [resolve(projectDirectory, 'bin/veza-run.js'), ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [first] = (await once(child.stdout, 'data')) as [Buffer];
    const port = /port (\d+) \(UDP and TCP\); all else is refused\n$/.exec(first.toString())?.[1] ?? '';
    const resolver = new Resolver({ timeout: 15_000, tries: 1 });
    resolver.setServers([`127.0.0.1:${port}`]);
    expect(await resolver.resolve4('mine.example.org')).toEqual(['127.0.0.1']);
    expect(await resolver.resolve6('app.test')).toEqual(['::1']);
    await expect(resolver.resolve4('example.com')).rejects.toMatchObject({ code: 'EREFUSED' });
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it.each([
    ['--upstream', 'not an address', 'upstream must be an address'],
    ['--port', '70000', 'must be a number from 0 to 65535'],
    ['--timeout', 'soon', 'must be a number from 1 to 60000'],
  ])('refuses %s "%s"', async (option, value, message) => {
    const { exitCode, stderr } = await vezaRun(['dns', 'serve', option, value]);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(message)]);
  });
});
