// What the schema cannot say about where servers are: addresses that can be some, ports where one is needed.
import { parseAddress } from '../address.ts';
import { dnsServer, isNamed, isServerAddress, isServiceName, unixPath } from '../server-address.ts';
import type { Add } from './check-handling.ts';
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
    if (needsPort && port === undefined) add('missing-key', `server \`${server.name}\` has no port`, at);
    if (!needsPort && port !== undefined)
      add('bad-value', `\`port\` means nothing to ${address}`, [...at, 'port'], 'Remove it.');
    if (initAddr !== undefined && (parseAddress(initAddr) === undefined || !isNamed(address) || !needsPort)) {
      const hint = 'It is the IP address of a server with a name, until that was looked up.';
      add('bad-address', `initAddr \`${initAddr}\` is of no use here`, [...at, 'initAddr'], hint);
    }
  });
}

/** All problems of who is asked for names. */
export function checkDns({ dns }: ConfigDocument, add: Add): void {
  dns.servers.forEach((text, index) => {
    if (dnsServer(text) !== undefined) return;
    const hint = 'Write `192.0.2.53`, `192.0.2.53:5353` or `[2001:db8::53]:53`.';
    add('bad-address', `\`${text}\` is not the address of a DNS server`, ['dns', 'servers', index], hint);
  });
}
