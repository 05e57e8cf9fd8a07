// `veza-run prod setup`: from an empty account to a load balancer and DNS, in steps: discover, lb, dns, verify.
import pc from 'picocolors';
import type { Unknown } from '../../core/unknown.ts';
import type { CloudResult } from '../../infra/converge.ts';
import { balancerResources, dnsResources } from '../../infra/desired/from-infra.ts';
import { VezaError } from '../../lib/errors.ts';
import { nearestName } from '../../lib/suggest.ts';
import { exitCodes } from '../exit-codes.ts';
import { print } from '../output.ts';
import { openAccount, type Account, type ProdFlags } from '../prod/account.ts';
import { currentOutputs } from '../prod/outputs.ts';
import { exitCodeOf, heading, note, resultJson, table } from '../prod/present.ts';
import { reportSections } from '../prod/sections.ts';
import { verify } from '../prod/verify.ts';
import { work, type WorkFlags } from '../prod/work.ts';

export interface SetupFlags extends ProdFlags, WorkFlags {
  readonly step?: string;
  readonly adopt?: boolean;
}

const steps = ['discover', 'lb', 'dns', 'verify'] as const;
type Step = (typeof steps)[number];

interface Setup {
  readonly account: Account;
  readonly flags: SetupFlags;
  readonly outputs: Map<string, string | Unknown>;
  readonly results: CloudResult[];
}

/** Resolves to the exit code. */
export async function prodSetup(flags: SetupFlags): Promise<number> {
  const chosen = stepsOf(flags.step);
  await using account = await openAccount(flags, 300);
  const setup: Setup = { account, flags, outputs: new Map(), results: [] };
  let code: number = exitCodes.ok;
  for (const step of chosen) {
    if (!flags.json) heading(`\n${step}`);
    code = Math.max(code, await run[step](setup));
    if (code > exitCodes.pending) break;
  }
  if (flags.json) print(`${JSON.stringify({ steps: chosen, results: setup.results.map(resultJson) }, null, 2)}\n`);
  else if (flags.step === undefined) reportSections(account.infra);
  return code;
}

function stepsOf(given: string | undefined): readonly Step[] {
  if (given === undefined) return steps;
  const found = steps.find((step) => step === given);
  if (found) return [found];
  const near = nearestName(given, steps);
  throw new VezaError('unknown-step', `there is no step "${given}"`, {
    hint: `${near === null ? '' : `Did you mean "${near}"? `}Steps are: ${steps.join(', ')}.`,
  });
}

const run: Readonly<Record<Step, (setup: Setup) => Promise<number>>> = { discover, lb, dns, verify: verifyStep };

/** What is there. Missing credentials are told and do no harm yet. */
async function discover({ account, flags }: Setup): Promise<number> {
  const tell = (text: string) => {
    if (!flags.json) print(text);
  };
  const rows: string[][] = [];
  await ifCredentials(tell, async () => {
    for (const { name, public_net: net, server_type: type, datacenter, status } of await account
      .cloud()
      .servers(account.signal)) {
      rows.push(['hcloud', name, net.ipv4?.ip ?? '-', type.name, datacenter?.name ?? '-', status]);
    }
  });
  await ifCredentials(tell, async () => {
    for (const server of await account.robot().servers(account.signal)) {
      rows.push(['hrobot', server.server_name, server.server_ip ?? '-', server.product, server.dc, server.status]);
    }
  });
  if (rows.length > 0)
    tell(table(rows, ['', 'NAME', 'ADDRESS', 'TYPE', 'WHERE', 'STATUS']).replaceAll(/^/gm, '  ').trimEnd() + '\n');
  for (const host of account.infra.hosts.values()) {
    if (!rows.some((row) => row[2] === host.ip))
      tell(`  ${pc.yellow(`! ${host.name} (${host.ip ?? '-'}) is not among the servers`)}\n`);
  }
  return exitCodes.ok;
}

async function ifCredentials(tell: (text: string) => void, use: () => Promise<void>): Promise<void> {
  try {
    await use();
  } catch (error) {
    if (!(error instanceof VezaError) || error.code !== 'missing-credentials') throw error;
    tell(`  ${pc.yellow(`! skipped, ${error.message}`)}\n`);
  }
}

async function lb({ account, flags, outputs, results }: Setup): Promise<number> {
  if (!account.infra.loadBalancer) {
    if (!flags.json) note('infra.yaml has no load_balancer');
    return exitCodes.ok;
  }
  const cloud = account.cloud();
  const servers = await cloud.servers(account.signal);
  const resources = balancerResources(account.infra, cloud, servers, { adopt: flags.adopt ?? false });
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

async function verifyStep({ account, flags }: Setup): Promise<number> {
  if (account.offline || flags.dryRun) {
    if (!flags.json) note(account.offline ? 'left out: there are no hosts behind --offline' : 'left out of a dry run');
    return exitCodes.ok;
  }
  return verify(account, flags.json ?? false);
}
