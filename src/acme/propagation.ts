// dns-01: waits until the servers of a zone themselves show a value. Whoever publishes it may be any service.
import { Resolver } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { messageOf, VezaError } from '../lib/errors.ts';
import type { AcmeClock } from './model.ts';

export interface PropagationOptions {
  readonly clock: Pick<AcmeClock, 'sleep'>;
  /** `address` or `address:port` of servers to ask whether a value is there, instead of those that the zone names. */
  readonly nameservers?: readonly string[];
  /** `address` or `address:port` of resolvers that find the zone's servers; default the system's. */
  readonly resolvers?: readonly string[];
  /** How long to wait for the last of them; default 5 minutes. */
  readonly propagationMs?: number;
}

const usualPropagationMs = 5 * 60_000;
const lookEveryMs = 2000;
/** One question to one server. */
const questionMs = 3000;

/**
 * Resolves when all servers show the value. `zone`: the one that holds the name; it is looked for when left out. Rejects with
 * VezaError `no-nameservers` or `dns-not-published`.
 */
export async function untilPublished(
  name: string,
  value: string,
  options: PropagationOptions,
  { zone, signal }: { readonly zone?: string; readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const servers = options.nameservers ?? (await authoritative(name, zone, options.resolvers));
  await untilShown(name, value, servers, options, signal);
}

/** Addresses of the servers that the zone of a name names. Rejects with VezaError `no-nameservers`. */
async function authoritative(
  name: string,
  zone: string | undefined,
  resolvers: readonly string[] | undefined,
): Promise<readonly string[]> {
  const resolver = resolverOf(resolvers);
  const lookUp = async (ask: () => Promise<readonly string[]>) => {
    try {
      return await ask();
    } catch {
      // It has none of that kind, or cannot be found: the others may.
      return [];
    }
  };
  let names: readonly string[] = [];
  for (const candidate of zone === undefined ? zonesAbove(name) : [zone]) {
    names = await lookUp(() => resolver.resolveNs(candidate));
    if (names.length > 0) break;
  }
  const addresses = await Promise.all(
    names.map(async (name) => {
      const found = await lookUp(() => resolver.resolve4(name));
      return found.length > 0 ? found : lookUp(() => resolver.resolve6(name));
    }),
  );
  const all = addresses.flat();
  if (all.length > 0) return all;
  throw new VezaError('no-nameservers', `cannot find the name servers of ${zone ?? name}`, {
    hint: 'Is the domain registered and does it name its servers? Other resolvers can be named.',
  });
}

/** What may be a zone that holds a name, the longest first; the last label is nobody's. */
function zonesAbove(name: string): readonly string[] {
  const labels = name.split('.');
  return labels.slice(0, -1).map((_label, index) => labels.slice(index).join('.'));
}

async function untilShown(
  name: string,
  value: string,
  servers: readonly string[],
  { clock, propagationMs = usualPropagationMs }: PropagationOptions,
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
