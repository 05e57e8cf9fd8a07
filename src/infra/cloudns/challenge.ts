// dns-01 through ClouDNS: publishes one TXT value beside those of others, waits until the zone's own servers show it,
// removes that value only.
import { Resolver } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import type { DnsChallenge } from '../../acme/model.ts';
import { messageOf, VezaError } from '../../lib/errors.ts';
import type { ApiClock } from '../http/client.ts';
import { ApiError } from '../http/errors.ts';
import { fieldsOf, hostIn } from './records.ts';
import type { ClouDns } from './client.ts';

export interface ClouDnsChallengeOptions {
  readonly dns: ClouDns;
  readonly clock: ApiClock;
  /** `address` or `address:port` of servers to ask whether a value is there, instead of those that the zone names. */
  readonly nameservers?: readonly string[];
  /** `address` or `address:port` of resolvers that find the zone's servers; default the system's. */
  readonly resolvers?: readonly string[];
  /** How long to wait for the last of them; default 5 minutes. */
  readonly propagationMs?: number;
}

/** Seconds; the shortest that ClouDNS allows. */
const ttl = 60;
const usualPropagationMs = 5 * 60_000;
const lookEveryMs = 2000;
/** One question to one server. */
const questionMs = 3000;
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
      const zone = await zoneFor(name, signal);
      const servers = options.nameservers ?? (await authoritative(zone, options.resolvers));
      await untilShown(name, value, servers, options, signal);
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

/** Addresses of the servers that the zone names. Rejects with VezaError `no-nameservers`. */
async function authoritative(zone: string, resolvers: readonly string[] | undefined): Promise<readonly string[]> {
  const resolver = resolverOf(resolvers);
  const lookUp = async (ask: () => Promise<readonly string[]>) => {
    try {
      return await ask();
    } catch {
      // It has none of that kind, or cannot be found: the others may.
      return [];
    }
  };
  const names = await lookUp(() => resolver.resolveNs(zone));
  const addresses = await Promise.all(
    names.map(async (name) => {
      const found = await lookUp(() => resolver.resolve4(name));
      return found.length > 0 ? found : lookUp(() => resolver.resolve6(name));
    }),
  );
  const all = addresses.flat();
  if (all.length > 0) return all;
  throw new VezaError('no-nameservers', `cannot find the name servers of ${zone}`, {
    hint: 'Is the domain registered and does it name its servers? Other resolvers can be named.',
  });
}

async function untilShown(
  name: string,
  value: string,
  servers: readonly string[],
  { clock, propagationMs = usualPropagationMs }: ClouDnsChallengeOptions,
  signal: AbortSignal | undefined,
): Promise<void> {
  const waiting = new Map(servers.map((server) => [server, 'not asked yet']));
  for (let waitedMs = 0; ; waitedMs += lookEveryMs) {
    await Promise.all(
      [...waiting.keys()].map(async (server) => {
        const missing = await missingAt(server, name, value);
        if (missing === null) waiting.delete(server);
        else waiting.set(server, missing);
      }),
    );
    if (waiting.size === 0) return;
    if (waitedMs >= propagationMs) {
      const left = [...waiting].map(([server, why]) => `${server} (${why})`).join(', ');
      throw new VezaError('dns-not-published', `${name} is not shown by ${left} after ${waitedMs / 1000} s`, {
        hint: 'Look whether these are the servers that the domain is delegated to.',
      });
    }
    await clock.sleep(lookEveryMs, signal);
  }
}

/** Why a server does not show the value; `null` where it does. */
async function missingAt(server: string, name: string, value: string): Promise<string | null> {
  try {
    const texts = (await resolverOf([server]).resolveTxt(name)).map((pieces) => pieces.join(''));
    return texts.includes(value) ? null : 'it has other values';
  } catch (error) {
    return messageOf(error);
  }
}

function resolverOf(servers: readonly string[] | undefined): Resolver {
  const resolver = new Resolver({ timeout: questionMs, tries: 1 });
  if (servers) resolver.setServers(servers.map((server) => (isIPv6(server) ? `[${server}]` : server)));
  return resolver;
}
