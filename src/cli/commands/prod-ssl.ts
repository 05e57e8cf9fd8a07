// `veza-run prod ssl`: the wildcard certificate of infra.yaml, got by dns-01 and renewed when it is due.
import { exitCodes } from '../exit-codes.ts';
import type { CertificateFlags } from '../certificates.ts';
import type { ProdFlags } from '../prod/account.ts';
import { exitCodeOf, note, printJson, resultJson } from '../prod/present.ts';
import { certificateSourceOf, whyNoCertificate, workCertificate } from '../prod/ssl.ts';
import { withAccount } from '../prod/with-account.ts';
import type { WorkFlags } from '../prod/work.ts';

export interface SslFlags extends ProdFlags, WorkFlags, CertificateFlags {}

/** Resolves to the exit code. */
export async function prodSsl(flags: SslFlags): Promise<number> {
  return await withAccount(flags, { command: 'prod ssl', seconds: 600 }, async (account) => {
    const why = await whyNoCertificate(account, flags, true);
    const source = why === null ? certificateSourceOf(account, flags) : null;
    if (!source) {
      if (flags.json) printJson({ results: [], certificate: null });
      else note(why ?? '');
      return exitCodes.ok;
    }
    const results = await workCertificate(account, source, flags);
    const found = await source.current(account.infra.ssl?.wildcard.domains ?? []);
    if (flags.json) printJson({ results: results.map(resultJson), certificate: found && shown(found) });
    else if (found) note(`valid until ${new Date(found.notAfterMs).toISOString()}`);
    return exitCodeOf(results, flags.dryRun ?? false);
  });
}

function shown({ domains, fingerprint, notBeforeMs, notAfterMs }: SourceCertificate): object {
  const time = (milliseconds: number) => new Date(milliseconds).toISOString();
  return { domains, fingerprint, valid_from: time(notBeforeMs), valid_until: time(notAfterMs) };
}

type SourceCertificate = NonNullable<
  Awaited<ReturnType<NonNullable<ReturnType<typeof certificateSourceOf>>['current']>>
>;
