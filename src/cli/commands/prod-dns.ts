// `veza-run prod dns list|set|rm|diff`: records of a zone, by hand or compared with infra.yaml.
import { allowedTtl, hostIn, recordTypes, shownHost, shownValue } from '../../infra/cloudns/records.ts';
import type { ClouDns } from '../../infra/cloudns/client.ts';
import { dnsResources } from '../../infra/desired/from-infra.ts';
import { absentRecordSet, recordSetResource } from '../../infra/desired/record-set.ts';
import { zoneView } from '../../infra/desired/zone-view.ts';
import { VezaError } from '../../lib/errors.ts';
import { nearestName } from '../../lib/suggest.ts';
import { exitCodes } from '../exit-codes.ts';
import { print } from '../output.ts';
import { openAccount, type Account, type ProdFlags } from '../prod/account.ts';
import { exitCodeOf, resultJson, table } from '../prod/present.ts';
import { work, type WorkFlags } from '../prod/work.ts';
import { currentOutputs } from '../prod/outputs.ts';

export interface DnsFlags extends ProdFlags, WorkFlags {
  readonly zone?: string;
  readonly ttl?: string;
  readonly priority?: string;
  readonly weight?: string;
  readonly port?: string;
  readonly adopt?: boolean;
}

const timeoutSeconds = 30;

export async function dnsList(flags: DnsFlags): Promise<number> {
  await using account = await openAccount(flags, timeoutSeconds);
  const zone = await zoneOf(account, flags.zone);
  const records = await account.dns().records(zone, account.signal);
  if (flags.json) {
    print(`${JSON.stringify(records, null, 2)}\n`);
    return exitCodes.ok;
  }
  const rows = records.map((record) => [
    record.id,
    record.type,
    shownHost(record.host),
    shownValue(record),
    String(record.ttl),
  ]);
  print(rows.length === 0 ? 'No records found\n' : table(rows, ['ID', 'TYPE', 'HOST', 'VALUE', 'TTL']));
  return exitCodes.ok;
}

/** Makes the record what is given; refuses where several records stand there, because one of them would be lost. */
export async function dnsSet(host: string, type: string, value: string, flags: DnsFlags): Promise<number> {
  const kind = typeOf(type);
  await using account = await openAccount(flags, timeoutSeconds);
  const zone = await zoneOf(account, flags.zone);
  const dns = account.dns();
  const allowedTtls = await dns.availableTtls(account.signal);
  const place = { zone, host: hostIn(zone, host), type: kind };
  await refuseAmbiguous(dns, account, place);
  const ttl = allowedTtl(numberOf('ttl', flags.ttl) ?? 300, allowedTtls);
  const parts = {
    priority: numberOf('priority', flags.priority),
    weight: numberOf('weight', flags.weight),
    port: numberOf('port', flags.port),
  };
  const given = Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined));
  const wanted = { ...place, ttl, values: [{ value, ...given }] };
  const view = zoneView(dns, zone, account.signal);
  const resource = recordSetResource(dns, view, wanted, { adopt: true, marked: false, allowedTtls });
  const [result] = await work(account, [resource], flags, await currentOutputs(account, resource.needs));
  if (!result) return exitCodes.ok;
  if (flags.json) print(`${JSON.stringify(resultJson(result), null, 2)}\n`);
  else if (result.status === 'ok') print('Record already correct\n');
  return exitCodeOf([result], flags.dryRun ?? false);
}

export async function dnsRemove(host: string, type: string, flags: DnsFlags): Promise<number> {
  const kind = typeOf(type);
  await using account = await openAccount(flags, timeoutSeconds);
  const zone = await zoneOf(account, flags.zone);
  const dns = account.dns();
  const resource = absentRecordSet(dns, zoneView(dns, zone, account.signal), {
    zone,
    host: hostIn(zone, host),
    type: kind,
  });
  // To name it is to allow it.
  const results = await work(account, [resource], { ...flags, allowDestroy: true });
  if (flags.json) print(`${JSON.stringify(results.map(resultJson), null, 2)}\n`);
  return exitCodeOf(results, flags.dryRun ?? false);
}

/** What `prod setup --step dns` would do. */
export async function dnsDiff(flags: DnsFlags): Promise<number> {
  await using account = await openAccount(flags, timeoutSeconds);
  const dns = account.dns();
  const allowedTtls = await dns.availableTtls(account.signal);
  const options = { adopt: flags.adopt ?? false, allowedTtls, signal: account.signal };
  const all = await dnsResources(account.infra, dns, options);
  const resources =
    flags.zone === undefined ? all : all.filter(({ key }) => key.startsWith(`dns:${flags.zone ?? ''}/`));
  const needs = resources.flatMap((resource) => resource.needs);
  const results = await work(account, resources, { ...flags, dryRun: true }, await currentOutputs(account, needs));
  if (flags.json) print(`${JSON.stringify(results.map(resultJson), null, 2)}\n`);
  return exitCodeOf(results, true);
}

/** The zone that is named, or the only one of infra.yaml. Throws VezaError. */
async function zoneOf(account: Account, given: string | undefined): Promise<string> {
  if (given !== undefined) return given.toLowerCase();
  const zones = [...(account.infra.dns?.zones.keys() ?? [])];
  const [only] = zones;
  if (only !== undefined && zones.length === 1) return only;
  const known = zones.length > 0 ? zones : (await account.dns().zones(account.signal)).map(({ name }) => name);
  throw new VezaError('missing-zone', 'which zone?', { hint: `Name it with --zone: ${known.join(', ')}.` });
}

function typeOf(given: string): string {
  const type = given.toUpperCase();
  if (recordTypes.some((known) => known === type)) return type;
  const near = nearestName(type, recordTypes);
  throw new VezaError('unknown-record-type', `there are no records of type "${given}"`, {
    hint: near === null ? `Types are: ${recordTypes.join(', ')}.` : `Did you mean ${near}?`,
  });
}

function numberOf(name: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const value = Number(given);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new VezaError('wrong-option', `--${name} must be a whole number, not "${given}"`);
}

async function refuseAmbiguous(
  dns: ClouDns,
  account: Account,
  { zone, host, type }: { readonly zone: string; readonly host: string; readonly type: string },
): Promise<void> {
  const there = (await dns.records(zone, account.signal)).filter(
    (record) => record.host === host && record.type === type,
  );
  if (there.length < 2) return;
  throw new VezaError(
    'ambiguous-record',
    `${shownHost(host)} ${type} has ${there.length} values: ${there.map(shownValue).join(', ')}`,
    {
      hint: 'Write all of them into infra.yaml and run `prod setup --step dns`, or remove them first with `prod dns rm`.',
    },
  );
}
