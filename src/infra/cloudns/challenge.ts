// dns-01 through ClouDNS: publishes one TXT value beside those of others, waits until the zone's own servers show it,
// removes that value only.
import type { DnsChallenge } from '../../acme/model.ts';
import { type PropagationOptions, untilPublished } from '../../acme/propagation.ts';
import { VezaError } from '../../lib/errors.ts';
import type { ApiClock } from '../http/client.ts';
import { ApiError } from '../http/errors.ts';
import { fieldsOf, hostIn } from './records.ts';
import type { ClouDns } from './client.ts';

export interface ClouDnsChallengeOptions extends PropagationOptions {
  readonly dns: ClouDns;
  readonly clock: ApiClock;
}

/** Seconds; the shortest that ClouDNS allows. */
const ttl = 60;
/** How often a lost answer is looked up. */
const lookups = 3;

export function clouDnsChallenge(options: ClouDnsChallengeOptions): DnsChallenge {
  const { dns, clock } = options;
  let zones: Promise<readonly string[]> | null = null;
  const zoneFor = async (name: string, signal?: AbortSignal): Promise<string> => {
    zones ??= dns.zones(signal).then((found) => found.map((zone) => zone.name.toLowerCase()));
    try {
      return longest(await zones, name);
    } catch (error) {
      zones = null;
      throw error;
    }
  };
  const ours = async (zone: string, name: string, value: string, signal?: AbortSignal) => {
    const host = hostIn(zone, name);
    const records = await dns.records(zone, signal);
    return records.filter((one) => one.host === host && one.type === 'TXT' && one.value === value);
  };
  return {
    present: async (name, value, signal) => {
      const zone = await zoneFor(name, signal);
      for (let lost = 0; (await ours(zone, name, value, signal)).length === 0; lost += 1) {
        const record = fieldsOf({ host: hostIn(zone, name), type: 'TXT', value, ttl });
        try {
          await dns.change('/dns/add-record.json', { 'domain-name': zone, ...record }, signal);
          return;
        } catch (error) {
          // It may have been added although no answer says so: what is there decides.
          if (!(error instanceof ApiError) || !error.uncertain || lost === lookups) throw error;
          await clock.sleep(500 * 2 ** lost, signal);
        }
      }
    },
    remove: async (name, value, signal) => {
      const zone = await zoneFor(name, signal);
      for (const { id } of await ours(zone, name, value, signal)) {
        try {
          await dns.change('/dns/delete-record.json', { 'domain-name': zone, 'record-id': id }, signal);
        } catch (error) {
          if ((await ours(zone, name, value, signal)).some((one) => one.id === id)) throw error;
        }
      }
    },
    ready: async (name, value, signal) => {
      await untilPublished(name, value, options, { zone: await zoneFor(name, signal), signal });
    },
  };
}

/** Throws VezaError `no-zone`. */
function longest(zones: readonly string[], name: string): string {
  const fits = zones.filter((zone) => name === zone || name.endsWith(`.${zone}`));
  const [zone] = fits.toSorted((one, other) => other.length - one.length);
  if (zone !== undefined) return zone;
  throw new VezaError('no-zone', `no zone of the ClouDNS account holds ${name}`, {
    hint: zones.length === 0 ? 'The account has no zones.' : `It has ${zones.join(', ')}.`,
  });
}
