// `veza-run prod dns list|set|rm|diff`: records of a zone, by hand or compared with infra.yaml.
import { allowedTtl, hostIn, recordTypes, shownHost, shownValue } from '../../infra/cloudns/records.ts';
import type { DnsRecord } from '../../infra/cloudns/records.ts';
import type { CloudResult } from '../../infra/converge.ts';
import { dnsResources } from '../../infra/desired/from-infra.ts';
import { absentRecordSet, recordSetResource } from '../../infra/desired/record-set.ts';
import { zoneView } from '../../infra/desired/zone-view.ts';
import { ApiError } from '../../infra/http/errors.ts';
import { VezaError } from '../../lib/errors.ts';
import { suggestion } from '../../lib/suggest.ts';
import { terminalText } from '../../lib/terminal-text.ts';
import { exitCodes } from '../exit-codes.ts';
import { print } from '../output.ts';
import type { Account, ProdFlags } from '../prod/account.ts';
import { exitCodeOf, printJson, resultJson, table } from '../prod/present.ts';
import { work, type WorkFlags } from '../prod/work.ts';
import { currentOutputs } from '../prod/outputs.ts';
import { withAccount } from '../prod/with-account.ts';

export interface DnsFlags extends ProdFlags, WorkFlags {
  readonly zone?: string;
  readonly ttl?: string;
  readonly priority?: string;
  readonly weight?: string;
  readonly port?: string;
  readonly adopt?: boolean;
}

const seconds = 30;

export function dnsList(flags: DnsFlags): Promise<number> {
  return withAccount(flags, { command: 'prod dns list', seconds }, async (account) => {
    const zone = await zoneOf(account, flags.zone);
    const records = await recordsOf(account, zone);
    if (flags.json) {
      printJson(records);
      return exitCodes.ok;
    }
    const rows = records.map((record) => [
      record.id,
      record.type,
      shownHost(record.host),
      String(record.ttl),
      terminalText(shownValue(record)),
    ]);
    print(rows.length === 0 ? `No records found in ${zone}\n` : table(rows, ['ID', 'TYPE', 'HOST', 'TTL', 'VALUE']));
    return exitCodes.ok;
  });
}

/** Makes the record what is given; refuses where several records stand there, because one of them would be lost. */
export function dnsSet(host: string, type: string, value: string, flags: DnsFlags): Promise<number> {
  const kind = typeOf(type);
  const given = partsOf(kind, flags);
  return withAccount(flags, { command: 'prod dns set', seconds }, async (account) => {
    const zone = await zoneOf(account, flags.zone);
    const dns = account.dns();
    const place = { zone, host: hostIn(zone, host), type: kind };
    refuseAmbiguous(await recordsOf(account, zone), place);
    const allowedTtls = await dns.availableTtls(account.signal);
    const ttl = allowedTtl(numberOf('ttl', flags.ttl) ?? 300, allowedTtls);
    const wanted = { ...place, ttl, values: [{ value, ...given }] };
    const view = zoneView(dns, zone, account.signal);
    const resource = recordSetResource(dns, view, wanted, { adopt: true, marked: false, allowedTtls });
    const results = await work(account, [resource], flags, await currentOutputs(account, resource.needs));
    return told(results, flags, 'Record already correct');
  });
}

export function dnsRemove(host: string, type: string, flags: DnsFlags): Promise<number> {
  const kind = typeOf(type);
  return withAccount(flags, { command: 'prod dns rm', seconds }, async (account) => {
    const zone = await zoneOf(account, flags.zone);
    const dns = account.dns();
    const at = { zone, host: hostIn(zone, host), type: kind };
    await recordsOf(account, zone);
    const resource = absentRecordSet(dns, zoneView(dns, zone, account.signal), at);
    // To name it is to allow it.
    const results = await work(account, [resource], { ...flags, allowDestroy: true });
    return told(results, flags, `There is no ${kind} record of ${shownHost(at.host)} in ${zone}`);
  });
}

