// Internet addresses as numbers, and sets of ranges of them. Pure, and looked at once for a connection: hence not
// node:net, and no text at the time of a request.

/** Eight groups of 16 bits; IPv4 addresses are the IPv6 addresses ::ffff:0:0/96. */
export type Address = Uint16Array;

/** More would take more memory than they save. */
const mostKnown = 4096;

/** Reads an IPv4 or IPv6 address without port or brackets; undefined if it is none. */
export function parseAddress(text: string): Address | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Address | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const bytes = parts.map((part) => (/^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255 ? Number(part) : -1));
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes;
  if (bytes.includes(-1)) return undefined;
  return Uint16Array.of(0, 0, 0, 0, 0, 0xffff, first * 256 + second, third * 256 + fourth);
}

/** Eight groups, `::` once for missing ones, an IPv4 address for the last two. */
function parseIpv6(text: string): Address | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [left = [], right = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const groups = [left, right].map((words) => groupsOf(words));
  const [before, after] = groups;
  if (!before || !after) return undefined;
  const missing = 8 - before.length - after.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  return Uint16Array.from([...before, ...Array.from({ length: missing }, () => 0), ...after]);
}

function groupsOf(words: readonly string[]): number[] | undefined {
  const groups: number[] = [];
  for (const [index, word] of words.entries()) {
    const embedded = index === words.length - 1 && word.includes('.') ? parseIpv4(word) : undefined;
    if (embedded) groups.push(embedded[6] ?? 0, embedded[7] ?? 0);
    else if (/^[0-9A-Fa-f]{1,4}$/.test(word)) groups.push(Number.parseInt(word, 16));
    else return undefined;
  }
  return groups;
}

interface KnownAddress {
  /** IPv4 in its own form. */
  readonly text: string;
  /** Undefined where the text is none: a unix socket has no address. */
  readonly address: Address | undefined;
}

/** Reads addresses; those that come again and again are read once and kept once. */
export class KnownAddresses {
  readonly #known = new Map<string, KnownAddress>();

  find(written: string): KnownAddress {
    let found = this.#known.get(written);
    if (found === undefined) {
      const text = written.replace(/^::ffff:/, '');
      found = { text, address: parseAddress(text) };
      if (this.#known.size >= mostKnown) this.#known.clear();
      this.#known.set(written, found);
    }
    return found;
  }
}

interface Range {
  readonly base: Address;
  readonly bits: number;
}

/** An address or a range with a prefix length that exists; undefined for anything else. */
export function parseRange(text: string): Range | undefined {
  const [host = '', bits, ...rest] = text.split('/');
  const base = parseAddress(host);
  if (!base || rest.length > 0) return undefined;
  const offset = host.includes(':') ? 0 : 96;
  if (bits === undefined) return { base, bits: 128 };
  if (!/^[0-9]{1,3}$/.test(bits) || Number(bits) + offset > 128) return undefined;
  return { base, bits: Number(bits) + offset };
}

/** Whether the text is an address or a range of addresses. */
export function isNetwork(text: string): boolean {
  return parseRange(text) !== undefined;
}

/** Ranges of addresses, as a configuration lists them. */
export class AddressSet {
  readonly #ranges: readonly Range[];

  constructor(texts: readonly string[]) {
    this.#ranges = texts.map(parseRange).filter((range) => range !== undefined);
  }

  get isEmpty(): boolean {
    return this.#ranges.length === 0;
  }

  /** Clients of unix sockets have no address and are in no set. */
  has(address: Address | undefined): boolean {
    return address !== undefined && this.#ranges.some((range) => contains(range, address));
  }
}

function contains({ base, bits }: Range, address: Address): boolean {
  for (let group = 0; group * 16 < bits; group += 1) {
    const kept = Math.min(16, bits - group * 16);
    const mask = (0xffff << (16 - kept)) & 0xffff;
    if (((base[group] ?? 0) & mask) !== ((address[group] ?? 0) & mask)) return false;
  }
  return true;
}

export function isIpv4(address: Address): boolean {
  return address[5] === 0xffff && address.subarray(0, 5).every((group) => group === 0);
}

/** As text: dotted, or in groups with the longest run of zeros left out; `six`: IPv4 too is shown as IPv6. */
export function showAddress(address: Address, six = !isIpv4(address)): string {
  const [high = 0, low = 0] = address.subarray(6);
  const dotted = `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`;
  if (isIpv4(address)) return six ? `::ffff:${dotted}` : dotted;
  const groups = Array.from(address, (group) => group.toString(16));
  let [start, length] = [0, 1];
  for (let from = 0; from < 8; from += 1) {
    let end = from;
    while (groups[end] === '0') end += 1;
    if (end - from > length) [start, length] = [from, end - from];
  }
  if (length === 1) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}

/** The network of an address: the rest of its bits is zero. `ipv4Prefix` holds for addresses of IPv4. */
export function networkOf(address: Address, ipv4Prefix: number, ipv6Prefix: number): Address {
  const bits = isIpv4(address) ? 96 + ipv4Prefix : ipv6Prefix;
  return address.map((group, index) => {
    const kept = Math.min(16, Math.max(0, bits - index * 16));
    return group & ((0xffff << (16 - kept)) & 0xffff);
  });
}

/** What one client is for limits: an IPv4 address, or the /64 that an IPv6 client usually has for itself. */
export function clientKey(text: string): string {
  const address = text.includes(':') ? parseIpv6(text) : undefined;
  if (!address) return text;
  return isIpv4(address) ? String.fromCharCode(...address.subarray(5)) : String.fromCharCode(...address.subarray(0, 4));
}
