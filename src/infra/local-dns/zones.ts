// Zones that the local DNS server answers for: kept in memory, or asked of ClouDNS.
import type { ClouDns } from '../cloudns/client.ts';
import type { NewRecord } from '../cloudns/records.ts';

/** Hosts of records are below the zone; the apex is the empty text, `*` stands for names that have none of their own. */
export interface ZoneSource {
  /** Names of zones, in lower case, without a dot at the end. */
  zones(): Promise<readonly string[]>;
  records(zone: string): Promise<readonly NewRecord[]>;
}

/** Zones in memory; the map may be changed at any time. */
export function memoryZones(zones: ReadonlyMap<string, readonly NewRecord[]>): ZoneSource {
  return {
    zones: () => Promise.resolve([...zones.keys()]),
    records: (zone) => Promise.resolve(zones.get(zone) ?? []),
  };
}

export interface ClouDnsZonesOptions {
  /** Milliseconds for which an answer of the API is used again; it has a limit of 10 requests a second. Default 1000. */
  readonly rememberMs?: number;
  readonly now: () => number;
}

/** The account's zones as ClouDNS has them now. */
export function clouDnsZones(dns: ClouDns, { rememberMs = 1000, now }: ClouDnsZonesOptions): ZoneSource {
  const known = new Map<string, { readonly untilMs: number; readonly answer: Promise<unknown> }>();
  const remembered = async <T>(key: string, ask: () => Promise<T>): Promise<T> => {
    const before = known.get(key);
    if (before && before.untilMs > now()) return before.answer as Promise<T>;
    const answer = ask();
    known.set(key, { untilMs: now() + rememberMs, answer });
    // A failure is no answer: the next one asks again.
    answer.catch(() => known.delete(key));
    return answer;
  };
  return {
    zones: () => remembered('', async () => (await dns.zones()).map(({ name }) => name.toLowerCase())),
    records: (zone) => remembered(zone, () => dns.records(zone)),
  };
}
