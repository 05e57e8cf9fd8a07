// `veza-run prod setup`: from an empty account to a load balancer and DNS, in steps: discover, servers, ssl, lb, dns,
// snapshots, verify.
import pc from 'picocolors';
import type { Unknown } from '../../core/unknown.ts';
import type { CertificateSource } from '../../infra/certificate-source.ts';
import type { CloudResult } from '../../infra/converge.ts';
import { balancerResources, dnsResources } from '../../infra/desired/from-infra.ts';
import {
  serverResources,
  snapshotResources,
  wantsOfServers,
  wantsSnapshots,
} from '../../infra/desired/servers-from-infra.ts';
import type { Infra, InfraHost } from '../../infra/config/model.ts';
import { locationOf } from '../../infra/desired/server.ts';
import type { AnyCloudResource } from '../../infra/resource.ts';
import { referencesIn } from '../../infra/outputs.ts';
import { VezaError } from '../../lib/errors.ts';
import { suggestion } from '../../lib/suggest.ts';
import { terminalText } from '../../lib/terminal-text.ts';
import { exitCodes } from '../exit-codes.ts';
import { print, printNote } from '../output.ts';
import type { CertificateFlags } from '../certificates.ts';
import { refuseMissing, type Account, type ProdFlags, type Service } from '../prod/account.ts';
import { currentOutputs } from '../prod/outputs.ts';
import { exitCodeOf, heading, note, printJson, resultJson, table } from '../prod/present.ts';
import { reportSections } from '../prod/sections.ts';
import { certificateSourceOf, whyNoCertificate, workCertificate } from '../prod/ssl.ts';
import { verify, type Check } from '../prod/verify.ts';
import { withAccount } from '../prod/with-account.ts';
import { work, type WorkFlags } from '../prod/work.ts';

export interface SetupFlags extends ProdFlags, WorkFlags, CertificateFlags {
  readonly step?: string;
  readonly adopt?: boolean;
}

const steps = ['discover', 'servers', 'ssl', 'lb', 'dns', 'snapshots', 'verify'] as const;
type Step = (typeof steps)[number];

interface Setup {
  readonly account: Account;
  readonly flags: SetupFlags;
  readonly outputs: Map<string, string | Unknown>;
  readonly results: CloudResult[];
  /** What is there, found by `discover`. */
  readonly servers: FoundServer[];
  /** What `verify` found. */
  readonly checks: Check[];
  /** Who gets certificates, where somebody was set up to; known after `ssl`. */
  certificates: CertificateSource | null;
}

interface FoundServer {
  readonly type: InfraHost['type'];
  readonly name: string;
  readonly address: string;
  readonly product: string;
  readonly where: string;
  readonly status: string;
}

/** Resolves to the exit code. */
export async function prodSetup(flags: SetupFlags): Promise<number> {
  const chosen = stepsOf(flags.step);
  return await withAccount(flags, { command: 'prod setup', seconds: 300 }, async (account) => {
    const setup: Setup = {
      account,
      flags,
      outputs: new Map(),
      results: [],
      servers: [],
      checks: [],
      certificates: null,
    };
    let code: number = exitCodes.ok;
    const done: Step[] = [];
    for (const step of chosen) {
      if (flags.step === undefined && isIdle(step, account.infra)) continue;
      if (!flags.json) heading(done.length === 0 ? step : `\n${step}`);
      // What is missing for a later step is told before the first one changes anything.
      if (step !== 'discover') refuseMissing(account.missing(servicesOf(account.infra, chosen)));
      code = Math.max(code, await run[step](setup));
      done.push(step);
      if (code > exitCodes.pending) break;
    }
    const { servers, results, checks } = setup;
    if (flags.json) printJson({ steps: done, servers, results: results.map(resultJson), checks });
    else if (flags.step === undefined) reportSections(account.infra);
    return code;
  });
}

/** The services that the steps cannot do without. */
function servicesOf(infra: Infra, chosen: readonly Step[]): readonly Service[] {
  const dnsNeeds = [...(infra.dns?.zones.values() ?? [])].flat().some(({ value }) => referencesIn(value).length > 0);
  const balancer = infra.loadBalancer !== undefined && (chosen.includes('lb') || (chosen.includes('dns') && dnsNeeds));
  const idle = (step: Step) => !chosen.includes(step) || isIdle(step, infra);
  const cloud = balancer || !idle('servers') || !idle('snapshots');
  return [
    ...(cloud ? (['hcloud'] as const) : []),
    ...(infra.dns !== undefined && chosen.includes('dns') ? (['cloudns'] as const) : []),
    ...(infra.ssl !== undefined && chosen.length === 1 && chosen[0] === 'ssl' ? (['cloudns'] as const) : []),
  ];
}

/** Steps that the file has nothing for are not mentioned, if they are seldom used. */
function isIdle(step: Step, infra: Infra): boolean {
  if (step === 'servers') return !wantsOfServers(infra);
  return step === 'snapshots' && !wantsSnapshots(infra);
}

function stepsOf(given: string | undefined): readonly Step[] {
  if (given === undefined) return steps;
  const found = steps.find((step) => step === given);
  if (found) return [found];
  const near = suggestion(given, steps);
  throw new VezaError('unknown-step', `there is no step "${given}"`, {
    hint: `${near === undefined ? '' : `${near} `}Steps are: ${steps.join(', ')}.`,
  });
}

const run: Readonly<Record<Step, (setup: Setup) => Promise<number>>> = {
  discover,
  servers: serversStep,
  ssl,
  lb,
  dns,
  snapshots,
  verify: verifyStep,
};

