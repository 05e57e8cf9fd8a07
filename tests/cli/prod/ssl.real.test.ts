// `veza-run prod ssl` as a program: ClouDNS's fake, our DNS server before it, and pebble as the authority.
import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLocalDns } from '../../../src/infra/local-dns/server.ts';
import { skipWithoutPebble, startPebble } from '../../acme/support/pebble.ts';
import { zonesOf } from '../../acme/support/zones.ts';
import { fixture } from '../../infra/support/account.ts';
import { changesOf, openProd, type ProdAccount } from './support.ts';

const started = new AsyncDisposableStack();
let at: ProdAccount;
let options = '';

beforeAll(async () => {
  if (skipWithoutPebble) return;
  // The balancer uses the wildcard certificate: it names no other.
  at = started.use(await openProd(fixture.replace(/^ {2}ssl:\n(?: {4}.*\n)+/m, '')));
  const dns = started.use(await startLocalDns({ port: 0, zones: zonesOf(at.cloudns), upstream: null }));
  const pebble = started.use(await startPebble({ resolver: `127.0.0.1:${dns.port}` }));
  const trust = join(at.folder, 'trust.pem');
  await writeFile(trust, pebble.trust);
  options = `--acme ${pebble.directory} --acme-trust ${trust} --nameserver 127.0.0.1:${dns.port} --folder ${at.folder}/state`;
}, 60_000);
afterAll(() => started.disposeAsync());

interface Printed {
  readonly results: readonly { readonly status: string; readonly action: string; readonly calls: readonly unknown[] }[];
  readonly certificate: { readonly domains: readonly string[]; readonly fingerprint: string } | null;
}

describe.skipIf(skipWithoutPebble)('prod ssl', () => {
  it('asks for consent to the terms before there is an account', async () => {
    const { exitCode, stdout, stderr } = await at.prod(`ssl ${options}`);
    expect(exitCode).toBe(3);
    expect(stdout + stderr).toContain('needs your consent to its terms');
    expect(changesOf(at)).toEqual([]);
  });

  it('plans, gets the certificate, and has nothing to do then', async () => {
    const planned = await at.prod(`ssl --dry-run --json ${options}`);
    expect(planned.exitCode).toBe(2);
    expect(JSON.parse(planned.stdout) as Printed).toMatchObject({
      results: [{ status: 'changed', action: 'create', calls: [{ api: 'acme', path: '/new-order' }] }],
      certificate: null,
    });
    expect(changesOf(at)).toEqual([]);

    const got = await at.prod(`ssl --agree-terms --email ops@example.com --json ${options}`);
    expect([got.exitCode, got.stderr.includes('asking for a certificate')]).toEqual([0, true]);
    const { certificate } = JSON.parse(got.stdout) as Printed;
    expect(certificate?.domains.toSorted()).toEqual(['*.example.com', 'example.com']);
    expect([...(at.cloudns.zones.get('example.com')?.values() ?? [])].filter(({ type }) => type === 'TXT')).toEqual([]);

    const again = await at.prod(`ssl --json ${options}`);
    expect(again.exitCode).toBe(0);
    const printed = JSON.parse(again.stdout) as Printed;
    expect(printed.results.map(({ status }) => status)).toEqual(['ok']);
    expect(printed.certificate?.fingerprint).toBe(certificate?.fingerprint);
  });

  it('gives the certificate to the load balancer that is set up with it', async () => {
    const { exitCode, stdout } = await at.prod(`setup --step lb --json ${options}`);
    expect(exitCode, stdout).toBe(0);
    const upload = at.hcloud.log.find(({ method, path }) => method === 'POST' && path === '/certificates');
    const body = JSON.parse(upload?.text ?? '{}') as Record<string, string>;
    expect(body).toMatchObject({ type: 'uploaded' });
    const leaf = new X509Certificate(body['certificate'] ?? '');
    expect(leaf.subjectAltName).toContain('DNS:*.example.com');
    // No secret of it is printed.
    const key = body['private_key'] ?? '';
    expect(key).toContain('PRIVATE KEY');
    expect(at.everythingSaid()).not.toContain(key.split('\n')[1]);
    const live = join(at.folder, 'state/acme');
    const { readdir } = await import('node:fs/promises');
    const [authority = ''] = await readdir(live);
    expect(await readFile(join(live, authority, 'live/_wildcard_.example.com/privkey.pem'), 'utf8')).toBe(key);
  });
});
