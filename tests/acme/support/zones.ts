// The zones of ClouDNS's fake as a DNS server answers from them, without asking over HTTP.
import { readRecord } from '../../../src/infra/cloudns/records.ts';
import type { FakeClouDns } from '../../../src/infra/fakes/cloudns.ts';
import type { ZoneSource } from '../../../src/infra/local-dns/zones.ts';

/**
 * What is there at any time. Pebble asks six questions at once and gives each two seconds, once: requests to an API for each
 * of them take longer on a busy machine.
 */
export function zonesOf({ zones }: FakeClouDns): ZoneSource {
  return {
    zones: () => Promise.resolve([...zones.keys()]),
    records: (zone) =>
      Promise.resolve([...(zones.get(zone)?.values() ?? [])].map((record) => readRecord({ ...record }))),
  };
}
