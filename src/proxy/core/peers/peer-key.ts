// Keys of stick tables as the peers protocol writes them, and back.
import { parseAddress, showAddress } from '../address.ts';
import type { StickType } from '../config/stick-model.ts';
import { keyTypes } from './table-definition.ts';
import type { WireReader, WireWriter } from './wire.ts';

/** How long HAProxy says that keys of a table are. */
export function keyLengthOf(type: StickType, len: number): number {
  return { ip: 4, ipv6: 16, integer: 4, string: len + 1 }[type];
}

/**
 * Whether a key can be told: an IPv6 address cannot in a table of HAProxy's type `ip`, and keys of texts are bytes, which only
 * those are not that an operator wrote.
 */
export function canTell(type: StickType, key: string): boolean {
  if (type === 'string') return isBytes(key);
  return type !== 'ip' || !key.includes(':');
}

function isBytes(text: string): boolean {
  return Buffer.from(text, 'latin1').toString('latin1') === text;
}

/** The key must be one that canTell takes. */
export function writeKey(writer: WireWriter, type: StickType, key: string): void {
  if (type === 'string') writer.text(key);
  else if (type === 'integer') writer.uint32(Number(key));
  else {
    const groups = parseAddress(key) ?? new Uint16Array(8);
    for (const group of type === 'ip' ? groups.subarray(6) : groups) writer.byte(group >> 8).byte(group & 0xff);
  }
}

/** Reads a key of any type; undefined where the table here has no such keys: its bytes are passed all the same. */
export function readKey(
  reader: WireReader,
  keyType: number,
  keyLength: number,
  own: { readonly type: StickType; readonly len: number } | undefined,
): string | undefined {
  if (keyType === keyTypes.string) {
    const text = reader.text(reader.number());
    return own?.type === 'string' && text !== '' ? text.slice(0, own.len) : undefined;
  }
  if (keyType === keyTypes.integer) {
    const value = reader.uint32();
    return own?.type === 'integer' ? String(value) : undefined;
  }
  const bytes = reader.bytes(keyLength);
  if (own?.type === 'ip' && bytes.length === 4) return bytes.join('.');
  if (own?.type !== 'ipv6' || bytes.length !== 16) return undefined;
  const address = Uint16Array.from({ length: 8 }, (_, at) => (bytes[2 * at] ?? 0) * 256 + (bytes[2 * at + 1] ?? 0));
  return showAddress(address, true);
}
