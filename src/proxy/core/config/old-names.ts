// Keys of other balancers that mean the same as ours, and the short form for one service. What they stand for is put in
// their place before the schema looks at it. A bare number of these old keys is in seconds, as it was there.
import type { Diagnostic, Position } from '../../../lib/diagnostic.ts';
import { parseAddress } from '../address.ts';
import { handlingProperties } from './schema-handling.ts';
import { showPosition } from './tree.ts';
import { entryOf, isContainer, isRecord, type Places, putEntry } from './places.ts';

type Entries = Record<string, unknown>;
type Convert = (value: unknown) => unknown;

/** Old key -> where its value goes, as a path from the same mapping. */
type Aliases = Readonly<Record<string, readonly [path: readonly string[], convert?: Convert]>>;

const healthCheck: Convert = (value) => {
  if (!isRecord(value)) return value;
  const { thresholds, interval, timeout, path, type, ...rest } = value;
  const counts = isRecord(thresholds) ? thresholds : {};
  return {
    ...rest,
    ...(type !== undefined && { type }),
    ...(path !== undefined && { path }),
    ...(interval !== undefined && { inter: seconds(interval) }),
    ...(timeout !== undefined && { timeout: seconds(timeout) }),
    ...(counts['healthy'] !== undefined && { rise: counts['healthy'] }),
    ...(counts['unhealthy'] !== undefined && { fall: counts['unhealthy'] }),
  };
};

/** Of one server: what kind of check it is, its backend says. */
const ownHealthCheck: Convert = (value) => {
  const check = healthCheck(value);
  if (!isRecord(check) || check['type'] !== 'http') return check;
  const { type: _type, ...rest } = check;
  return rest;
};

const policies: Readonly<Record<string, string>> = {
  'round-robin': 'roundrobin',
  round_robin: 'roundrobin',
  'weighted-round-robin': 'roundrobin',
  'least-connections': 'leastconn',
  least_connections: 'leastconn',
};

const policy: Convert = (value) => (typeof value === 'string' ? (policies[value] ?? value) : value);

const ofBackend: Aliases = {
  healthcheck_interval: [['check', 'inter'], seconds],
  health_check_interval: [['check', 'inter'], seconds],
  health_check: [['check'], healthCheck],
  healthcheck: [['check'], healthCheck],
  lb_policy: [['balance'], policy],
  algorithm: [['balance'], policy],
};

const ofServer: Aliases = {
  health_check: [['check'], ownHealthCheck],
  healthcheck: [['check'], ownHealthCheck],
  max_connections: [['maxconn']],
};

const ofHandling: Aliases = {
  request_per_minute: [['rateLimit', 'requests']],
  limit_window: [['rateLimit', 'per'], seconds],
};

const ofRateLimit: Aliases = {
  request_per_minute: [['requests']],
  requests_per_second: [['requests']],
  limit_window: [['per'], seconds],
};

/** Rewrites the tree in place; the problems are values that are set under an old and under its new name. */
export function replaceOldNames(root: Entries, places: Places): readonly Diagnostic[] {
  const problems: Diagnostic[] = [];
  const replace = (within: Entries, aliases: Aliases, fallback?: readonly string[]): void => {
    problems.push(...replaced(within, aliases, places, fallback));
  };
  expandSingleService(root, places);
  for (const name of ['healthcheck_interval', 'health_check_interval']) spread(root, name, places);
  for (const backend of recordsIn(root['backends'])) {
    replace(backend, ofBackend);
    for (const server of recordsIn(backend['servers'])) replace(server, ofServer);
    if ('balance' in backend) putEntry(backend, 'balance', policy(backend['balance']));
  }
  for (const frontend of recordsIn(root['frontends'])) {
    for (const place of [frontend, ...recordsIn(frontend['rules'])]) {
      // Of these two the time was a minute where it was left out.
      if ('request_per_minute' in place) replace(place, ofHandling, ['rateLimit', 'per', '60s']);
      const { rateLimit } = place;
      if (!isRecord(rateLimit)) continue;
      replace(rateLimit, ofRateLimit, 'request_per_minute' in rateLimit ? ['per', '60s'] : undefined);
    }
  }
  return problems;
}

/** `port`, `host` and a plain list of `backends` are one frontend and one backend. */
function expandSingleService(root: Entries, places: Places): void {
  const { port, host, backends } = root;
  if (
    (typeof port !== 'number' && typeof port !== 'string') ||
    root['frontends'] !== undefined ||
    !Array.isArray(backends) ||
    // Backends with servers of their own are no list of URLs.
    backends.some((each) => isRecord(each) && 'servers' in each)
  )
    return;
  const backend: Entries = { name: 'default', servers: backends.map((server, index) => serverOf(server, index)) };
  const servers = backend['servers'] as unknown[];
  servers.forEach((server, index) => copyPlaces(backends, index, servers, index, server, places));
  places.copy(root, 'backends', backend, 'servers');
  const address = typeof host === 'string' ? listeningAddress(host) : '*';
  const frontend: Entries = { name: 'default', bind: [`${address ?? '*'}:${port}`] };
  places.copy(root, 'port', frontend, 'bind');
  if (host === undefined || address !== undefined) putEntry(frontend, 'defaultBackend', 'default');
  else {
    const rule: Entries = { host, backend: 'default' };
    places.copy(root, 'host', rule, 'host');
    putEntry(frontend, 'rules', [rule]);
  }
  for (const key of Object.keys(root)) {
    if (key === 'port' || key === 'host' || key === 'backends') Reflect.deleteProperty(root, key);
    else if (ofService.has(key)) move(root, key, backend, key, places);
    else if (ofClients.has(key)) move(root, key, frontend, key, places);
  }
  putEntry(root, 'frontends', [frontend]);
  putEntry(root, 'backends', [backend]);
}

