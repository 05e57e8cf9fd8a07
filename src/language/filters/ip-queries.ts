// What `ipaddr` can be asked, by the names of the collection ansible.utils. `false` where a question has no answer.
import {
  parseIp,
  ipText,
  isKind,
  isWithin,
  type IpAddress,
  lastOf,
  maskOf,
  networkOf,
  sizeOf,
  widthOf,
} from '../ip-address.ts';
import type { Value } from '../value.ts';

type Query = (ip: IpAddress, written: string) => Value;

const address = ({ version, value }: IpAddress): string => ipText(version, value);
const full = (ip: IpAddress): string => `${address(ip)}/${ip.prefix}`;
const at = (ip: IpAddress, value: bigint): string => ipText(ip.version, value);
const network = (ip: IpAddress): string => at(ip, networkOf(ip));
const isNetwork = (ip: IpAddress): boolean => sizeOf(ip) > 1n && ip.value === networkOf(ip);
/** An address: alone, or one inside its network; both ends of a /31 are. */
const isAddress = (ip: IpAddress): boolean => !isNetwork(ip) || sizeOf(ip) === 2n;
const when = (holds: boolean, answer: () => Value): Value => (holds ? answer() : false);
const number = (value: bigint): Value => (value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString());

/** First and last address that a host can have: without network and broadcast address in IPv4. */
function usable(ip: IpAddress): readonly [bigint, bigint] {
  const [first, last] = [networkOf(ip), lastOf(ip)];
  if (sizeOf(ip) <= 2n) return [first, last];
  return ip.version === 4 ? [first + 1n, last - 1n] : [first + 1n, last];
}

function reverseName(ip: IpAddress): string {
  if (ip.version === 4) return `${address(ip).split('.').reverse().join('.')}.in-addr.arpa.`;
  return `${(ip.value.toString(16).padStart(32, '0').match(/./g) ?? []).reverse().join('.')}.ip6.arpa.`;
}

function peer(ip: IpAddress): Value {
  const size = sizeOf(ip);
  const offset = ip.value - networkOf(ip);
  if (size === 2n) return at(ip, networkOf(ip) + (1n - offset));
  return when(size === 4n && (offset === 1n || offset === 2n), () => at(ip, networkOf(ip) + (3n - offset)));
}

function toV4(ip: IpAddress): Value {
  if (ip.version === 4) return full(ip);
  const isMapped = ip.value >> 32n === 0xffffn || ip.value >> 32n === 0n;
  return when(isMapped, () => `${ipText(4, ip.value & 0xffffffffn)}/${Math.max(0, ip.prefix - 96)}`);
}

function toV6(ip: IpAddress): Value {
  return ip.version === 6 ? full(ip) : `${ipText(6, (0xffffn << 32n) + ip.value)}/${ip.prefix + 96}`;
}

const gateway: Query = (ip) => when(sizeOf(ip) > 1n && isAddress(ip), () => full(ip));
const wildcard = (ip: IpAddress): string => at(ip, sizeOf(ip) - 1n);
const netmask = (ip: IpAddress): string => at(ip, maskOf(ip));
const host: Query = (ip) => when(isAddress(ip), () => full(ip));
const ipOnly: Query = (ip) => when(isAddress(ip), () => address(ip));

