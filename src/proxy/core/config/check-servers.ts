// What the schema cannot say about where servers are: addresses that can be some, ports where one is needed.
import { parseAddress } from '../address.ts';
import { dnsServer, isNamed, isServerAddress, isServiceName, unixPath } from '../server-address.ts';
import type { Add } from './check-handling.ts';
import { nearName } from './explain.ts';
import { serverKey } from './model.ts';
import type { ConfigDocument, Path } from './read.ts';

type BackendDocument = ConfigDocument['backends'][number];

/** All problems of the addresses of a backend's servers. */
export function checkServers({ servers }: BackendDocument, path: Path, add: Add): void {
  servers.forEach((server, index) => {
    const at = [...path, 'servers', index];
    const { address, port, initAddr } = server;
    if (!isServerAddress(address)) {
      const hint =
        'Write an IP address without brackets, a name, or `unix:/run/app.sock`; the port is a key of its own.';
      add('bad-address', `\`${address}\` is not an address of a server`, [...at, 'address'], hint);
      return;
    }
    const needsPort = unixPath(address) === undefined && !isServiceName(address);
    if (needsPort && port === undefined)
      add('missing-key', `server \`${server.name}\` has no port`, at, 'Add one: `port: 8080`.');
    if (!needsPort && port !== undefined)
      add('bad-value', `\`port\` means nothing to ${address}`, [...at, 'port'], 'Remove it.');
    if (initAddr !== undefined && (parseAddress(initAddr) === undefined || !isNamed(address) || !needsPort)) {
      const hint = 'It is the IP address of a server with a name, until that was looked up.';
      add('bad-address', `initAddr \`${initAddr}\` is of no use here`, [...at, 'initAddr'], hint);
    }
  });
}

/** What a rule says about a server of its backend. */
export function checkServerOf(
  { backend, server }: ConfigDocument['frontends'][number]['rules'][number],
  backends: readonly BackendDocument[],
  path: Path,
  add: Add,
): void {
  if (server === undefined) return;
  const names = backends.find(({ name }) => name === backend)?.servers.map(({ name }) => name);
  if (backend === undefined) add('missing-key', '`server` needs the `backend` that it is of', path);
  else if (names && !names.includes(server))
    add(
      'unknown-server',
      `backend \`${backend}\` has no server \`${server}\``,
      [...path, 'server'],
      nearName(server, names),
    );
}

/** All problems of who is asked for names. */
export function checkDns({ dns }: ConfigDocument, add: Add): void {
  dns.servers.forEach((text, index) => {
    if (dnsServer(text) !== undefined) return;
    const hint = 'Write `192.0.2.53`, `192.0.2.53:5353` or `[2001:db8::53]:53`.';
    add('bad-address', `\`${text}\` is not the address of a DNS server`, ['dns', 'servers', index], hint);
  });
}

/** Key of the server that `track` names. */
export function trackedKey(track: string, backend: string): string {
  return track.includes('/') ? track : serverKey(backend, track);
}

/** All problems of servers that are as well as others. */
export function checkTracking({ backends }: ConfigDocument, add: Add): void {
  const tracks = new Map<string, string | undefined>();
  for (const { name, servers } of backends) {
    for (const { name: server, track } of servers)
      tracks.set(serverKey(name, server), track === undefined ? undefined : trackedKey(track, name));
  }
  backends.forEach(({ name, servers }, at) => {
    servers.forEach(({ name: server, track, check }, index) => {
      if (track === undefined) return;
      const path = ['backends', at, 'servers', index];
      const wanted = trackedKey(track, name);
      if (!tracks.has(wanted))
        add(
          'unknown-server',
          `there is no server \`${wanted}\``,
          [...path, 'track'],
          nearName(wanted, [...tracks.keys()]),
        );
      else if (endsIn(serverKey(name, server), tracks))
        add('bad-value', `server \`${server}\` tracks itself`, [...path, 'track'], 'The last one must have a check.');
      if (check)
        add('bad-value', 'who tracks another server has no check', [...path, 'check'], 'Remove one of the two.');
    });
  });
}

/** Whether following who tracks whom comes back to where it began. */
function endsIn(key: string, tracks: ReadonlyMap<string, string | undefined>): boolean {
  let next = tracks.get(key);
  for (let steps = 0; next !== undefined && steps <= tracks.size; steps += 1) {
    if (next === key) return true;
    next = tracks.get(next);
  }
  return false;
}
