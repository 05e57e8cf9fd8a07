// Reads certificates (PEM) and judges whether one is what was asked for.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { messageOf } from '../lib/errors.ts';
import { AcmeError } from './errors.ts';
import type { CertificateInfo } from './model.ts';

/** Reads the leaf of a chain. Throws what node:crypto throws where it is none. */
export function readCertificate(chain: string): CertificateInfo {
  const leaf = new X509Certificate(chain);
  return {
    domains: domainsOf(leaf),
    issuer: /^CN=(.*)$/m.exec(leaf.issuer)?.[1] ?? leaf.issuer,
    serialNumber: leaf.serialNumber.toLowerCase(),
    fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    notBeforeMs: Date.parse(leaf.validFrom),
    notAfterMs: Date.parse(leaf.validTo),
  };
}

function domainsOf(leaf: X509Certificate): readonly string[] {
  const names = (leaf.subjectAltName ?? '').split(', ').flatMap((part) => /^DNS:(.+)$/.exec(part)?.[1] ?? []);
  return names.map((name) => name.toLowerCase());
}

/** Whether the certificate is for exactly these names. */
export function isForDomains({ domains }: Pick<CertificateInfo, 'domains'>, wanted: readonly string[]): boolean {
  return domains.length === new Set(wanted).size && wanted.every((name) => domains.includes(name));
}

/** Refuses an issued chain that is not what was asked for: it must never take the place of one that works. Throws AcmeError. */
export function checkIssued(chain: string, privateKey: string, wanted: readonly string[], nowMs: number): void {
  const refuse = (why: string) => new AcmeError('acme-bad-answer', `the authority's certificate ${why}`);
  try {
    const leaf = new X509Certificate(chain);
    const info = readCertificate(chain);
    const missing = wanted.filter((name) => !info.domains.includes(name));
    if (missing.length > 0) throw refuse(`is not for ${missing.join(', ')}`);
    if (info.notAfterMs <= nowMs) throw refuse(`has run out on ${leaf.validTo}`);
    if (!leaf.checkPrivateKey(createPrivateKey(privateKey))) throw refuse('is for another key');
  } catch (error) {
    throw error instanceof AcmeError ? error : refuse(`cannot be read: ${messageOf(error)}`);
  }
}