/** What is there. Missing credentials are told and do no harm yet. */
async function discover({ account, flags, servers }: Setup): Promise<number> {
  const warn = (text: string) => {
    const line = pc.yellow(`! ${text}`);
    if (flags.json) printNote(`${line}\n`);
    else note(line);
  };
  const asked = new Set<InfraHost['type']>();
  for (const type of ['hcloud', 'hrobot'] as const) {
    const missing = account.missing([type]);
    if (missing.length > 0) {
      warn(`${type} is not asked: not set in the environment: ${missing.join(', ')}`);
      continue;
    }
    servers.push(...(await found[type](account)));
    asked.add(type);
  }
  if (servers.length > 0 && !flags.json) {
    const rows = servers.map(({ type, name, address, product, where, status }) => [
      ` ${type}`,
      name,
      address,
      product,
      where,
      terminalText(status),
    ]);
    print(table(rows, ['', 'NAME', 'ADDRESS', 'TYPE', 'WHERE', 'STATUS']));
  }
  for (const { name, ip = '-', type } of account.infra.hosts.values()) {
    if (asked.has(type) && !servers.some(({ address }) => address === ip))
      warn(`${name} (${ip}) is not among the servers of ${type}`);
  }
  return exitCodes.ok;
}

const found: Readonly<Record<InfraHost['type'], (account: Account) => Promise<readonly FoundServer[]>>> = {
  hcloud: async (account) =>
    (await account.cloud().servers(account.signal)).map((server) => ({
      type: 'hcloud',
      name: server.name,
      address: server.public_net.ipv4?.ip ?? server.public_net.ipv6?.ip ?? '-',
      product: server.server_type.name,
      where: locationOf(server),
      status: server.status,
    })),
  hrobot: async (account) =>
    (await account.robot().servers(account.signal)).map(
      ({ server_name: name, server_ip: address, product, dc: where, status }) => ({
        type: 'hrobot',
        name,
        address: address ?? '-',
        product,
        where,
        status,
      }),
    ),
};

/** Firewalls and reverse DNS of servers that are there. */
async function serversStep(setup: Setup): Promise<number> {
  const { account, flags } = setup;
  if (!wantsOfServers(account.infra)) return nothingFor(setup, 'firewalls and no rdns');
  const cloud = account.cloud();
  const there = await cloud.servers(account.signal);
  return worked(setup, serverResources(account.infra, cloud, there, { adopt: flags.adopt ?? false }));
}

async function snapshots(setup: Setup): Promise<number> {
  const { account } = setup;
  if (!wantsSnapshots(account.infra)) return nothingFor(setup, 'backups of type hcloud-snapshot');
  const cloud = account.cloud();
  const there = await cloud.servers(account.signal);
  return worked(
    setup,
    snapshotResources(account.infra, cloud, there, () => account.clock.now()),
  );
}

function nothingFor({ flags }: Setup, what: string): number {
  if (!flags.json) note(`infra.yaml has no ${what}`);
  return exitCodes.ok;
}

async function worked({ account, flags, results }: Setup, resources: readonly AnyCloudResource[]): Promise<number> {
  const found = await work(account, resources, flags);
  results.push(...found);
  return exitCodeOf(found, flags.dryRun ?? false);
}

/** The wildcard certificate. In a whole setup it is left out until somebody has agreed to an authority's terms. */
async function ssl(setup: Setup): Promise<number> {
  const { account, flags, results } = setup;
  const why = await whyNoCertificate(account, flags, flags.step === 'ssl');
  if (why !== null) {
    if (!flags.json) note(why);
    return exitCodes.ok;
  }
  setup.certificates = certificateSourceOf(account, flags);
  if (!setup.certificates) return exitCodes.ok;
  const found = await workCertificate(account, setup.certificates, flags);
  results.push(...found);
  return exitCodeOf(found, flags.dryRun ?? false);
}

async function lb({ account, flags, outputs, results, certificates }: Setup): Promise<number> {
  if (!account.infra.loadBalancer) {
    if (!flags.json) note('infra.yaml has no load_balancer');
    return exitCodes.ok;
  }
  const cloud = account.cloud();
  const servers = await cloud.servers(account.signal);
  const resources = balancerResources(account.infra, cloud, servers, {
    adopt: flags.adopt ?? false,
    certificates,
  });
  const found = await work(account, resources, flags, outputs);
  results.push(...found);
  return exitCodeOf(found, flags.dryRun ?? false);
}

async function dns({ account, flags, outputs, results }: Setup): Promise<number> {
  if (!account.infra.dns) {
    if (!flags.json) note('infra.yaml has no dns');
    return exitCodes.ok;
  }
  const service = account.dns();
  const allowedTtls = await service.availableTtls(account.signal);
  const resources = await dnsResources(account.infra, service, {
    adopt: flags.adopt ?? false,
    allowedTtls,
    signal: account.signal,
  });
  // Where the step before was left out, the balancer that is there gives its address.
  const needs = outputs.has('lb_ip') ? [] : resources.flatMap((resource) => resource.needs);
  const found = await work(account, resources, flags, new Map([...(await currentOutputs(account, needs)), ...outputs]));
  results.push(...found);
  return exitCodeOf(found, flags.dryRun ?? false);
}

async function verifyStep({ account, flags, checks }: Setup): Promise<number> {
  if (account.offline || flags.dryRun) {
    if (!flags.json) note(account.offline ? 'left out: there are no hosts behind --offline' : 'left out of a dry run');
    return exitCodes.ok;
  }
  checks.push(...(await verify(account)));
  for (const { what, problem } of flags.json ? [] : checks) {
    note(problem === null ? `${pc.green('ok')} ${what}` : `${pc.red('x')}  ${what}: ${terminalText(problem)}`);
  }
  return checks.every(({ problem }) => problem === null) ? exitCodes.ok : exitCodes.unreachable;
}