/** `host` as an address to listen on; undefined if it is a name, which clients ask for. */
function listeningAddress(host: string): string | undefined {
  const bare = host.replace(/^\[|\]$/g, '');
  if (bare === '*') return bare;
  if (parseAddress(bare) === undefined) return undefined;
  return bare.includes(':') ? `[${bare}]` : bare;
}

/** What the short form may say of its one backend. */
const ofService: ReadonlySet<string> = new Set([
  'balance',
  'hash',
  'cookie',
  'check',
  'breaker',
  'slowstart',
  'retries',
  'hold',
  ...Object.keys(ofBackend),
]);

/** ... and of its one frontend. */
const ofClients: ReadonlySet<string> = new Set([...Object.keys(handlingProperties), ...Object.keys(ofHandling)]);

/** `http://192.0.2.1:8080`, `192.0.2.1:8080`, `{ url: ..., weight: 2 }`, or as in a backend. */
function serverOf(given: unknown, index: number): unknown {
  const { url, ...rest } = isRecord(given) ? given : { url: given };
  if (typeof url !== 'string') return { name: `server${index + 1}`, ...rest };
  const match = /^(?:http:\/\/)?(\[[^\]]+\]|[^/:[\]]+)(?::([0-9]+))?\/?$/.exec(url);
  const [, address = url, port = '80'] = match ?? [];
  return {
    name: `server${index + 1}`,
    ...rest,
    address: address.replace(/^\[|\]$/g, ''),
    port: Number(port),
  };
}

function copyPlaces(from: object, at: number, to: object, index: number, server: unknown, places: Places): void {
  places.copy(from, at, to, index);
  const given = entryOf(from as unknown[], at);
  if (!isRecord(given) || !isRecord(server)) return;
  for (const key of Object.keys(server)) places.copy(given, key in given ? key : 'url', server, key);
}

/** A key of the whole file that belongs to every backend which does not say it itself. */
function spread(root: Entries, name: string, places: Places): void {
  if (!(name in root)) return;
  for (const backend of recordsIn(root['backends'])) {
    const { check } = backend;
    if (name in backend || (isRecord(check) ? 'inter' in check : check !== undefined)) continue;
    putEntry(backend, name, root[name]);
    places.copy(root, name, backend, name);
  }
  Reflect.deleteProperty(root, name);
}

function replaced(within: Entries, aliases: Aliases, places: Places, fallback?: readonly string[]): Diagnostic[] {
  const problems: Diagnostic[] = [];
  for (const [old, [path, convert]] of Object.entries(aliases)) {
    if (!(old in within)) continue;
    const value = convert ? convert(within[old]) : within[old];
    const original = within[old];
    const other = put(within, path, value, (container, key) => places.copy(within, old, container, key));
    if (other) problems.push(...twice(old, path, places.get(within, old)?.key, places.get(...other)?.key));
    if (isContainer(original) && isContainer(value)) {
      for (const key of Object.keys(value)) {
        const oldKey = oldKeys[key] ?? key;
        places.copy(original, oldKey in original ? oldKey : key, value, key);
      }
    }
    Reflect.deleteProperty(within, old);
  }
  if (fallback) put(within, fallback.slice(0, -1), fallback.at(-1), () => undefined);
  return problems;
}

function twice(old: string, path: readonly string[], where?: Position, first?: Position): Diagnostic[] {
  if (!where) return [];
  const message = `\`${old}\` is another name of \`${path.join('.')}\`, which is set too`;
  const hint = `${first ? `The other one is at ${showPosition(first)}; keep` : 'Keep'} one of them.`;
  return [{ severity: 'error', code: 'duplicate-key', message, where, length: old.length, hint }];
}

const oldKeys: Readonly<Record<string, string>> = { inter: 'interval', rise: 'thresholds', fall: 'thresholds' };

/** Sets what is not set yet; otherwise tells where it is. */
function put(
  within: Entries,
  path: readonly string[],
  value: unknown,
  placed: (container: object, key: string) => void,
): readonly [container: object, key: string] | undefined {
  let container = within;
  for (const key of path.slice(0, -1)) {
    if (!isRecord(container[key])) {
      putEntry(container, key, {});
      placed(container, key);
    }
    container = container[key] as Entries;
  }
  const last = path.at(-1) ?? '';
  if (last in container) return [container, last];
  putEntry(container, last, value);
  placed(container, last);
  return undefined;
}

function move(from: Entries, fromKey: string, to: Entries, toKey: string, places: Places): void {
  putEntry(to, toKey, from[fromKey]);
  places.copy(from, fromKey, to, toKey);
  Reflect.deleteProperty(from, fromKey);
}

function recordsIn(value: unknown): Entries[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function seconds(value: unknown): unknown {
  const text = typeof value === 'string' ? value : String(value);
  // `1m30s` is one of Go's durations.
  const parts = [...text.matchAll(/([0-9]+)(ms|us|s|m|h)/g)];
  if (parts.length > 1 && parts.map(([part]) => part).join('') === text) {
    const factor: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
    return `${Math.round(parts.reduce((sum, [, count, unit]) => sum + Number(count) * (factor[unit ?? ''] ?? 0), 0))}ms`;
  }
  return /^[1-9][0-9]*$/.test(text) ? `${text}s` : value;
}
