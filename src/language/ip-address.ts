// IP addresses and networks: reading, printing, counting.
export interface IpAddress {
  readonly version: 4 | 6;
  readonly value: bigint;
  /** Bits of the network; all of them for a plain address. */
  readonly prefix: number;
  /** Whether a prefix was written. */
  readonly hasPrefix: boolean;
}

export function widthOf({ version }: Pick<IpAddress, 'version'>): 32 | 128 {
  return version === 4 ? 32 : 128;
}

/** `192.0.2.1`, `192.0.2.0/24`, `192.0.2.0/255.255.255.0`, `2001:db8::/32`; null for anything else. */
export function parseIp(text: string): IpAddress | null {
  const [, address = '', , suffix] = /^([^/]+)(\/(.*))?$/.exec(text.trim()) ?? [];
  const value = parseV4(address) ?? null;
  if (value !== null) return withPrefix(4, value, suffix);
  const six = parseV6(address);
  return six === null ? null : withPrefix(6, six, suffix);
}

function withPrefix(version: 4 | 6, value: bigint, suffix: string | undefined): IpAddress | null {
  const width = version === 4 ? 32 : 128;
  if (suffix === undefined) return { version, value, prefix: width, hasPrefix: false };
  const prefix = /^\d{1,3}$/.test(suffix) ? Number(suffix) : prefixOfMask(suffix, version);
  return prefix === null || prefix > width ? null : { version, value, prefix, hasPrefix: true };
}

/** The length of a netmask or of a wildcard mask. */
function prefixOfMask(text: string, version: 4 | 6): number | null {
  const value = version === 4 ? parseV4(text) : parseV6(text);
  if (value === null) return null;
  const width = version === 4 ? 32 : 128;
  const bits = value.toString(2).padStart(width, '0');
  if (/^1*0*$/.test(bits)) return bits.indexOf('0') === -1 ? width : bits.indexOf('0');
  return /^0*1*$/.test(bits) ? bits.indexOf('1') : null;
}

function parseV4(text: string): bigint | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return null;
  return parts.reduce((value, part) => value * 256n + BigInt(part), 0n);
}

function parseV6(text: string): bigint | null {
  if (!/^[0-9a-f:.]{2,45}$/i.test(text)) return null;
  const [, front = text, tail] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text) ?? [];
  const v4 = tail === undefined ? null : parseV4(tail);
  if (tail !== undefined && v4 === null) return null;
  const low = v4 === null ? '' : `${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`;
  const halves = (front + low).split('::');
  if (halves.length > 2) return null;
  const [left = [], right = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - left.length - right.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...left, ...Array<string>(halves.length === 2 ? missing : 0).fill('0'), ...right];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  return groups.reduce((value, group) => value * 65536n + BigInt(`0x${group}`), 0n);
}

/** An address as people write it, without prefix. */
export function ipText(version: 4 | 6, value: bigint): string {
  if (version === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');
  if (value >> 32n === 0xffffn) return `::ffff:${ipText(4, value & 0xffffffffn)}`;
  const groups = Array.from({ length: 8 }, (_, index) => Number((value >> BigInt(112 - index * 16)) & 0xffffn));
  const [start, length] = longestZeros(groups);
  const join = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (length < 2) return join(groups);
  return `${join(groups.slice(0, start))}::${join(groups.slice(start + length))}`;
}

function longestZeros(groups: readonly number[]): readonly [start: number, length: number] {
  let best: readonly [number, number] = [0, 0];
  let length = 0;
  groups.forEach((group, index) => {
    length = group === 0 ? length + 1 : 0;
    if (length > best[1]) best = [index - length + 1, length];
  });
  return best;
}

/** 2 to the number of host bits. */
export function sizeOf(ip: IpAddress): bigint {
  return 1n << BigInt(widthOf(ip) - ip.prefix);
}

export function networkOf(ip: IpAddress): bigint {
  return (ip.value / sizeOf(ip)) * sizeOf(ip);
}

export function lastOf(ip: IpAddress): bigint {
  return networkOf(ip) + sizeOf(ip) - 1n;
}

export function maskOf(ip: IpAddress): bigint {
  return (1n << BigInt(widthOf(ip))) - sizeOf(ip);
}

/** Whether all of `inner` lies in `outer`. */
export function isWithin(inner: IpAddress, outer: IpAddress): boolean {
  if (inner.version !== outer.version || inner.prefix < outer.prefix) return false;
  return inner.value >= networkOf(outer) && inner.value <= lastOf(outer);
}

const special: Readonly<Record<'private' | 'loopback' | 'link-local' | 'multicast' | 'reserved', readonly string[]>> = {
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
  loopback: ['127.0.0.0/8', '::1/128'],
  'link-local': ['169.254.0.0/16', 'fe80::/10'],
  multicast: ['224.0.0.0/4', 'ff00::/8'],
  reserved: [
    '0.0.0.0/8',
    '100.64.0.0/10',
    '192.0.2.0/24',
    '198.18.0.0/15',
    '198.51.100.0/24',
    '203.0.113.0/24',
    '240.0.0.0/4',
    '::/128',
  ],
};

/** Whether the address is of a special kind. */
export function isKind(ip: IpAddress, kind: keyof typeof special): boolean {
  const address = { ...ip, prefix: widthOf(ip) };
  return special[kind].some((text) => {
    const outer = parseIp(text);
    return outer !== null && isWithin(address, outer);
  });
}
