// Certificates of the load balancer: Hetzner gets those of plain names; those with wildcards are uploaded, and again when renewed.
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { describe, expect, it } from 'vitest';
import { shown } from '../../src/infra/desired/attributes.ts';
import type { Unknown } from '../../src/core/unknown.ts';
import type { CertificateSource, SourcedCertificate } from '../../src/infra/certificate-source.ts';
import { converge, type CloudResult } from '../../src/infra/converge.ts';
import { balancerResources } from '../../src/infra/desired/balancer-from-infra.ts';
import { changesIn, infraOf, openAccount, type TestAccount } from './support/account.ts';

const text = `
hosts:
  de: { ip: 192.0.2.21, type: hrobot }
load_balancer:
  name: hermes
  type: lb11
  location: fsn1
  backends: [{ host: de, port: 80 }]
  listeners: [{ frontend: 443, backend: 80, protocol: https }]
ssl:
  wildcard: { domains: ['*.example.com', example.com] }
`;
const domains = ['*.example.com', 'example.com'];

async function newCertificate(): Promise<SourcedCertificate> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: 'CN=example.com',
      notBefore: new Date('2026-01-01'),
      notAfter: new Date('2036-01-01'),
      signingAlgorithm: algorithm,
      keys,
      extensions: [new x509.SubjectAlternativeNameExtension(domains.map((value) => ({ type: 'dns', value })))],
    },
    webcrypto,
  );
  const fingerprint = Buffer.from(await webcrypto.subtle.digest('SHA-256', made.rawData)).toString('hex');
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    domains,
    certificate: made.toString('pem'),
    privateKey: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
    fingerprint,
    notBeforeMs: Date.parse('2026-01-01'),
    notAfterMs: Date.parse('2036-01-01'),
  };
}

/** Has no certificate until it is asked to get one; `renew` makes the next one due. */
function newSource(): CertificateSource & { renew(): void; readonly got: SourcedCertificate[] } {
  const got: SourcedCertificate[] = [];
  let due = true;
  return {
    got,
    renew: () => (due = true),
    current: () => Promise.resolve(got.at(-1) ?? null),
    isDue: () => Promise.resolve(due),
    obtain: async () => {
      if (due) got.push(await newCertificate());
      due = false;
      return got.at(-1) ?? (await newCertificate());
    },
  };
}

async function work(
  at: TestAccount,
  more: { readonly certificates?: CertificateSource; readonly dryRun?: boolean; readonly text?: string } = {},
): Promise<readonly CloudResult[]> {
  const infra = infraOf(more.text ?? text);
  const { certificates = null, dryRun = false } = more;
  return converge(await balancerResources(infra, at.cloud, { adopt: false, certificates }), {
    dryRun,
    allowDestroy: false,
    concurrency: 8,
    outputs: new Map<string, string | Unknown>(),
    clock: at.clock,
    onResult: () => undefined,
  });
}

const paths = (results: readonly CloudResult[]) =>
  results.flatMap(({ calls }) => calls).map(({ method, path }) => `${method} ${path}`);
const made = (at: TestAccount) =>
  at.hcloud.log.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`);

describe('certificates of the load balancer', () => {
  it('with wildcards are not asked of Hetzner, which would refuse', async () => {
    await using at = await openAccount();
    for (const dryRun of [true, false]) {
      const [certificate, balancer] = await work(at, { dryRun });
      expect(certificate).toMatchObject({ status: 'failed', error: { code: 'certificate-source' } });
      expect(balancer?.status).toBe('skipped');
    }
    expect(changesIn(at)).toEqual([]);
  });

  it('of plain names are got by Hetzner', async () => {
    await using at = await openAccount();
    await work(at, { text: text.replace("'*.example.com', ", '') });
    expect([...at.hcloud.state.objects.certificates.values()]).toMatchObject([
      { type: 'managed', name: 'example.com' },
    ]);
  });

  it('of zones that are at ClouDNS are got by dns-01 where somebody gets them, since Hetzner has no such zone', async () => {
    await using at = await openAccount();
    const plain = text.replace("'*.example.com', ", '');
    const zones = `${plain}\ndns: { zones: { example.com: { records: [] } } }\n`;
    const results = await work(at, { text: zones, certificates: newSource() });
    expect(results.filter(({ status }) => status === 'failed')).toEqual([]);
    expect([...at.hcloud.state.objects.certificates.values()]).toMatchObject([{ type: 'uploaded' }]);
  });

  it('with wildcards are uploaded, used, and not uploaded again', async () => {
    await using at = await openAccount();
    const source = newSource();
    const foretold = await work(at, { certificates: source, dryRun: true });
    expect(source.got).toEqual([]);
    const results = await work(at, { certificates: source });
    expect(results.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(made(at)).toEqual(paths(foretold));
    expect([...at.hcloud.state.objects.certificates.values()]).toMatchObject([
      { type: 'uploaded', domain_names: domains },
    ]);
    const again = await work(at, { certificates: source });
    expect(again.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok']);
    // The key is in the request and nowhere else.
    expect(JSON.stringify(shown(results))).not.toContain('PRIVATE KEY');
    // Without the source at hand, what is there is used.
    expect((await work(at)).map(({ status }) => status)).toEqual(['ok', 'ok']);
  });

  it('take the place of the old ones when they are renewed, without a moment without one', async () => {
    await using at = await openAccount();
    const source = newSource();
    await work(at, { certificates: source });
    const before = made(at).length;
    const [old] = at.hcloud.state.objects.certificates.keys();
    source.renew();
    const foretold = await work(at, { certificates: source, dryRun: true });
    expect(made(at)).toHaveLength(before);
    const results = await work(at, { certificates: source });
    expect(results.map(({ status }) => status)).toEqual(['changed', 'changed', 'changed']);
    const calls = made(at).slice(before);
    expect(calls).toEqual(paths(foretold));
    expect(calls.map((call) => call.replace(/\d+/, 'ID'))).toEqual([
      'POST /certificates',
      'POST /load_balancers/ID/actions/update_service',
      'DELETE /certificates/ID',
    ]);
    const left = [...at.hcloud.state.objects.certificates.keys()];
    expect(left).toHaveLength(1);
    expect(left).not.toContain(old);
    expect((await work(at, { certificates: source })).map(({ status }) => status)).toEqual(['ok', 'ok', 'ok']);
  });

  it('that others uploaded under that name are used as they are', async () => {
    await using at = await openAccount();
    at.hcloud.state.objects.certificates.set(3, {
      id: 3,
      name: 'wildcard.example.com',
      type: 'uploaded',
      domain_names: domains,
      fingerprint: 'AA:BB',
      labels: {},
    });
    const results = await work(at, { certificates: newSource() });
    expect(results.map(({ status }) => status)).toEqual(['ok', 'changed', 'ok']);
    expect(made(at)).toEqual(['POST /load_balancers']);
    expect([...at.hcloud.state.objects.certificates.keys()]).toEqual([3]);
  });
});