/** What `prod setup --step dns` would do. */
export function dnsDiff(flags: DnsFlags): Promise<number> {
  return withAccount(flags, { command: 'prod dns diff', seconds }, async (account) => {
    const zones = [...(account.infra.dns?.zones.keys() ?? [])];
    const wanted = flags.zone?.toLowerCase();
    if (wanted !== undefined && !zones.includes(wanted)) throw unknownZone(wanted, zones, account.infra.file);
    const dns = account.dns();
    const allowedTtls = await dns.availableTtls(account.signal);
    const options = { adopt: flags.adopt ?? false, allowedTtls, signal: account.signal };
    const all = await dnsResources(account.infra, dns, options);
    const resources = wanted === undefined ? all : all.filter(({ key }) => key.startsWith(`dns:${wanted}/`));
    const needs = resources.flatMap((resource) => resource.needs);
    const dry = { ...flags, dryRun: true };
    return told(await work(account, resources, dry, await currentOutputs(account, needs)), dry, null);
  });
}

function told(results: readonly CloudResult[], flags: DnsFlags, unchanged: string | null): number {
  if (flags.json) printJson(results.map(resultJson));
  else if (unchanged !== null && results.every(({ status }) => status === 'ok')) print(`${unchanged}\n`);
  return exitCodeOf(results, flags.dryRun ?? false);
}

/** The zone that is named, or the only one of infra.yaml. Throws VezaError. */
async function zoneOf(account: Account, given: string | undefined): Promise<string> {
  if (given !== undefined) return given.toLowerCase().replace(/\.$/, '');
  const zones = [...(account.infra.dns?.zones.keys() ?? [])];
  const [only] = zones;
  if (only !== undefined && zones.length === 1) return only;
  const known = zones.length > 0 ? zones : (await account.dns().zones(account.signal)).map(({ name }) => name);
  throw new VezaError('missing-zone', 'which zone?', { hint: `Name it with --zone: ${known.join(', ')}.` });
}

/** Throws VezaError `unknown-zone`, with the zones that the account has. */
async function recordsOf(account: Account, zone: string): Promise<readonly DnsRecord[]> {
  const dns = account.dns();
  try {
    return await dns.records(zone, account.signal);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'api-not-found') throw error;
    throw unknownZone(
      zone,
      (await dns.zones(account.signal)).map(({ name }) => name),
      'the account',
    );
  }
}

function unknownZone(zone: string, known: readonly string[], place: string): VezaError {
  const hint = suggestion(zone, known) ?? `Zones are: ${known.join(', ') || 'none'}.`;
  return new VezaError('unknown-zone', `${place} has no zone "${zone}"`, { hint });
}

function typeOf(given: string): string {
  const type = given.toUpperCase();
  if (recordTypes.some((known) => known === type)) return type;
  throw new VezaError('unknown-record-type', `there are no records of type "${given}"`, {
    hint: suggestion(type, recordTypes) ?? `Types are: ${recordTypes.join(', ')}.`,
  });
}

function numberOf(name: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const value = Number(given);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new VezaError('wrong-option', `--${name} must be a whole number, not "${given}"`);
}

/** The numbers that belong to a value. Throws VezaError for those that its type does not have, or has to have. */
function partsOf(type: string, flags: DnsFlags): Record<string, number> {
  const names = type === 'SRV' ? srvParts : type === 'MX' ? (['priority'] as const) : [];
  for (const name of srvParts) {
    if (flags[name] !== undefined && !names.some((one) => one === name))
      throw new VezaError('wrong-option', `${type} records have no ${name}`, { hint: `Leave out --${name}.` });
  }
  const missing = names.filter((name) => flags[name] === undefined);
  if (missing.length > 0) {
    const flagsNeeded = missing.map((name) => `--${name}`).join(' ');
    throw new VezaError('missing-option', `a record of type ${type} needs ${flagsNeeded}`);
  }
  return Object.fromEntries(names.map((name) => [name, numberOf(name, flags[name]) ?? 0]));
}

const srvParts = ['priority', 'weight', 'port'] as const;

function refuseAmbiguous(
  records: readonly DnsRecord[],
  { host, type }: { readonly host: string; readonly type: string },
): void {
  const there = records.filter((record) => record.host === host && record.type === type);
  if (there.length < 2) return;
  throw new VezaError(
    'ambiguous-record',
    `${shownHost(host)} ${type} has ${there.length} values: ${there.map(shownValue).join(', ')}`,
    {
      hint: 'Write all of them into infra.yaml and run `prod setup --step dns`, or remove them first with `prod dns rm`.',
    },
  );
}
