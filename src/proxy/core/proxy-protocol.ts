// The PROXY protocol, versions 1 and 2: who a connection is from, told in front of its bytes by a balancer before us,
// or by us to a server. Whoever may speak it is configured; it is never guessed from the bytes.
import { type Address, isIpv4, parseAddress, showAddress } from './address.ts';

/** Both ends of a connection. */
export interface Endpoints {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
}

export type ProxyHeader =
  /** `endpoints` undefined: the balancer speaks for itself; the addresses of the connection count. */
  | { readonly state: 'done'; readonly end: number; readonly endpoints: Endpoints | undefined }
  | { readonly state: 'more' }
  | { readonly state: 'bad'; readonly reason: string };

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const longestV1 = 107;
const checksumTlv = 3;

/** Reads the header at the start of what a client sent so far. */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  const compared = Math.min(bytes.length, signature.length);
  if (bytes.compare(signature, 0, compared, 0, compared) === 0) return readV2(bytes);
  return readV1(bytes);
}

function bad(reason: string): ProxyHeader {
  return { state: 'bad', reason };
}

function readV1(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, longestV1).indexOf('\r\n');
  const text = bytes.toString('latin1', 0, end < 0 ? Math.min(bytes.length, longestV1) : end);
  if (!text.startsWith('PROXY '.slice(0, text.length))) return bad('no PROXY header');
  if (end < 0) return bytes.length >= longestV1 ? bad('the header is too long') : { state: 'more' };
  if (/^PROXY UNKNOWN(?: |$)/.test(text)) return { state: 'done', end: end + 2, endpoints: undefined };
  const match = /^PROXY TCP([46]) ([0-9A-Fa-f.:]+) ([0-9A-Fa-f.:]+) ([0-9]{1,5}) ([0-9]{1,5})$/.exec(text);
  const [, family, source = '', destination = '', from, to] = match ?? [];
  const [sourcePort, destinationPort] = [Number(from), Number(to)];
  const fits = [source, destination].every(
    (address) => parseAddress(address) !== undefined && address.includes(':') === (family === '6'),
  );
  if (!match || !fits || sourcePort > 65_535 || destinationPort > 65_535) return bad('malformed header');
  return { state: 'done', end: end + 2, endpoints: { source, sourcePort, destination, destinationPort } };
}

function readV2(bytes: Buffer): ProxyHeader {
  if (bytes.length < 16) return { state: 'more' };
  const command = bytes[12] ?? 0;
  const length = bytes.readUInt16BE(14);
  const end = 16 + length;
  if (command !== 0x20 && command !== 0x21) return bad('unknown version or command');
  if (bytes.length < end) return { state: 'more' };
  const family = bytes[13] ?? 0;
  const size = family === 0x11 ? 12 : family === 0x21 ? 36 : family === 0x31 ? 216 : 0;
  if (size > length) return bad('the addresses are missing');
  if (!checksumHolds(bytes.subarray(0, end), 16 + size)) return bad('the checksum is wrong');
  // LOCAL, unix sockets and what is unknown: the header is valid, and says nothing of use here.
  if (command === 0x20 || size === 0 || size === 216) return { state: 'done', end, endpoints: undefined };
  const width = size === 12 ? 4 : 16;
  const ports = 16 + 2 * width;
  return {
    state: 'done',
    end,
    endpoints: {
      source: addressText(bytes.subarray(16, 16 + width)),
      destination: addressText(bytes.subarray(16 + width, ports)),
      sourcePort: bytes.readUInt16BE(ports),
      destinationPort: bytes.readUInt16BE(ports + 2),
    },
  };
}

function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join('.');
  return showAddress(Uint16Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2)));
}

/** Extensions from `from` on; one of them may hold a CRC32C over all with itself as zero. False for broken ones, too. */
function checksumHolds(header: Buffer, from: number): boolean {
  for (let at = from; at < header.length;) {
    if (at + 3 > header.length) return false;
    const length = header.readUInt16BE(at + 1);
    const next = at + 3 + length;
    if (next > header.length) return false;
    if (header[at] === checksumTlv) {
      if (length !== 4) return false;
      const blank = Buffer.from(header).fill(0, at + 3, next);
      if (crc32c(blank) !== header.readUInt32BE(at + 3)) return false;
    }
    at = next;
  }
  return true;
}

/** Castagnoli's polynomial, reflected. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** The header for a server. Without endpoints it says that we speak for ourselves, as health checks do. */
export function proxyHeader(version: 'v1' | 'v2', endpoints: Endpoints | undefined): Buffer {
  const source = endpoints && parseAddress(endpoints.source);
  const destination = endpoints && parseAddress(endpoints.destination);
  const known = endpoints && source && destination ? { ...endpoints, from: source, to: destination } : undefined;
  const six = known !== undefined && (!isIpv4(known.from) || !isIpv4(known.to));
  if (version === 'v1') {
    if (!known) return Buffer.from('PROXY UNKNOWN\r\n');
    const [from, to] = [known.from, known.to].map((address) => showAddress(address, six));
    const ports = `${known.sourcePort} ${known.destinationPort}`;
    return Buffer.from(`PROXY TCP${six ? 6 : 4} ${from ?? ''} ${to ?? ''} ${ports}\r\n`);
  }
  const head = Buffer.from([...signature, known ? 0x21 : 0x20, known ? (six ? 0x21 : 0x11) : 0, 0, 0]);
  if (!known) return head;
  const addresses = Buffer.concat([binary(known.from, six), binary(known.to, six), Buffer.alloc(4)]);
  addresses.writeUInt16BE(known.sourcePort, addresses.length - 4);
  addresses.writeUInt16BE(known.destinationPort, addresses.length - 2);
  head.writeUInt16BE(addresses.length, 14);
  return Buffer.concat([head, addresses]);
}

function binary(address: Address, six: boolean): Buffer {
  const bytes = Buffer.alloc(16);
  address.forEach((group, index) => bytes.writeUInt16BE(group, index * 2));
  return six ? bytes : bytes.subarray(12);
}
