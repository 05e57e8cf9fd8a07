// What commands that get certificates share: their options, where certificates are kept, and what is told.
import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { systemAcmeClock } from '../acme/clock.ts';
import { AcmeManager } from '../acme/manager.ts';
import { hasAccount } from '../acme/session.ts';
import type { AcmeEvent, AcmeOptions, DnsChallenge } from '../acme/model.ts';
import { clouDnsChallenge } from '../infra/cloudns/challenge.ts';
import type { ClouDns } from '../infra/cloudns/client.ts';
import { messageOf, VezaError } from '../lib/errors.ts';
import { printNote } from './output.ts';

export interface CertificateFlags {
  /** `production`, `staging` or a URL. */
  readonly acme?: string;
  readonly email?: string;
  readonly agreeTerms?: boolean;
  /** File with the PEM of an authority to trust. */
  readonly acmeTrust?: string;
  readonly folder?: string;
  readonly nameserver?: readonly string[];
}

export function addCertificateOptions(command: Command): Command {
  return command
    .option('--acme <directory>', 'who issues: production, staging (Let’s Encrypt) or a URL', 'production')
    .option('--email <address>', 'where the authority may write to')
    .option('--agree-terms', 'you agree to the terms of the authority (asked once, for its account)')
    .option('--acme-trust <file>', 'PEM of a private authority to trust')
    .option('--folder <path>', 'where certificates are kept (default: /var/lib/veza-run, or in your home)')
    .option(
      '--nameserver <address...>',
      'ask these whether a challenge is shown (default: the servers that the zone names)',
    );
}

/** The folder of this user's certificates and domains: root's are the machine's. */
export function stateFolder({ folder }: Pick<CertificateFlags, 'folder'>): string {
  if (folder !== undefined) return resolve(folder);
  if (process.getuid?.() === 0) return '/var/lib/veza-run';
  return join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local/share'), 'veza-run');
}

export function openAcme(
  flags: CertificateFlags,
  more: Pick<AcmeOptions, 'allowedDomains' | 'http' | 'dns'>,
): AcmeManager {
  return new AcmeManager({
    directory: flags.acme ?? 'production',
    folder: join(stateFolder(flags), 'acme'),
    termsAgreed: flags.agreeTerms ?? false,
    clock: systemAcmeClock,
    trust: flags.acmeTrust === undefined ? undefined : readTrust(flags.acmeTrust),
    onEvent: tell,
    ...(flags.email !== undefined && { email: flags.email }),
    ...more,
  });
}

/** Whether somebody has agreed with this authority before. */
export async function hasAcmeAccount(flags: CertificateFlags): Promise<boolean> {
  return hasAccount({ directory: flags.acme ?? 'production', folder: join(stateFolder(flags), 'acme') });
}

export function dnsChallengeOf(flags: CertificateFlags, dns: ClouDns): DnsChallenge {
  return clouDnsChallenge({
    dns,
    clock: systemAcmeClock,
    ...(flags.nameserver !== undefined && { nameservers: flags.nameserver }),
  });
}

function readTrust(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new VezaError('file-not-found', `cannot read ${file}: ${messageOf(error)}`);
  }
}

/** Failures are told by whoever asked; the rest as it happens, beside the results. */
function tell(event: AcmeEvent): void {
  if (event.kind === 'ordering') printNote(`  asking for a certificate for ${event.domains.join(', ')}\n`);
  if (event.kind === 'left-behind') {
    printNote(`  the answer to ${event.challenge} for ${event.domain} could not be cleared away: ${event.reason}\n`);
  }
  if (event.kind === 'failed' && event.kept) {
    printNote(`  the certificate of before stays, until ${new Date(event.kept.notAfterMs).toISOString()}\n`);
  }
}
