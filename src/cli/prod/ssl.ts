// The wildcard certificate of infra.yaml's `ssl` section: who gets it, and its part in a plan.
import { acmeCertificates } from '../../infra/acme-source.ts';
import type { CertificateSource } from '../../infra/certificate-source.ts';
import type { CloudResult } from '../../infra/converge.ts';
import { acmeCertificateResource } from '../../infra/desired/acme-certificate.ts';
import { dnsChallengeOf, hasAcmeAccount, openAcme, type CertificateFlags } from '../certificates.ts';
import type { Account } from './account.ts';
import { work, type WorkFlags } from './work.ts';

/** `null` where infra.yaml has no such section. */
export function certificateSourceOf(account: Account, flags: CertificateFlags): CertificateSource | null {
  const domains = account.infra.ssl?.wildcard.domains;
  if (!domains) return null;
  const manager = openAcme(flags, { allowedDomains: domains, dns: dnsChallengeOf(flags, account.dns()) });
  return acmeCertificates(manager, () => account.clock.now());
}

/** Plans or applies it; the results as of all things in the cloud. */
export async function workCertificate(
  account: Account,
  source: CertificateSource,
  flags: WorkFlags,
): Promise<readonly CloudResult[]> {
  const domains = account.infra.ssl?.wildcard.domains ?? [];
  return work(account, [acmeCertificateResource(domains, source)], flags);
}

/** Why a setup does without, for people; `null` where it gets one. Whoever asks for the step gets it, or its error. */
export async function whyNoCertificate(
  account: Account,
  flags: CertificateFlags,
  asked: boolean,
): Promise<string | null> {
  if (!account.infra.ssl) return 'infra.yaml has no ssl';
  if (account.offline) return 'left out: there is no authority behind --offline';
  if (asked || flags.agreeTerms || (await hasAcmeAccount(flags))) return null;
  return 'left out: no authority was agreed with yet (--agree-terms, --email)';
}