export const ipQueries: Readonly<Record<string, Query>> = {
  '': (_ip, written) => written,
  address: ipOnly,
  ip: ipOnly,
  'address/prefix': host,
  'ip/prefix': host,
  'host/prefix': (ip) => when(sizeOf(ip) > 1n && isAddress(ip), () => full(ip)),
  host,
  hostnet: host,
  bool: () => true,
  broadcast: (ip) => when(sizeOf(ip) > 2n && ip.version === 4, () => at(ip, lastOf(ip))),
  cidr: full,
  first_usable: (ip) => when(sizeOf(ip) > 1n, () => at(ip, usable(ip)[0])),
  last_usable: (ip) => when(sizeOf(ip) > 1n, () => at(ip, usable(ip)[1])),
  next_usable: (ip) => when(sizeOf(ip) > 1n && ip.value + 1n <= usable(ip)[1], () => at(ip, ip.value + 1n)),
  previous_usable: (ip) => when(sizeOf(ip) > 1n && ip.value - 1n >= usable(ip)[0], () => at(ip, ip.value - 1n)),
  range_usable: (ip) =>
    when(sizeOf(ip) > 1n, () =>
      usable(ip)
        .map((end) => at(ip, end))
        .join('-'),
    ),
  size: (ip) => number(sizeOf(ip)),
  size_usable: (ip) => number(sizeOf(ip) === 1n ? 0n : usable(ip)[1] - usable(ip)[0] + 1n),
  gateway,
  gw: gateway,
  router: gateway,
  hostmask: wildcard,
  wildcard,
  netmask,
  int: (ip) => (isAddress(ip) ? number(ip.value) : `${ip.value}/${ip.prefix}`),
  ip_netmask: (ip) => when(isAddress(ip), () => `${address(ip)} ${netmask(ip)}`),
  ip_wildcard: (ip) => when(isAddress(ip), () => `${address(ip)} ${wildcard(ip)}`),
  ipv4: toV4,
  v4: toV4,
  ipv6: toV6,
  v6: toV6,
  'link-local': (ip, written) => when(isKind(ip, 'link-local'), () => written),
  lo: (ip, written) => when(isKind(ip, 'loopback'), () => written),
  loopback: (ip, written) => when(isKind(ip, 'loopback'), () => written),
  multicast: (ip, written) => when(isKind(ip, 'multicast'), () => written),
  unicast: (ip, written) => when(!isKind(ip, 'multicast'), () => written),
  private: (ip, written) => when(isKind(ip, 'private'), () => written),
  public: (ip, written) => when(isPublic(ip), () => written),
  net: (ip) => when(isNetwork(ip), () => full(ip)),
  network: (ip) => when(sizeOf(ip) > 1n, () => network(ip)),
  network_id: (ip) => network(ip),
  'network/prefix': (ip) => `${network(ip)}/${ip.prefix}`,
  network_netmask: (ip) => `${network(ip)} ${netmask(ip)}`,
  network_wildcard: (ip) => `${network(ip)} ${wildcard(ip)}`,
  peer,
  prefix: (ip) => ip.prefix,
  revdns: reverseName,
  subnet: (ip) => `${network(ip)}/${ip.prefix}`,
  type: (ip) => (isAddress(ip) ? 'address' : 'network'),
  version: (ip) => ip.version,
  wrap: (ip, written) => wrapped(ip, written),
};

/** IPv6 addresses in brackets, as URLs need them. */
export function wrapped(ip: IpAddress, written: string): string {
  if (ip.version === 4) return written;
  return ip.hasPrefix ? `[${address(ip)}]/${ip.prefix}` : `[${address(ip)}]`;
}

/** A number counts addresses of the network, a network asks whether the address lies in it. */
export function otherQuery(query: string): Query | null {
  if (/^-?\d+$/.test(query)) {
    return (ip) => {
      const index = BigInt(query);
      const value = index < 0n ? lastOf(ip) + 1n + index : networkOf(ip) + index;
      const inside = value >= networkOf(ip) && value <= lastOf(ip) && sizeOf(ip) > 1n;
      return when(inside, () => `${at(ip, value)}/${ip.prefix}`);
    };
  }
  const outer = parseIp(query);
  return outer && ((ip, written) => when(isWithin(ip, outer), () => written));
}

function isPublic(ip: IpAddress): boolean {
  const kinds = ['private', 'loopback', 'link-local', 'multicast', 'reserved'] as const;
  return !kinds.some((kind) => isKind(ip, kind)) && ip.prefix <= widthOf(ip);
}
