// The name by which a server is asked for with TLS.
import { isNamed, isServiceName } from '../server-address.ts';

interface Named {
  readonly address: string;
  readonly serverName?: string | undefined;
}

/** An IP address cannot be asked for (RFC 6066, 3); certificates may have it all the same. */
export function serverNameOf({ serverName, address }: Named, tls?: Pick<Named, 'serverName'>): string {
  return serverName ?? tls?.serverName ?? (isNamed(address) && !isServiceName(address) ? address : '');
}
