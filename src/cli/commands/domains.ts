// `veza-run domains add|remove|list|renew`: names that lead to this machine, with certificates.
import { join } from 'node:path';
import { systemAcmeClock } from '../../acme/clock.ts';
import { startHttpResponder } from '../../acme/http-responder.ts';
import { LocalAuthority } from '../../acme/local-authority.ts';
import type { AcmeOptions } from '../../acme/model.ts';
import { HostsFile } from '../../infra/domains/hosts-file.ts';
import { DomainManager, type ListedDomain } from '../../infra/domains/manager.ts';
import { VezaError } from '../../lib/errors.ts';
import { dnsChallengeOf, openAcme, stateFolder, type CertificateFlags } from '../certificates.ts';
import { exitCodes } from '../exit-codes.ts';
import { print, printError } from '../output.ts';
import { clouDnsOfEnvironment } from '../prod/account.ts';
import { table } from '../prod/present.ts';

export interface DomainFlags extends CertificateFlags {
  readonly local?: boolean;
  readonly public?: boolean;
  readonly challenge: string;
  readonly httpPort: string;
  readonly hostsFile: string;
  readonly json?: boolean;
}

export async function domainsAdd(name: string, flags: DomainFlags): Promise<number> {
  if (flags.local && flags.public) throw new VezaError('wrong-option', 'a domain is either --local or --public');
  return withManager(flags, async (manager, authority) => {
    const kind = flags.local ? 'local' : flags.public ? 'acme' : undefined;
    const added = await manager.add(name, kind);
    if (flags.json) print(`${JSON.stringify(shown(added), null, 2)}\n`);
    else {
      print(`${added.name} leads here, with a certificate until ${until(added)}\n`);
      print(
        `  certificate: ${added.certificate?.certificateFile ?? '-'}\n  key:         ${added.certificate?.keyFile ?? '-'}\n`,
      );
      if (added.kind === 'local') print(`  browsers must trust ${(await authority.certificate()).file}\n`);
    }
    return exitCodes.ok;
  });
}

export async function domainsRemove(name: string, flags: DomainFlags): Promise<number> {
  return withManager(flags, async (manager) => {
    await manager.remove(name);
    if (!flags.json) print(`${name} is removed\n`);
    return exitCodes.ok;
  });
}

export async function domainsList(flags: DomainFlags): Promise<number> {
  return withManager(flags, async (manager) => {
    const all = await manager.list();
    if (flags.json) print(`${JSON.stringify(all.map(shown), null, 2)}\n`);
    else if (all.length === 0) print('no domains were added yet\n');
    else {
      const rows = all.map((one) => [one.name, one.kind, until(one), one.inHosts === false ? 'missing' : '']);
      print(table(rows, ['DOMAIN', 'KIND', 'CERTIFICATE UNTIL', 'HOSTS FILE']));
    }
    return exitCodes.ok;
  });
}

export async function domainsRenew(flags: DomainFlags): Promise<number> {
  return withManager(flags, async (manager) => {
    const results = await manager.renew();
    for (const { error } of results) if (error) printError(error);
    if (!flags.json)
      print(`${results.filter(({ error }) => !error).length} of ${results.length} are as they should be\n`);
    return results.some(({ error }) => error) ? exitCodes.taskFailed : exitCodes.ok;
  });
}

async function withManager(
  flags: DomainFlags,
  use: (manager: DomainManager, authority: LocalAuthority) => Promise<number>,
): Promise<number> {
  const folder = stateFolder(flags);
  const authority = new LocalAuthority({ folder: join(folder, 'local'), clock: systemAcmeClock });
  const hosts = new HostsFile(flags.hostsFile);
  const challenge = challengeOf(flags);
  const manager = new DomainManager({
    folder,
    hosts,
    authority,
    acme: (allowedDomains) => openAcme(flags, { allowedDomains, ...challenge }),
  });
  return use(manager, authority);
}

/** How the authority is convinced; what it needs is opened when an order comes to it. */
function challengeOf(flags: DomainFlags): Pick<AcmeOptions, 'http' | 'dns'> {
  if (flags.challenge === 'http-01') return { http: responderOnDemand(Number(flags.httpPort)) };
  if (flags.challenge !== 'dns-01') {
    throw new VezaError('wrong-option', `--challenge must be http-01 or dns-01, not "${flags.challenge}"`);
  }
  const open = () => dnsChallengeOf(flags, clouDnsOfEnvironment(process.env));
  return {
    dns: {
      present: (name, value, signal) => open().present(name, value, signal),
      remove: (name, value, signal) => open().remove(name, value, signal),
      ready: async (name, value, signal) => open().ready?.(name, value, signal),
    },
  };
}

/** Port 80 is taken only while there is something to answer. */
function responderOnDemand(port: number): NonNullable<AcmeOptions['http']> {
  let responder: ReturnType<typeof startHttpResponder> | null = null;
  let tokens = 0;
  return {
    present: async (host, token, keyAuthorization) => {
      tokens += 1;
      responder ??= startHttpResponder(port);
      await (await responder).present(host, token, keyAuthorization);
    },
    remove: async () => {
      tokens -= 1;
      if (tokens > 0 || !responder) return;
      const ending = responder;
      responder = null;
      await (await ending)[Symbol.asyncDispose]();
    },
  };
}

function until({ certificate }: ListedDomain): string {
  return certificate ? new Date(certificate.notAfterMs).toISOString().slice(0, 10) : 'none';
}

function shown({ name, kind, certificate, inHosts }: ListedDomain): object {
  return {
    name,
    kind,
    in_hosts_file: inHosts,
    certificate: certificate && {
      file: certificate.certificateFile,
      key_file: certificate.keyFile,
      valid_until: new Date(certificate.notAfterMs).toISOString(),
      fingerprint: certificate.fingerprint,
    },
  };
}
