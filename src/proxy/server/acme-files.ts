// Certificates that the proxy got by ACME, as it finds them on disk. There may be none yet.
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { WantedCertificate } from '../../acme/model.ts';
import { refusedDomains } from '../../acme/schedule.ts';
import { authorityFolder } from '../../acme/session.ts';
import { liveFolder } from '../../acme/store.ts';
import type { ProxyConfig } from '../core/config/model.ts';
import type { AcmeConfig, AcmeSource } from '../core/config/tls-model.ts';
import { type Complain, readPair } from './certificate-files.ts';
import type { CertificateMaterial } from './tls-material.ts';

/** What is filed under the first of its domains. */
function wantedFor({ acme: domains, challenge }: AcmeSource, usual: WantedCertificate['challenge']): WantedCertificate {
  const how = domains.some((domain) => domain.startsWith('*.')) ? 'dns-01' : (challenge ?? usual ?? 'http-01');
  return { name: domains[0] ?? '', domains, challenge: how };
}

/** All that a configuration wants, each once. */
export function allWanted({ frontends, acme }: ProxyConfig): readonly WantedCertificate[] {
  const found = new Map<string, WantedCertificate>();
  for (const { tls } of frontends) {
    for (const source of tls?.certificates ?? []) {
      if (typeof source === 'object' && 'acme' in source) {
        const wanted = wantedFor(source, acme?.challenge);
        found.set(wanted.name, wanted);
      }
    }
  }
  return [...found.values()];
}

/** Names that may not be asked for are an error: who wrote them expects a certificate. */
export function checkAllowed({ hosts }: AcmeConfig, domains: readonly string[], complain: Complain): void {
  const refused = refusedDomains(domains, hosts);
  if (refused.length === 0) return;
  complain(
    'acme-host-not-allowed',
    `not among acme.hosts: ${refused.join(', ')}`,
    'Only what is listed there is ever asked for.',
  );
}

/** The certificate that holds, if there is one yet; what is wrong with it will be mended by the next one. */
export function readKept(
  acme: AcmeConfig,
  domains: readonly string[],
  nowMs: number,
  complain: Complain,
): CertificateMaterial | undefined {
  const version = keptVersion(acme, { name: domains[0] ?? '' });
  if (version === undefined) return undefined;
  const pair = readPair(join(version, 'fullchain.pem'), join(version, 'privkey.pem'), nowMs, complain);
  return pair && { ...pair, isKept: true };
}

/** Resolved once, so that both files are of one version: a renewal replaces the link that leads there. */
export function keptVersion(acme: AcmeConfig, { name }: Pick<WantedCertificate, 'name'>): string | undefined {
  try {
    return realpathSync(liveFolder(authorityFolder({ directory: acme.directory, folder: acme.storage }), name));
  } catch {
    return undefined;
  }
}
