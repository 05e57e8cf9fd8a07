// Addresses of interfaces: as `ip` lists them, else from the kernel's tables, so that a host needs no tool for it.
import { ipv4Mask, ipv4Number, ipv4Text, ipv6Text } from '../../lib/ip-text.ts';
import type { FactSource } from './source.ts';

export interface Address4 {
  readonly device: string;
  /** The interface's name, or one of its own: `eth0:1`, written `eth0_1`. */
  readonly label: string;
  readonly address: string;
  readonly broadcast: string;
  readonly netmask: string;
  readonly network: string;
  readonly prefix: string;
}

export interface Address6 {
  readonly device: string;
  readonly address: string;
  readonly prefix: string;
  readonly scope: string;
}

export function addresses4(source: FactSource): readonly Address4[] {
  const lines = source.outputLines('ip').filter((line) => / inet /.test(line));
  return lines.length > 0 ? lines.flatMap(listed) : fromTables(source);
}

/** `2: eth0    inet 192.0.2.2/24 brd 192.0.2.255 scope global secondary eth0:1\ ...` */
function listed(line: string): Address4[] {
  const [, device = '', address = '', rest = ''] = /^\d+:\s+(\S+)\s+inet (\S+)(.*)$/.exec(line) ?? [];
  if (device === '') return [];
  const [own = '', prefix = '32'] = address.split('/');
  const broadcast = / brd (\S+)/.exec(rest)?.[1] ?? '';
  const label = / scope .*?(\S+?)\\/.exec(`${rest}\\`)?.[1] ?? device;
  const plain = device.replace(/@.*$/, '');
  const named = label === plain || label.startsWith(`${plain}:`) ? label.replaceAll(':', '_') : plain;
  return [addressOf(plain, named, own, Number(prefix), broadcast)];
}

function addressOf(device: string, label: string, address: string, prefix: number, broadcast: string): Address4 {
  const mask = ipv4Mask(prefix);
  const host = 2 ** 32 - mask;
  const network = ipv4Number(address) - (ipv4Number(address) % host);
  return {
    device,
    label,
    address,
    broadcast,
    netmask: ipv4Text(mask),
    network: ipv4Text(network),
    prefix: String(prefix),
  };
}

/** Local addresses stand in the kernel's trie; which interface has one is told by the route to its network. */
function fromTables(source: FactSource): readonly Address4[] {
  const routes = source.lines('/proc/net/route').flatMap((line) => {
    const [device = '', destination = '', , , , , , mask = ''] = line.trim().split(/\s+/);
    const [network, netmask] = [littleEndian(destination), littleEndian(mask)];
    return Number.isNaN(network) || network === 0 ? [] : [{ device, network, netmask }];
  });
  const local = new Set<string>();
  const broadcasts = new Set<string>();
  let last = '';
  for (const line of source.lines('/proc/net/fib_trie')) {
    last = /\|-- (\S+)/.exec(line)?.[1] ?? last;
    if (line.includes('/32 host LOCAL')) local.add(last);
    if (line.includes('/32 link BROADCAST')) broadcasts.add(last);
  }
  return [...local].map((address) => {
    const number = ipv4Number(address);
    const route = routes.find(({ network, netmask }) => number - (number % (2 ** 32 - netmask)) === network);
    if (!route) return addressOf('lo', 'lo', address, address.startsWith('127.') ? 8 : 32, '');
    const size = 2 ** 32 - route.netmask;
    const broadcast = ipv4Text(route.network + size - 1);
    const prefix = 32 - Math.log2(size);
    return addressOf(route.device, route.device, address, prefix, broadcasts.has(broadcast) ? broadcast : '');
  });
}

function littleEndian(hex: string): number {
  if (!/^[0-9A-F]{8}$/i.test(hex)) return Number.NaN;
  return (hex.match(/../g) ?? []).reduceRight((sum, byte) => sum * 256 + parseInt(byte, 16), 0);
}

const scopes: Readonly<Record<string, string>> = { '00': 'global', '10': 'host', '20': 'link', '40': 'site' };
const order = ['global', 'site', 'link', 'host'];

/** /proc/net/if_inet6: address, number of the interface, prefix, scope, flags, name. */
export function addresses6(source: FactSource): readonly Address6[] {
  return source
    .lines('/proc/net/if_inet6')
    .flatMap((line) => {
      const [hex = '', , prefix = '', scope = '', , device = ''] = line.trim().split(/\s+/);
      const bytes = (hex.match(/../g) ?? []).map((byte) => parseInt(byte, 16));
      if (bytes.length !== 16) return [];
      const address = ipv6Text(bytes);
      return [{ device, address, prefix: String(parseInt(prefix, 16)), scope: scopes[scope] ?? 'global' }];
    })
    .toSorted((left, right) => order.indexOf(left.scope) - order.indexOf(right.scope));
}
