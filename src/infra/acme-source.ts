// Certificates for the cloud from an ACME authority.
import type { AcmeManager } from '../acme/manager.ts';
import type { StoredCertificate, WantedCertificate } from '../acme/model.ts';
import type { CertificateSource } from './certificate-source.ts';

export function acmeCertificates(manager: AcmeManager, now: () => number): CertificateSource {
  return {
    current: async (domains) => {
      const found = await storedFor(manager, domains);
      return found && found.notAfterMs > now() ? found : null;
    },
    isDue: (domains) => manager.isDue(wantedFor(domains)),
    obtain: (domains, signal) => manager.ensure(wantedFor(domains), signal),
  };
}

/** A certificate is filed under its first domain. */
export function wantedFor(domains: readonly string[]): WantedCertificate {
  return { name: domains[0] ?? '', domains: domains.map((domain) => domain.toLowerCase()), challenge: 'dns-01' };
}

async function storedFor(manager: AcmeManager, domains: readonly string[]): Promise<StoredCertificate | null> {
  const { name, domains: wanted } = wantedFor(domains);
  const found = await manager.current(name);
  const same = found?.domains.length === wanted.length && wanted.every((domain) => found.domains.includes(domain));
  return same ? found : null;
}
