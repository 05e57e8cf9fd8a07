// What infra.yaml wants of DNS, as resources.
import type { Infra } from '../config/model.ts';
import type { ClouDns } from '../cloudns/client.ts';
import { hostIn, type DnsRecord } from '../cloudns/records.ts';
import type { AnyCloudResource } from '../resource.ts';
import { isMarkerHost, markerOf } from './ownership.ts';
import { absentRecordSet, recordSetKey, recordSetResource, type WantedSet } from './record-set.ts';
import { zoneView } from './zone-view.ts';

export interface DnsOptions {
  readonly adopt: boolean;
  readonly allowedTtls: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

/** The record sets of all zones, and those that we made and that the file has no more. */
export async function dnsResources(
  infra: Infra,
  dns: ClouDns,
  options: DnsOptions,
): Promise<readonly AnyCloudResource[]> {
  const resources: AnyCloudResource[] = [];
  for (const zone of infra.dns?.zones.keys() ?? []) {
    const view = zoneView(dns, zone, options.signal);
    const wanted = wantedSets(infra, zone);
    const gone = orphans(await view.records(), wanted, zone).map((at) => absentRecordSet(dns, view, at));
    const sets = wanted.map((set) => {
      const resource = recordSetResource(dns, view, set, { ...options, marked: true });
      return { ...resource, after: before(set, wanted, gone) };
    });
    resources.push(...gone, ...sets);
  }
  return resources;
}

/** Records of one host and type are one set; the shortest of their TTLs holds. */
function wantedSets(infra: Infra, zone: string): readonly WantedSet[] {
  const records = infra.dns?.zones.get(zone) ?? [];
  const groups = Map.groupBy(records, ({ name, type }) => `${hostIn(zone, name)} ${type}`);
  return [...groups.values()].map((group) => {
    const [first] = group;
    const values = group.map(({ name: _name, type: _type, ttl: _ttl, where: _where, ...value }) => value);
    return {
      zone,
      host: hostIn(zone, first?.name ?? ''),
      type: first?.type ?? 'A',
      ttl: Math.min(...group.map(({ ttl }) => ttl)),
      values,
    };
  });
}

function orphans(
  records: readonly DnsRecord[],
  wanted: readonly WantedSet[],
  zone: string,
): readonly Pick<WantedSet, 'zone' | 'host' | 'type'>[] {
  const found = new Map<string, Pick<WantedSet, 'zone' | 'host' | 'type'>>();
  for (const { host, type } of records) {
    if (isMarkerHost(host) || wanted.some((set) => set.host === host && set.type === type)) continue;
    const marker = markerOf(host, type);
    const ours = records.some((one) => one.host === marker.host && one.type === 'TXT' && one.value === marker.value);
    if (ours) found.set(`${host} ${type}`, { zone, host, type });
  }
  return [...found.values()];
}

/** A name's old records go before its new ones come; addresses come before the name servers that they are of. */
function before(set: WantedSet, all: readonly WantedSet[], gone: readonly AnyCloudResource[]): readonly string[] {
  const sameHost = gone.map(({ key }) => key).filter((key) => key.startsWith(recordSetKey({ ...set, type: '' })));
  const addresses =
    set.type === 'NS' ? all.filter(({ type }) => type === 'A' || type === 'AAAA').map(recordSetKey) : [];
  return [...sameHost, ...addresses];
}
