// The records of a zone, read once for all sets in it and again after a change.
import type { ClouDns } from '../cloudns/client.ts';
import type { DnsRecord } from '../cloudns/records.ts';

export interface ZoneView {
  readonly zone: string;
  records(): Promise<readonly DnsRecord[]>;
  /** What was read is out of date. */
  forget(): void;
}

/** Sets of one zone ask at the same time: they share one answer. */
export function zoneView(dns: ClouDns, zone: string, signal?: AbortSignal): ZoneView {
  let known: Promise<readonly DnsRecord[]> | null = null;
  return {
    zone,
    records: () => (known ??= dns.records(zone, signal)),
    forget: () => {
      known = null;
    },
  };
}
